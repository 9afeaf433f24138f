/**
 * A live market in memory, for tests of its parts: the real kernel and driver, a journal that is an
 * array, a directory that is written nowhere. Models, accounts with keys and credits, and hosts with
 * instances stand in it as asked for.
 */
import { Either } from "effect"
import { createMarket, deriveEconomy, engineOf, pooled } from "../../../engine/index.ts"
import type { Economy, EconomyPatch } from "../../../engine/index.ts"
import type { KeyRole } from "../../../live/http/secrets.ts"
import { newPublicId, newSecret } from "../../../live/http/secrets.ts"
import type { LiveConfig } from "../../../live/config/config.ts"
import { defaultConfig } from "../../../live/config/config.ts"
import { overlay } from "../../../engine/index.ts"
import type { Clock } from "../../../live/driver/clock.ts"
import { systemClock } from "../../../live/driver/clock.ts"
import type { MarketDriver } from "../../../live/driver/market-driver.ts"
import { makeMarketDriver } from "../../../live/driver/market-driver.ts"
import { makeSessions } from "../../../live/directory/sessions.ts"
import { makeUploadWays } from "../../../live/directory/upload-ways.ts"
import type { LiveServices } from "../../../live/directory/services.ts"
import type { Directory } from "../../../live/directory/directory.ts"
import type {
  AccountRecord,
  BookingRecord,
  OfferRecord,
  GpuRecord,
  HostRecord,
  InstanceRecord,
  KeyRecord,
  ModelRecord,
  RegionRecord,
  TransferRecord,
  BatchRecord,
  FileRecord,
  WebhookRecord,
} from "../../../live/directory/records.ts"
import { makeDirectory } from "../../../live/directory/directory.ts"
import { makeCollection } from "../../../live/directory/collection.ts"
import type { MarketStore } from "../../../live/store/store.ts"
import type { MemoryStore } from "../store/memory/memory-store.ts"
import { makeMemoryStore } from "../store/memory/memory-store.ts"

/** The pooled economy without a ramp: a new host has all its slots at once. */
const rampless: EconomyPatch = { ramp: { start: 1 } }

/** A machine that is busy with tests sheds none of their requests. */
const unhurried: DeepPartial<LiveConfig> = { limits: { loopDelayMillis: 0 } }

export interface MarketOptions {
  readonly economy?: Economy
  /** Knobs turned in `economy`; default: no ramp. */
  readonly knobs?: EconomyPatch
  readonly config?: DeepPartial<LiveConfig>
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /** When what was journalled counts as written; default: at once. */
  readonly durable?: () => Promise<void>
  /** In the place of one in memory. */
  readonly store?: MarketStore
  readonly nowMillis?: () => number
}

type DeepPartial<T> =
  T extends ReadonlyArray<unknown>
    ? T
    : T extends object
      ? { readonly [K in keyof T]?: DeepPartial<T[K]> }
      : T

export interface TestMarket extends LiveServices {
  readonly driver: MarketDriver
  readonly directory: Directory
  /** The store in memory; empty where a test gave one of its own. */
  readonly journal: MemoryStore
  /** Opens an account with `credits` bought, in minor units, and a key. */
  readonly openAccount: (options?: {
    readonly name?: string
    readonly minor?: number
  }) => OpenedAccount
  /** A key of its own for an account or a host; gives the secret. */
  readonly giveKey: (
    role: KeyRole,
    of: Pick<KeyRecord, "account" | "host">,
  ) => { readonly key: KeyRecord; readonly secret: string }
  readonly listModel: (model: Partial<Omit<ModelRecord, "id">>) => ModelRecord
  /** Registers a host with one instance of a model, under an account of its own unless told. */
  readonly startHost: (options: {
    readonly model: ModelRecord
    readonly account?: number
    readonly delivery?: HostRecord["delivery"]
    readonly endpoint?: string
    readonly slots?: number
    readonly tokensPerSecond?: number
    readonly upstreamModel?: string
    readonly sealedToken?: string
  }) => StartedHost
}

export interface OpenedAccount {
  readonly account: AccountRecord
  /** Of its consumer key. */
  readonly secret: string
}

export interface StartedHost {
  readonly host: HostRecord
  readonly instance: InstanceRecord
  /** Of its host key. */
  readonly secret: string
}

export const openTestMarket = (options: MarketOptions = {}): TestMarket => {
  const { nowMillis = Date.now } = options
  const clock = options.clock ?? systemClock(nowMillis(), 0)
  const economy = Either.getOrThrow(
    deriveEconomy(options.economy ?? pooled, options.knobs ?? rampless),
  )
  const journal = makeMemoryStore(options.durable)
  const store = options.store ?? journal
  const driver = makeMarketDriver(engineOf(createMarket(economy, "test")), clock, store)
  const directory = makeDirectory({
    accounts: makeCollection<AccountRecord>([], () => {}),
    keys: makeCollection<KeyRecord>([], () => {}),
    models: makeCollection<ModelRecord>([], () => {}),
    hosts: makeCollection<HostRecord>([], () => {}),
    instances: makeCollection<InstanceRecord>([], () => {}),
    transfers: makeCollection<TransferRecord>([], () => {}),
    regions: makeCollection<RegionRecord>([], () => {}),
    gpus: makeCollection<GpuRecord>([], () => {}),
    bookings: makeCollection<BookingRecord>([], () => {}),
    offers: makeCollection<OfferRecord>([], () => {}),
    webhooks: makeCollection<WebhookRecord>([], () => {}),
    files: makeCollection<FileRecord>([], () => {}),
    batches: makeCollection<BatchRecord>([], () => {}),
  })
  const services: LiveServices = {
    config: overlay(overlay(defaultConfig, unhurried), options.config ?? {}) as LiveConfig,
    driver,
    directory,
    store,
    sessions: makeSessions(nowMillis, store),
    uploads: makeUploadWays(),
    nowMillis,
  }
  let transfer = 0
  const submit: MarketDriver["submit"] = (fact) => {
    const rejection = driver.submit(fact)
    if (rejection !== undefined) throw new Error(`${fact._tag} was rejected: ${rejection}`)
    return rejection
  }

  const giveKey: TestMarket["giveKey"] = (role, of) => {
    const { secret, hash, prefix } = newSecret(role)
    const key: KeyRecord = {
      id: directory.keys.nextId(),
      publicId: newPublicId("key"),
      role,
      ...of,
      name: "test",
      hash,
      prefix,
      createdAtMillis: nowMillis(),
    }
    directory.keys.put(key)
    return { key, secret }
  }

  const openAccount: TestMarket["openAccount"] = ({
    name = "test",
    minor = 1_000_000_000,
  } = {}) => {
    const account: AccountRecord = {
      id: directory.accounts.nextId(),
      publicId: newPublicId("acct"),
      name,
      createdAtMillis: nowMillis(),
    }
    directory.accounts.put(account)
    submit({ _tag: "AccountOpened", account: account.id })
    if (minor > 0)
      submit({
        _tag: "CreditsBought",
        transfer: ++transfer,
        account: account.id,
        amount: minor,
      })
    return { account, secret: giveKey("account", { account: account.id }).secret }
  }

  const listModel: TestMarket["listModel"] = (model) => {
    const id = directory.models.nextId()
    const record: ModelRecord = {
      id,
      name: `model-${id}`,
      kind: "text",
      contextTokens: 8192,
      inputPricePerMtok: 1_000_000,
      outputPricePerMtok: 2_000_000,
      ...model,
    }
    directory.models.put(record)
    submit({
      _tag: "ModelListed",
      model: id,
      inputPricePerMtok: record.inputPricePerMtok,
      outputPricePerMtok: record.outputPricePerMtok,
    })
    return record
  }

  const startHost: TestMarket["startHost"] = (given) => {
    const account = given.account ?? openAccount({ name: "operator", minor: 0 }).account.id
    const { slots = 8, tokensPerSecond = 1000, delivery = "pull" } = given
    const host: HostRecord = {
      id: directory.hosts.nextId(),
      publicId: newPublicId("host"),
      account,
      name: "test host",
      delivery,
      ...(given.endpoint === undefined ? {} : { endpoint: given.endpoint }),
      ...(given.sealedToken === undefined ? {} : { sealedToken: given.sealedToken }),
      hardware: {},
      createdAtMillis: nowMillis(),
    }
    const instance: InstanceRecord = {
      id: directory.instances.nextId(),
      host: host.id,
      model: given.model.id,
      upstreamModel: given.upstreamModel ?? given.model.name,
      slots,
      tokensPerSecond,
      createdAtMillis: nowMillis(),
    }
    directory.hosts.put(host)
    directory.instances.put(instance)
    submit({ _tag: "NodeRegistered", node: host.id, account })
    submit({
      _tag: "InstanceStarted",
      instance: instance.id,
      node: host.id,
      model: given.model.id,
      slots,
      tokensPerSecond,
      isPlatformAsked: false,
    })
    return { host, instance, secret: giveKey("host", { account, host: host.id }).secret }
  }

  return { ...services, driver, directory, journal, openAccount, giveKey, listModel, startHost }
}

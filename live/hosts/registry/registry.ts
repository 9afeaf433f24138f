/**
 * What operators do with their hosts: register, change models, drain, replace a token or the key,
 * remove. Each is one synchronous change of directory and market, so that no reader sees half of it
 * and no crash leaves half of it.
 */
import { isSuspended, servedInstances, statusOf } from "../../directory/host-state.ts"
import { makeKey } from "../../directory/keys.ts"
import type { AccountRecord, HostRecord } from "../../directory/records.ts"
import type { LiveServices } from "../../directory/services.ts"
import { badRequest, conflict, notFound } from "../../http/http-error.ts"
import { newPublicId } from "../../http/secrets.ts"
import type { ModelChange, PriceChange, Registration } from "../../protocol/host-protocol.ts"
import type { Vault } from "../credentials/vault.ts"
import type { JobBoard } from "../jobs/job-board.ts"
import type { NetworkGuard } from "../network-guard.ts"
import { makeDepartures } from "./departures.ts"
import { checkedEndpoint } from "./endpoint.ts"
import { makeInstances } from "./instances.ts"
import type { Offer } from "./offers.ts"
import { offersOf } from "./offers.ts"
import { askedPrice, changePrice } from "./prices.ts"
import type { Presence } from "./presence.ts"
import { makePresence } from "./presence.ts"
import { mustSubmit } from "./submit.ts"

export interface RegistryParts {
  readonly services: LiveServices
  readonly board: JobBoard
  readonly guard: NetworkGuard
  readonly vault: Vault
}

export interface Registry extends Omit<Presence, "setAvailable" | "forget"> {
  /** `secret` of the host's key; `undefined`: this account had registered it before. */
  readonly register: (
    account: AccountRecord,
    wish: Registration,
  ) => Promise<{ readonly host: HostRecord; readonly secret: string | undefined }>
  readonly changeModel: (host: HostRecord, change: ModelChange, isPlatformAsked: boolean) => void
  /** What it asks for a token, where hosts set prices. */
  readonly changePrice: (host: HostRecord, change: PriceChange) => void
  readonly remove: (host: HostRecord) => "removed" | "leaving"
  readonly replaceToken: (host: HostRecord, token: string | undefined) => void
  /** Gives the secret of the new key; the keys before it end. */
  readonly replaceKey: (host: HostRecord) => string
}

const mostHosts = 1000
const mostHostsADay = 2000
const millisPerDay = 86_400_000
const mostHardwareBytes = 16_384

export const makeRegistry = (parts: RegistryParts): Registry => {
  const { services, board, guard, vault } = parts
  const { directory, driver, uploads, nowMillis } = services
  const byRegistration = directory.hosts.indexBy(({ account, registrationId, removedAtMillis }) =>
    registrationId === undefined || removedAtMillis !== undefined
      ? undefined
      : `${account} ${registrationId}`,
  )
  const hostsOf = directory.hosts.groupBy(({ account }) => account)
  const instances = makeInstances(services)
  const presence = makePresence(services, board)

  const known = (account: AccountRecord, { registration_id }: Registration) =>
    registration_id === undefined ? undefined : byRegistration(`${account.id} ${registration_id}`)

  const register: Registry["register"] = async (account, wish) => {
    const before = known(account, wish)
    if (before !== undefined) return { host: before, secret: undefined }
    const offers = offersOf(services, wish)
    requireModest(wish)
    const endpoint = await checkedEndpoint(guard, wish)
    // Somebody may have sent the same registration while the endpoint was looked up.
    const meanwhile = known(account, wish)
    if (meanwhile !== undefined) return { host: meanwhile, secret: undefined }
    requireRoom(account)
    return enter(account, wish, offers, endpoint)
  }

  const requireRoom = ({ id }: AccountRecord): void => {
    const yesterday = nowMillis() - millisPerDay
    let living = 0
    let recent = 0
    for (const host of hostsOf(id)) {
      const { removedAtMillis, createdAtMillis = 0 } = directory.hosts.get(host) ?? {}
      if (removedAtMillis === undefined) living += 1
      if (createdAtMillis > yesterday) recent += 1
    }
    if (living >= mostHosts)
      throw conflict("too_many_hosts", `An account has at most ${mostHosts} hosts; remove some`)
    // What was removed is remembered, for statements and audits: it may not fill the memory.
    if (recent >= mostHostsADay)
      throw conflict("too_many_hosts", `An account registers at most ${mostHostsADay} hosts a day`)
  }

  const enter = (
    account: AccountRecord,
    wish: Registration,
    offers: ReadonlyArray<Offer>,
    endpoint: string | undefined,
  ): { readonly host: HostRecord; readonly secret: string } => {
    const publicId = newPublicId("host")
    const { token, registration_id, gpu, backend, price_per_token } = wish
    const isAsking =
      price_per_token !== undefined && driver.market.economy.pricing.tokens === "host"
    const host: HostRecord = {
      id: directory.hosts.nextId(),
      publicId,
      account: account.id,
      name: wish.name ?? gpu ?? publicId,
      delivery: wish.delivery ?? "pull",
      ...(registration_id === undefined ? {} : { registrationId: registration_id }),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(token === undefined ? {} : { sealedToken: vault.seal(token, publicId) }),
      hardware: {
        ...wish.hardware,
        ...(gpu === undefined ? {} : { gpu }),
        ...(backend === undefined ? {} : { backend }),
      },
      ...(isAsking ? { pricePerMtok: askedPrice(services, price_per_token) } : {}),
      createdAtMillis: nowMillis(),
    }
    directory.hosts.put(host)
    mustSubmit(driver, { _tag: "NodeRegistered", node: host.id, account: account.id })
    const secret = giveKey(host)
    // From its first heartbeat on, the market notices a host's silence: one that polls is heard of now.
    if (host.delivery === "pull") mustSubmit(driver, { _tag: "HeartbeatReceived", node: host.id })
    for (const offer of offers) instances.start(host, offer, false)
    return { host, secret }
  }

  const giveKey = ({ id, account, name }: HostRecord): string =>
    makeKey(services, { role: "host", account, host: id, name: `key of ${name}` }).secret
  const revokeKeys = (host: HostRecord): void => {
    for (const key of directory.keys.all())
      if (key.role === "host" && key.host === host.id && key.revokedAtMillis === undefined)
        directory.keys.put({ ...key, revokedAtMillis: nowMillis() })
  }

  const replaceToken: Registry["replaceToken"] = (host, token) => {
    requireStaying(host)
    if (host.delivery === "cloud") {
      if (token === undefined)
        throw badRequest("`token` is missing: the provider's new one", "token")
      directory.hosts.put({ ...host, sealedToken: vault.seal(token, host.publicId) })
    } else if (token !== undefined)
      throw badRequest("Only a cloud host has a token of its provider", "token")
    for (const { id } of servedInstances(services, host.id))
      if (isSuspended(driver.market, id))
        mustSubmit(driver, { _tag: "CredentialReplaced", instance: id })
  }

  const replaceKey: Registry["replaceKey"] = (host) => {
    requireStaying(host)
    revokeKeys(host)
    return giveKey(host)
  }

  const changeModel: Registry["changeModel"] = (host, change, isPlatformAsked) => {
    requireStaying(host)
    const wasDraining = statusOf(services, host) === "draining"
    instances.change(host, change, isPlatformAsked)
    if (change.action === "add" && wasDraining) presence.setAvailable(host, false)
  }

  driver.addTaker((command) => {
    if (command._tag === "FailOver") board.hostLost(command.node)
  })
  const remove = makeDepartures({
    services,
    stop: instances.stop,
    gone: (id) => {
      const host = directory.hosts.get(id)
      if (host !== undefined) revokeKeys(host)
      presence.forget(id)
      uploads.forget(id)
      board.hostLost(id)
    },
  })

  return {
    ...presence,
    register,
    changeModel,
    changePrice: (host, change) => {
      requireStaying(host)
      changePrice(services, host, change)
    },
    remove,
    replaceToken,
    replaceKey,
  }
}

const requireStaying = (host: HostRecord): void => {
  if (host.removedAtMillis !== undefined) throw notFound(`host ${host.publicId}; it was removed`)
}

/** What is only shown may not fill the disk. */
const requireModest = ({ hardware }: Registration): void => {
  if (hardware !== undefined && JSON.stringify(hardware).length > mostHardwareBytes)
    throw badRequest(`hardware is longer than ${mostHardwareBytes} bytes`, "hardware")
}

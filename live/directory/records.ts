/**
 * The directory of names: accounts, keys, models, hosts, instances. The kernel knows each by a
 * number; here stands what people and programs call it. All of it is in memory; a change is written
 * with the group commit that holds the facts it belongs to.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Schema } from "effect"
import type { CommitQueue } from "../store/sqlite/commit-queue.ts"
import { readingTable, StoreDamaged } from "../store/sqlite/damage.ts"
import type { RecordTable } from "../store/sqlite/migrations.ts"

const Id = Schema.NonNegativeInt
const Millis = Schema.Int

export const AccountRecord = Schema.Struct({
  id: Id,
  /** `acct_…`, what the account's owner and the API call it. */
  publicId: Schema.String,
  name: Schema.String,
  createdAtMillis: Millis,
})
export type AccountRecord = typeof AccountRecord.Type

/**
 * A key: its secret is never stored, only its SHA-256 in hexadecimal.
 * `account`: calls and the account. `host`: one host's own protocol. `admin`: the platform.
 */
export const KeyRecord = Schema.Struct({
  id: Id,
  publicId: Schema.String,
  role: Schema.Literal("account", "host", "admin"),
  account: Schema.optionalWith(Id, { exact: true }),
  host: Schema.optionalWith(Id, { exact: true }),
  name: Schema.String,
  hash: Schema.String,
  /** Start of the secret, for display. */
  prefix: Schema.String,
  /** End of the secret, for display. */
  lastFour: Schema.optionalWith(Schema.String, { exact: true }),
  createdAtMillis: Millis,
  expiresAtMillis: Schema.optionalWith(Millis, { exact: true }),
  revokedAtMillis: Schema.optionalWith(Millis, { exact: true }),
})
export type KeyRecord = typeof KeyRecord.Type

export const ModelRecord = Schema.Struct({
  id: Id,
  name: Schema.String,
  kind: Schema.Literal("text", "embedding"),
  /** Prompt and answer together, tokens. */
  contextTokens: Schema.Int,
  inputPricePerMtok: Schema.Int,
  outputPricePerMtok: Schema.Int,
  /** As what hosts get a developer's message; absent: as the system's. */
  developerRole: Schema.optionalWith(Schema.Literal("system", "keep"), { exact: true }),
})
export type ModelRecord = typeof ModelRecord.Type

/**
 * A host, that is, one node of the market. `pull`: it polls for jobs. `push`: the gateway calls its
 * endpoint. `cloud`: the same, with a provider's token, sealed (see hosts/credentials).
 */
export const HostRecord = Schema.Struct({
  id: Id,
  publicId: Schema.String,
  account: Id,
  name: Schema.String,
  delivery: Schema.Literal("pull", "push", "cloud"),
  /** The operator's own name of the registration, by which a repeated one is recognised. */
  registrationId: Schema.optionalWith(Schema.String, { exact: true }),
  endpoint: Schema.optionalWith(Schema.String, { exact: true }),
  sealedToken: Schema.optionalWith(Schema.String, { exact: true }),
  /** What the host says it is made of: devices, memory, driver. Shown, never believed. */
  hardware: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  createdAtMillis: Millis,
  /** Its operator wants no calls for it, whatever its agents say. */
  isDrained: Schema.optionalWith(Schema.Boolean, { exact: true }),
  removedAtMillis: Schema.optionalWith(Millis, { exact: true }),
})
export type HostRecord = typeof HostRecord.Type

/** One model served on one host. */
export const InstanceRecord = Schema.Struct({
  id: Id,
  host: Id,
  model: Id,
  /** What the host's own server calls the model. */
  upstreamModel: Schema.String,
  slots: Schema.Int,
  tokensPerSecond: Schema.Int,
  createdAtMillis: Millis,
  stoppedAtMillis: Schema.optionalWith(Millis, { exact: true }),
})
export type InstanceRecord = typeof InstanceRecord.Type

/**
 * Credits that came in from outside or go out: the kernel knows a transfer by its number, whoever
 * ordered it by a name of their own, so that an order that is repeated moves nothing twice.
 */
export const TransferRecord = Schema.Struct({
  id: Id,
  publicId: Schema.String,
  kind: Schema.Literal("purchase", "funding", "withdrawal"),
  /** The orderer's own name for it. */
  name: Schema.String,
  /** Whose; absent: the bounty pool's. */
  account: Schema.optionalWith(Id, { exact: true }),
  /** Minor units. */
  amount: Schema.Int,
  state: Schema.Literal("pending", "posted", "voided"),
  memo: Schema.optionalWith(Schema.String, { exact: true }),
  createdAtMillis: Millis,
  settledAtMillis: Schema.optionalWith(Millis, { exact: true }),
})
export type TransferRecord = typeof TransferRecord.Type

/** By what a repeated order is recognised: a withdrawal's name is its account's own. */
export const transferKey = (
  kind: TransferRecord["kind"],
  account: number | undefined,
  name: string,
): string => (kind === "withdrawal" ? `${kind} ${account} ${name}` : `${kind} ${name}`)

/** Records of one kind, by id. */
export interface Collection<T extends { readonly id: number }> {
  readonly get: (id: number) => T | undefined
  /** In the order of their ids. */
  readonly all: () => IterableIterator<T>
  readonly size: () => number
  /** Adds a record, or replaces the one of that id. */
  readonly put: (record: T) => void
  readonly nextId: () => number
  /** Records by another key, kept up to date; keys must be unique, `undefined` is left out. */
  readonly indexBy: (keyOf: (record: T) => string | undefined) => (key: string) => T | undefined
  /** Ids of the records that share a key, in the order in which they came; it must never change. */
  readonly groupBy: (keyOf: (record: T) => number) => (key: number) => ReadonlyArray<number>
}

export interface Directory {
  readonly accounts: Collection<AccountRecord>
  readonly keys: Collection<KeyRecord>
  readonly models: Collection<ModelRecord>
  readonly hosts: Collection<HostRecord>
  readonly instances: Collection<InstanceRecord>
  readonly transfers: Collection<TransferRecord>
  readonly accountByPublicId: (publicId: string) => AccountRecord | undefined
  readonly keyByHash: (hash: string) => KeyRecord | undefined
  readonly modelByName: (name: string) => ModelRecord | undefined
  readonly hostByPublicId: (publicId: string) => HostRecord | undefined
  /** Instances of a host by their ids, those that have stopped too. */
  readonly instancesOfHost: (host: number) => ReadonlyArray<number>
  /** By `transferKey`. */
  readonly transferByKey: (key: string) => TransferRecord | undefined
  readonly transferByPublicId: (publicId: string) => TransferRecord | undefined
}

/** Reads all records; changes go to `queue`. */
export const loadDirectory = (
  reader: SqlClient,
  queue: Pick<CommitQueue, "write">,
): Effect.Effect<Directory, SqlError | StoreDamaged> =>
  Effect.gen(function* () {
    const load = <T extends { readonly id: number }, I>(
      table: RecordTable,
      schema: Schema.Schema<T, I>,
    ) => loadCollection(reader, queue, table, schema)
    const accounts = yield* load("accounts", AccountRecord)
    const keys = yield* load("keys", KeyRecord)
    const models = yield* load("models", ModelRecord)
    const hosts = yield* load("hosts", HostRecord)
    const instances = yield* load("instances", InstanceRecord)
    const transfers = yield* load("transfers", TransferRecord)
    return makeDirectory({ accounts, keys, models, hosts, instances, transfers })
  })

type Collections = Pick<
  Directory,
  "accounts" | "keys" | "models" | "hosts" | "instances" | "transfers"
>

/** A directory of these collections, which it keeps indexed. */
export const makeDirectory = (collections: Collections): Directory => ({
  ...collections,
  accountByPublicId: collections.accounts.indexBy(({ publicId }) => publicId),
  keyByHash: collections.keys.indexBy(({ hash }) => hash),
  modelByName: collections.models.indexBy(({ name }) => name),
  hostByPublicId: collections.hosts.indexBy(({ publicId }) => publicId),
  instancesOfHost: collections.instances.groupBy(({ host }) => host),
  transferByKey: collections.transfers.indexBy(({ kind, account, name }) =>
    transferKey(kind, account, name),
  ),
  transferByPublicId: collections.transfers.indexBy(({ publicId }) => publicId),
})

const loadCollection = <T extends { readonly id: number }, I>(
  reader: SqlClient,
  queue: Pick<CommitQueue, "write">,
  table: RecordTable,
  schema: Schema.Schema<T, I>,
): Effect.Effect<Collection<T>, SqlError | StoreDamaged> => {
  const encoded = Schema.parseJson(schema)
  const encode = Schema.encodeSync(encoded)
  return Effect.gen(function* () {
    const rows = yield* readingTable(table)(
      reader.unsafe<{ readonly id: number; readonly record: string }>(
        `SELECT id, record FROM ${table} ORDER BY id`,
      ),
    )
    const records = yield* Effect.forEach(rows, ({ id, record }) =>
      Schema.decode(encoded)(record).pipe(
        Effect.mapError(
          () =>
            new StoreDamaged({
              table,
              where: `row ${id}`,
              what: "it is no record that this version knows",
            }),
        ),
      ),
    )
    return makeCollection(records, (record) => {
      const row = [record.id, encode(record)] as const
      queue.write(`INSERT OR REPLACE INTO ${table} (id, record) VALUES (?, ?)`, row, {
        table,
        key: record.id,
        row,
      })
    })
  })
}

/** Records in memory; `write` gets each one that is put. */
export const makeCollection = <T extends { readonly id: number }>(
  records: ReadonlyArray<T>,
  write: (record: T) => void,
): Collection<T> => {
  const byId = new Map(records.map((record) => [record.id, record]))
  const indexes: Array<(before: T | undefined, after: T) => void> = []
  let highest = records.at(-1)?.id ?? -1
  return {
    get: (id) => byId.get(id),
    all: () => byId.values(),
    size: () => byId.size,
    put: (record) => {
      const before = byId.get(record.id)
      byId.set(record.id, record)
      highest = Math.max(highest, record.id)
      for (const update of indexes) update(before, record)
      write(record)
    },
    nextId: () => highest + 1,
    indexBy: (keyOf) => {
      const index = new Map<string, T>()
      const update = (before: T | undefined, after: T): void => {
        const old = before === undefined ? undefined : keyOf(before)
        if (old !== undefined) index.delete(old)
        const key = keyOf(after)
        if (key !== undefined) index.set(key, after)
      }
      for (const record of byId.values()) update(undefined, record)
      indexes.push(update)
      return (key) => index.get(key)
    },
    groupBy: (keyOf) => {
      const groups = new Map<number, Array<number>>()
      const update = (before: T | undefined, after: T): void => {
        if (before !== undefined) return
        const key = keyOf(after)
        const group = groups.get(key)
        if (group === undefined) groups.set(key, [after.id])
        else group.push(after.id)
      }
      for (const record of byId.values()) update(undefined, record)
      indexes.push(update)
      return (key) => groups.get(key) ?? []
    },
  }
}

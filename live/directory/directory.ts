/**
 * The directory of names: what people and programs call what the kernel knows by a number. All of it
 * is in memory; a change is written with the group commit that holds the event which it belongs to.
 */
import type { NodeId } from "../../engine/index.ts"
import { Context, Effect, Schema } from "effect"
import { StoreDamaged, type StoreFault } from "../store/errors.ts"
import { type MarketStore, type RecordKind, Store } from "../store/store.ts"
import { type Collection, makeCollection } from "./collection.ts"
import {
  AccountRecord,
  BatchRecord,
  BookingRecord,
  FileRecord,
  GpuRecord,
  HostRecord,
  InstanceRecord,
  KeyRecord,
  ModelRecord,
  OfferRecord,
  RegionRecord,
  transferKey,
  TransferRecord,
  WebhookRecord,
} from "./records.ts"

export interface Directory {
  readonly accounts: Collection<AccountRecord>
  readonly keys: Collection<KeyRecord>
  readonly models: Collection<ModelRecord>
  readonly hosts: Collection<HostRecord>
  readonly instances: Collection<InstanceRecord>
  readonly transfers: Collection<TransferRecord>
  readonly regions: Collection<RegionRecord>
  readonly gpus: Collection<GpuRecord>
  readonly bookings: Collection<BookingRecord>
  readonly offers: Collection<OfferRecord>
  readonly webhooks: Collection<WebhookRecord>
  readonly files: Collection<FileRecord>
  readonly batches: Collection<BatchRecord>
  readonly accountByPublicId: (publicId: string) => AccountRecord | undefined
  readonly accountByRecovery: (hash: string) => AccountRecord | undefined
  readonly keyByHash: (hash: string) => KeyRecord | undefined
  readonly modelByName: (name: string) => ModelRecord | undefined
  readonly hostByPublicId: (publicId: string) => HostRecord | undefined
  /** Instances of a host by their ids, those that have stopped too. */
  readonly instancesOfHost: (host: NodeId) => ReadonlyArray<number>
  /** By `transferKey`. */
  readonly transferByKey: (key: string) => TransferRecord | undefined
  readonly transferByPublicId: (publicId: string) => TransferRecord | undefined
  readonly regionByName: (name: string) => RegionRecord | undefined
  readonly bookingByPublicId: (publicId: string) => BookingRecord | undefined
  /** By its consumer and the consumer's own name of it. */
  readonly bookingByName: (account: number, name: string) => BookingRecord | undefined
  readonly bookingsOfAccount: (account: number) => ReadonlyArray<number>
  readonly bookingsOfProvider: (account: number) => ReadonlyArray<number>
  readonly offerByPublicId: (publicId: string) => OfferRecord | undefined
  /** By its provider and the provider's own name of it. */
  readonly offerByName: (account: number, name: string) => OfferRecord | undefined
  readonly offersOfProvider: (account: number) => ReadonlyArray<number>
  readonly offersOfClient: (account: number) => ReadonlyArray<number>
  readonly fileByPublicId: (publicId: string) => FileRecord | undefined
  readonly filesOfAccount: (account: number) => ReadonlyArray<number>
  readonly batchByPublicId: (publicId: string) => BatchRecord | undefined
  /** By the number that the kernel knows it by. */
  readonly batchByNumber: (batch: number) => BatchRecord | undefined
  readonly batchesOfAccount: (account: number) => ReadonlyArray<number>
  readonly bookingsOfGpu: (gpu: NodeId) => ReadonlyArray<number>
}

export class HostDirectory extends Context.Tag("evenkeel/HostDirectory")<
  HostDirectory,
  Directory
>() {}

/** Reads all records; changes go to the store. */
export const loadDirectory: Effect.Effect<Directory, StoreFault, Store> = Effect.gen(function* () {
  const store = yield* Store
  return makeDirectory({
    accounts: yield* loadCollection(store, "accounts", AccountRecord),
    keys: yield* loadCollection(store, "keys", KeyRecord),
    models: yield* loadCollection(store, "models", ModelRecord),
    hosts: yield* loadCollection(store, "hosts", HostRecord),
    instances: yield* loadCollection(store, "instances", InstanceRecord),
    transfers: yield* loadCollection(store, "transfers", TransferRecord),
    regions: yield* loadCollection(store, "regions", RegionRecord),
    gpus: yield* loadCollection(store, "gpus", GpuRecord),
    bookings: yield* loadCollection(store, "bookings", BookingRecord),
    offers: yield* loadCollection(store, "offers", OfferRecord),
    webhooks: yield* loadCollection(store, "webhooks", WebhookRecord),
    files: yield* loadCollection(store, "files", FileRecord),
    batches: yield* loadCollection(store, "batches", BatchRecord),
  })
})

type Collections = Pick<Directory, RecordKind>

/** A directory of these collections, which it keeps indexed. */
export const makeDirectory = (collections: Collections): Directory => {
  const { bookings, offers } = collections
  const bookingByName = bookings.indexBy(({ account, name }) =>
    name === undefined ? undefined : `${account} ${name}`,
  )
  const offerByName = offers.indexBy(({ provider, name }) =>
    name === undefined ? undefined : `${provider} ${name}`,
  )
  const batchByNumber = collections.batches.indexBy(({ batch }) => batch?.toString())
  return {
    ...collections,
    accountByPublicId: collections.accounts.indexBy(({ publicId }) => publicId),
    accountByRecovery: collections.accounts.indexBy(({ recoveryHash }) => recoveryHash),
    keyByHash: collections.keys.indexBy(({ hash }) => hash),
    modelByName: collections.models.indexBy(({ name }) => name),
    hostByPublicId: collections.hosts.indexBy(({ publicId }) => publicId),
    instancesOfHost: collections.instances.groupBy(({ host }) => host),
    transferByKey: collections.transfers.indexBy(({ kind, account, name }) =>
      transferKey(kind, account, name),
    ),
    transferByPublicId: collections.transfers.indexBy(({ publicId }) => publicId),
    regionByName: collections.regions.indexBy(({ name }) => name),
    bookingByPublicId: bookings.indexBy(({ publicId }) => publicId),
    bookingByName: (account, name) => bookingByName(`${account} ${name}`),
    bookingsOfAccount: bookings.groupBy(({ account }) => account),
    bookingsOfProvider: bookings.groupBy(({ provider }) => provider),
    offerByPublicId: offers.indexBy(({ publicId }) => publicId),
    offerByName: (account, name) => offerByName(`${account} ${name}`),
    offersOfProvider: offers.groupBy(({ provider }) => provider),
    offersOfClient: offers.groupBy(({ client }) => client),
    fileByPublicId: collections.files.indexBy(({ publicId }) => publicId),
    filesOfAccount: collections.files.groupBy(({ account }) => account),
    batchByPublicId: collections.batches.indexBy(({ publicId }) => publicId),
    batchByNumber: (batch) => batchByNumber(String(batch)),
    batchesOfAccount: collections.batches.groupBy(({ account }) => account),
    bookingsOfGpu: bookings.groupBy(({ gpu }) => gpu),
  }
}

const loadCollection = <T extends { readonly id: number }, I>(
  store: MarketStore,
  kind: RecordKind,
  schema: Schema.Schema<T, I>,
): Effect.Effect<Collection<T>, StoreFault> => {
  const encoded = Schema.parseJson(schema)
  const encode = Schema.encodeSync(encoded)
  const decode = Schema.decode(encoded)
  return Effect.gen(function* () {
    const records = yield* Effect.forEach(yield* store.records(kind), ({ id, record }) =>
      Effect.mapError(
        decode(record),
        () =>
          new StoreDamaged({
            table: kind,
            where: `row ${id}`,
            what: "it is no record that this version knows",
          }),
      ),
    )
    return makeCollection(records, (record) =>
      store.putRecord(kind, { id: record.id, record: encode(record) }),
    )
  })
}

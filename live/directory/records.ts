/**
 * Records of the directory of names: accounts, keys, models, hosts, instances, transfers, and what is
 * sold by the hour. The kernel knows each by a number; here stands what people and programs call it.
 */
import { Schema } from "effect"
import type {
  AccountId,
  BatchId,
  BookingId,
  ContractId,
  InstanceId,
  ModelId,
  NodeId,
  RegionId,
  TransferId,
} from "../../engine/index.ts"
import { contractOutcomes, priceStrategies } from "../../engine/index.ts"
import { alertNames, Monitoring } from "../protocol/figures-protocol.ts"

const Id = Schema.NonNegativeInt
/** The same, as the kernel's ids of one kind. A host is a node of the market. */
const idOf = <A extends number>() => Id as unknown as Schema.Schema<A, number>
const Account = idOf<AccountId>()
const Model = idOf<ModelId>()
const Host = idOf<NodeId>()
const Instance = idOf<InstanceId>()
const Transfer = idOf<TransferId>()
const Region = idOf<RegionId>()
const Booking = idOf<BookingId>()
const Batch = idOf<BatchId>()
const Contract = idOf<ContractId>()
const Millis = Schema.Int
/** µs since the market was opened. */
const Micros = Schema.NonNegativeInt
const Minor = Schema.NonNegativeInt
const maybe = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

export const AccountRecord = Schema.Struct({
  id: Account,
  /** `acct_…`, what the account's owner and the API call it. */
  publicId: Schema.String,
  name: Schema.String,
  createdAtMillis: Millis,
  /** Of the code that gives its owner a new key; absent: there is none. */
  recoveryHash: Schema.optionalWith(Schema.String, { exact: true }),
  /** What it said beside the base rate that it has proposed to its swarm. */
  proposal: Schema.optionalWith(
    Schema.Struct({
      rationale: Schema.optionalWith(Schema.String, { exact: true }),
      expectedImpact: Schema.optionalWith(Schema.String, { exact: true }),
    }),
    { exact: true },
  ),
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
  account: Schema.optionalWith(Account, { exact: true }),
  host: Schema.optionalWith(Host, { exact: true }),
  name: Schema.String,
  hash: Schema.String,
  /** Start of the secret, for display. */
  prefix: Schema.String,
  /** End of the secret, for display. */
  lastFour: Schema.optionalWith(Schema.String, { exact: true }),
  createdAtMillis: Millis,
  expiresAtMillis: Schema.optionalWith(Millis, { exact: true }),
  revokedAtMillis: Schema.optionalWith(Millis, { exact: true }),
  /** Its latest use, to some minutes. */
  usedAtMillis: Schema.optionalWith(Millis, { exact: true }),
  /** What its calls may cost, minor units, from a moment of the market on, µs. */
  limit: Schema.optionalWith(
    Schema.Struct({ minor: Schema.NonNegativeInt, fromMicros: Schema.NonNegativeInt }),
    { exact: true },
  ),
})
export type KeyRecord = typeof KeyRecord.Type

export const ModelRecord = Schema.Struct({
  id: Model,
  name: Schema.String,
  kind: Schema.Literal("text", "embedding"),
  /** Prompt and answer together, tokens. */
  contextTokens: Schema.Int,
  inputPricePerMtok: Schema.Int,
  outputPricePerMtok: Schema.Int,
  /** It is specialised: who serves it is so accurate, 1 … 10,000. */
  accuracyBps: Schema.optionalWith(Schema.Int, { exact: true }),
  /** As what hosts get a developer's message; absent: as the system's. */
  developerRole: Schema.optionalWith(Schema.Literal("system", "keep"), { exact: true }),
})
export type ModelRecord = typeof ModelRecord.Type

/**
 * A host, that is, one node of the market. `pull`: it polls for jobs. `push`: the gateway calls its
 * endpoint. `cloud`: the same, with a provider's token, sealed (see hosts/credentials).
 */
export const HostRecord = Schema.Struct({
  id: Host,
  publicId: Schema.String,
  account: Account,
  name: Schema.String,
  delivery: Schema.Literal("pull", "push", "cloud"),
  /** The operator's own name of the registration, by which a repeated one is recognised. */
  registrationId: Schema.optionalWith(Schema.String, { exact: true }),
  endpoint: Schema.optionalWith(Schema.String, { exact: true }),
  sealedToken: Schema.optionalWith(Schema.String, { exact: true }),
  /** What the host says it is made of: devices, memory, driver. Shown, never believed. */
  hardware: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  /** What its operator asks for a token of every model, minor units per million; absent: nothing of its own. */
  pricePerMtok: Schema.optionalWith(Schema.NonNegativeInt, { exact: true }),
  createdAtMillis: Millis,
  /** Its operator wants no calls for it, whatever its agents say. */
  isDrained: Schema.optionalWith(Schema.Boolean, { exact: true }),
  removedAtMillis: Schema.optionalWith(Millis, { exact: true }),
})
export type HostRecord = typeof HostRecord.Type

/** One model served on one host. */
export const InstanceRecord = Schema.Struct({
  id: Instance,
  host: Host,
  model: Model,
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
  id: Transfer,
  publicId: Schema.String,
  kind: Schema.Literal("purchase", "funding", "withdrawal"),
  /** The orderer's own name for it. */
  name: Schema.String,
  /** Whose; absent: the bounty pool's. */
  account: Schema.optionalWith(Account, { exact: true }),
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
  account: AccountId | undefined,
  name: string,
): string => (kind === "withdrawal" ? `${kind} ${account} ${name}` : `${kind} ${name}`)

/** Where machines stand, and the clock there. */
export const RegionRecord = Schema.Struct({
  id: Region,
  name: Schema.String,
  /** IANA name. */
  timezone: Schema.String,
})
export type RegionRecord = typeof RegionRecord.Type

/** What a host sells by the hour, beside what the kernel tells of it. It has the host's number. */
export const GpuRecord = Schema.Struct({
  id: Host,
  terms: Schema.Struct({
    region: Region,
    maxJobs: Schema.Int,
    memoryMib: Schema.NonNegativeInt,
    /** Minor units an hour for each job. */
    baseRate: Minor,
    leastRate: Minor,
    strategy: Schema.Literal(...priceStrategies),
    peakBps: Schema.Int,
    bulkBps: Schema.Int,
    thresholdBps: Schema.Int,
    mostBps: Schema.Int,
  }),
  cudaVersion: maybe(Schema.String),
  /** What its provider says of it: compute type, models, score. Shown, never believed. */
  capabilities: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  /** As it was written; absent: always open. */
  schedule: maybe(Schema.Unknown),
  createdAtMillis: Millis,
  /** Absent: it is listed. */
  removedAtMillis: maybe(Millis),
  /** Specialised models that it hosts, and the memory that they take, which is not sold. */
  specialised: maybe(
    Schema.Array(
      Schema.Struct({
        model: Model,
        memoryMib: Schema.NonNegativeInt,
        path: maybe(Schema.String),
        specialization: maybe(Schema.String),
      }),
    ),
  ),
  /** What its agent is asked to look at; absent: nothing. */
  monitoring: maybe(Monitoring),
  /** Those that have ever fired, each as it stands. */
  alerts: maybe(
    Schema.Array(
      Schema.Struct({
        alert: Schema.Literal(...alertNames),
        state: Schema.Literal("firing", "resolved"),
        value: Schema.Number,
        sinceAt: Micros,
      }),
    ),
  ),
})
export type GpuRecord = typeof GpuRecord.Type

/** What was promised with hours, and what was seen of the periods that are over. Shares in basis points, times in µs. */
const SlaRecord = Schema.Struct({
  availabilityBps: Schema.NonNegativeInt,
  completionBps: Schema.NonNegativeInt,
  responseMicros: Schema.NonNegativeInt,
  penaltyBps: Schema.NonNegativeInt,
  /** Maintenance that was known at the order. */
  maintenance: Schema.Array(Schema.Tuple(Micros, Micros)),
  upMicros: Micros,
  expectedMicros: Micros,
  breaches: Schema.NonNegativeInt,
  refund: Minor,
})

/** Hours that were sold, to the end of their life: what the kernel knows only while they are not over. */
export const BookingRecord = Schema.Struct({
  id: Booking,
  publicId: Schema.String,
  /** Its consumer. */
  account: Account,
  provider: Account,
  gpu: Host,
  /** The consumer's own name of the order, and what it ordered by it. */
  name: maybe(Schema.String),
  order: Schema.String,
  startAt: Micros,
  endAt: Micros,
  jobs: Schema.NonNegativeInt,
  memoryMib: Schema.NonNegativeInt,
  ratePerHour: Minor,
  price: Minor,
  drawn: Minor,
  fee: Minor,
  refund: Minor,
  penalty: Minor,
  createdAtMillis: Millis,
  /** The offer that it was accepted from; absent: it was ordered. */
  offer: maybe(Contract),
  /** Absent: nothing was promised. */
  sla: maybe(SlaRecord),
  /** Since when its consumer has what was granted, and until when it had. */
  startedAt: maybe(Micros),
  revokedAt: maybe(Micros),
  /** What its host gave for the consumer, sealed; gone with the grant. */
  sealedAccess: maybe(Schema.String),
  /** Where what was granted can be seen to be up; gone with it. */
  probeUrl: maybe(Schema.String),
  outcome: maybe(Schema.Literal("released", "cancelled", "noShow", "split")),
  closedAt: maybe(Micros),
  /** What its consumer has said of it. */
  stars: maybe(Schema.Int),
})
export type BookingRecord = typeof BookingRecord.Type

/** Terms that a machine's provider has offered one client: open, or how it ended. */
export const OfferRecord = Schema.Struct({
  id: Contract,
  publicId: Schema.String,
  kind: Schema.Literal("contract", "reservation"),
  provider: Account,
  client: Account,
  gpu: Host,
  /** The provider's own name of the offer, and what it offered by it. */
  name: maybe(Schema.String),
  offer: Schema.String,
  micros: Micros,
  jobs: Schema.NonNegativeInt,
  memoryMib: Schema.NonNegativeInt,
  /** Minor units: an hour for each job, or a reservation's fee; and all of it. */
  rate: Minor,
  price: Minor,
  availabilityBps: Schema.NonNegativeInt,
  hasPenalties: Schema.Boolean,
  /** Absent: when it is accepted. */
  startAt: maybe(Micros),
  /** The booking that it goes on from. */
  extended: maybe(Booking),
  /** Until when it can be accepted. */
  answerBy: Micros,
  createdAtMillis: Millis,
  outcome: maybe(Schema.Literal(...contractOutcomes)),
  closedAt: maybe(Micros),
  /** What it has become. */
  booking: maybe(Booking),
})
export type OfferRecord = typeof OfferRecord.Type

/** Somebody who wants to be told of an account's bookings. */
export const WebhookRecord = Schema.Struct({
  id: Id,
  publicId: Schema.String,
  account: Account,
  url: Schema.String,
  /** What its messages are signed with, sealed. */
  sealedSecret: Schema.String,
  /** Id of the latest step that it was told of, or that was before it. */
  cursor: Id,
  createdAtMillis: Millis,
  /** Since when it takes nothing; absent: it does. */
  failingSinceMillis: maybe(Millis),
  lastError: maybe(Schema.String),
  removedAtMillis: maybe(Millis),
})
export type WebhookRecord = typeof WebhookRecord.Type

/** A file that somebody brought, or that a batch left for its owner. */
export const FileRecord = Schema.Struct({
  id: Id,
  publicId: Schema.String,
  account: Account,
  purpose: Schema.Literal("batch", "batch_output"),
  filename: Schema.String,
  bytes: Schema.NonNegativeInt,
  /** How many parts it is kept in. */
  parts: Schema.NonNegativeInt,
  /** All of it is there; a batch's output is written first. */
  isWhole: Schema.Boolean,
  createdAtMillis: Millis,
  deletedAtMillis: maybe(Millis),
})
export type FileRecord = typeof FileRecord.Type

export const batchStatuses = [
  "validating",
  "failed",
  "in_progress",
  "finalizing",
  "completed",
  "expired",
  "cancelling",
  "cancelled",
] as const

/** What is wrong with a batch's file; `line` from 1 on, where it is one line's. */
const BatchError = Schema.Struct({
  code: Schema.String,
  message: Schema.String,
  param: Schema.NullOr(Schema.String),
  line: Schema.NullOr(Schema.Int),
})
export type BatchError = typeof BatchError.Type

/** A batch, to the end of its life: what the kernel knows only while it is not over. */
export const BatchRecord = Schema.Struct({
  id: Id,
  publicId: Schema.String,
  account: Account,
  /** Whose calls its items are. */
  key: Id,
  endpoint: Schema.String,
  inputFile: Id,
  metadata: Schema.NullOr(Schema.Record({ key: Schema.String, value: Schema.String })),
  status: Schema.Literal(...batchStatuses),
  /** Set when its file was found to be right. */
  model: maybe(Model),
  /** What the kernel calls it, once it has taken it. */
  batch: maybe(Batch),
  /** How the kernel closed it. */
  outcome: maybe(Schema.Literal("done", "expired", "cancelled")),
  errors: maybe(Schema.Array(BatchError)),
  total: Schema.NonNegativeInt,
  completed: Schema.NonNegativeInt,
  failed: Schema.NonNegativeInt,
  /** Minor units: charged once it is over. */
  charged: Minor,
  outputFile: maybe(Id),
  errorFile: maybe(Id),
  createdAtMillis: Millis,
  expiresAtMillis: Millis,
  /** When it came to a status, by its name. */
  cameAtMillis: Schema.Record({ key: Schema.String, value: Millis }),
})
export type BatchRecord = typeof BatchRecord.Type

/**
 * What a live market needs of whatever keeps it: the journal, and beside it the names, the notes and
 * the snapshots, each written in the commit of what it belongs to. Writes are taken at once and in
 * order, and reach the disk together: `durable` says when. Reads see what is durable.
 *
 * `store/sqlite/` keeps it in a data directory. Any other store has to pass the same suite
 * (test/live/store/conformance.ts).
 */
import type { Effect } from "effect"
import { Context } from "effect"
import type { Image, Market, RequestId } from "../../engine/index.ts"
import type { Audit, StoredAudit } from "./audit.ts"
import type { BookingStep, BookingStepQuery, StoredBookingStep } from "./booking-step.ts"
import type { StoreFault } from "./errors.ts"
import type { Journal, JournalReader, StoredPosting } from "./journal.ts"
import type { MarketMeta } from "./meta.ts"
import type { Receipt, ReceiptQuery, UsagePart, UsagePlace, UsageRow } from "./receipt.ts"

/** Kinds of records of the directory of names. */
export const recordKinds = [
  "accounts",
  "keys",
  "models",
  "hosts",
  "instances",
  "transfers",
  "regions",
  "gpus",
  "bookings",
  "offers",
  "webhooks",
  "files",
  "batches",
] as const
export type RecordKind = (typeof recordKinds)[number]

/** A record as its owner writes it: JSON. */
export interface StoredRecord {
  readonly id: number
  readonly record: string
}

export interface Records {
  /** All of a kind, by id. */
  readonly records: (kind: RecordKind) => Effect.Effect<ReadonlyArray<StoredRecord>, StoreFault>
  /** Adds a record, or replaces the one of that id. */
  readonly putRecord: (kind: RecordKind, record: StoredRecord) => void
}

/** What the last checkpoint said of an attempt under way. */
export interface DeliveryNote {
  readonly request: RequestId
  readonly attempt: number
  readonly tokens: number
}

/** What streams under way have delivered: what their hosts are paid after a crash. */
export interface DeliveryNotes {
  /** Replaces what was noted of the request before. */
  readonly noteDelivered: (note: DeliveryNote) => void
  readonly forgetDelivered: (request: RequestId) => void
  readonly forgetAllDelivered: () => void
  readonly delivered: Effect.Effect<ReadonlyArray<DeliveryNote>, StoreFault>
}

/** A line's place: postings in order, and within one the debit (0) before the credit (1). */
export interface StatementPlace {
  readonly seq: number
  readonly line: number
  readonly side: 0 | 1
}

export interface StatementLine extends StoredPosting, StatementPlace {}

export interface StatementQuery {
  /** Ledger accounts whose lines are asked for, none of them the system's own. */
  readonly lots: ReadonlyArray<number>
  /** Lines before this place. */
  readonly before: StatementPlace
  readonly count: number
  /** Lines of later entries count as not there. */
  readonly lastSeq: number
}

export interface Statement {
  /** The newest first. */
  readonly lines: ReadonlyArray<StatementLine>
  /** What the lines from `before` up to the entry `lastSeq` add up to: credits less debits. */
  readonly newer: number
}

/** Equal spans of time: the one of a moment is ⌊(moment + origin) / length⌋. */
export interface Spans {
  /** Nothing before this time of the market. */
  readonly fromMicros: number
  readonly lengthMicros: number
  /** What the market's zero is on the clock that the spans are of. */
  readonly originMicros: number
}

export type EarningKind = "share" | "rentShare" | "bounty" | "vestingBounty" | "vested"

export interface EarningsRow {
  readonly span: number
  readonly kind: EarningKind
  /** Into which. */
  readonly lot: number
  readonly total: number
}

export interface PayQuery extends Spans {
  /** The operator's lots: of what callers had bought or earned, and of what gifts paid. */
  readonly earnedLot: number
  readonly giftLot: number
  readonly instances: ReadonlyArray<number>
}

/** What an instance's calls brought in a span. */
export interface PayRow {
  readonly span: number
  readonly instance: number
  readonly jobs: number
  readonly tokens: number
  readonly gross: number
  readonly fee: number
  readonly withheld: number
  readonly earned: number
  readonly gift: number
  readonly bounty: number
}

/** What calls of a caller's brought in a span. */
export interface CallerPayRow {
  readonly span: number
  /** Who called, and for what; null: its receipt is gone. */
  readonly account: number | null
  readonly model: number | null
  readonly jobs: number
  readonly gross: number
  readonly fee: number
  /** Into both lots. */
  readonly share: number
  /** From first tokens to last ones. */
  readonly decodeMicros: number
}

/** The postings, as people ask for them. */
export interface Ledgers {
  readonly statement: (query: StatementQuery) => Effect.Effect<Statement, StoreFault>
  /** What was earned into these lots, by span, kind and lot. */
  readonly earnings: (
    lots: ReadonlyArray<number>,
    spans: Spans,
  ) => Effect.Effect<ReadonlyArray<EarningsRow>, StoreFault>
  /** What calls served by these instances brought, by span and instance. */
  readonly pay: (query: PayQuery) => Effect.Effect<ReadonlyArray<PayRow>, StoreFault>
  /** The same, by span, caller and model. */
  readonly payByCaller: (query: PayQuery) => Effect.Effect<ReadonlyArray<CallerPayRow>, StoreFault>
}

export interface UsageQuery extends Spans {
  readonly account: number
  readonly by: ReadonlyArray<UsagePart>
  readonly before?: UsagePlace
  readonly count: number
}

/** What calls were charged for, as their consumers ask for it. */
export interface Receipts {
  /** Of a call that was not noted before. */
  readonly noteReceipt: (receipt: Receipt) => void
  /** The latest first. */
  readonly receipts: (query: ReceiptQuery) => Effect.Effect<ReadonlyArray<Receipt>, StoreFault>
  /** Of these calls, as far as they have one. */
  readonly receiptsOf: (
    requests: ReadonlyArray<number>,
  ) => Effect.Effect<ReadonlyArray<Receipt>, StoreFault>
  /** The latest span first. */
  readonly usage: (query: UsageQuery) => Effect.Effect<ReadonlyArray<UsageRow>, StoreFault>
}

/** The life of bookings, for their parties: only ever added to, in the commit of what it tells of. */
export interface BookingSteps {
  readonly noteBookingStep: (step: BookingStep) => void
  /** Id of the latest; 0: there is none. */
  readonly lastBookingStep: Effect.Effect<number, StoreFault>
  /** Those that fit all that is asked for, the oldest first. */
  readonly bookingSteps: (
    query: BookingStepQuery,
  ) => Effect.Effect<ReadonlyArray<StoredBookingStep>, StoreFault>
}

/** An item of a batch: what is asked, and what was answered. Both are JSON, as their owner writes them. */
export interface StoredBatchItem {
  readonly item: number
  readonly asked: string
  /** Its last answer or error; `null`: there is none yet. */
  readonly answer: string | null
}

/**
 * What people bring in files and batches, and take home. An answer is in the commit of its charge. Nothing of
 * the market follows from the texts, so they are no part of what a directory is checked for.
 */
export interface Files {
  /** Adds a part of a file, or replaces the one of that number. */
  readonly putFilePart: (file: number, part: number, bytes: Uint8Array) => void
  readonly filePart: (
    file: number,
    part: number,
  ) => Effect.Effect<Uint8Array | undefined, StoreFault>
  readonly forgetFileParts: (file: number) => void
  /** Adds items, or replaces those of their numbers. */
  readonly putBatchItems: (
    batch: number,
    items: ReadonlyArray<Pick<StoredBatchItem, "item" | "asked">>,
  ) => void
  readonly noteBatchAnswer: (batch: number, item: number, answer: string) => void
  /** From an item on, in their order. */
  readonly batchItems: (
    batch: number,
    from: number,
    count: number,
  ) => Effect.Effect<ReadonlyArray<StoredBatchItem>, StoreFault>
  readonly forgetBatchItems: (batch: number) => void
}

/** How the market was in a span of time: the market as a whole, or one model. */
export interface StoredSample {
  readonly stepSeconds: number
  /** Id of the model; −1: the whole market. */
  readonly subject: number
  /** Unix time at which the span begins, s. */
  readonly at: number
  /** As its owner writes it: JSON. */
  readonly figures: string
}

export interface SampleQuery {
  readonly stepSeconds: number
  /** Default: all. */
  readonly subject?: number
  readonly from: number
}

/**
 * The market's past in figures, to be looked at: nothing follows from it, so it is no part of what a
 * directory is checked for.
 */
export interface Samples {
  /** Adds samples, or replaces those of the same span and subject. */
  readonly putSamples: (samples: ReadonlyArray<StoredSample>) => void
  readonly forgetSamples: (stepSeconds: number, before: number) => void
  /** In the order of time. */
  readonly samples: (query: SampleQuery) => Effect.Effect<ReadonlyArray<StoredSample>, StoreFault>
}

/** A browser that is signed in. */
export interface StoredSession {
  /** Of the secret that the browser keeps. */
  readonly hash: string
  /** As its owner writes it: JSON. */
  readonly session: string
}

/**
 * Who is signed in on the gateway's pages. A session that is lost costs a sign-in, so it is no part of what
 * a directory is checked for either.
 */
export interface SignedIn {
  readonly sessions: Effect.Effect<ReadonlyArray<StoredSession>, StoreFault>
  /** Adds a session, or replaces the one of that hash. */
  readonly putSession: (session: StoredSession) => void
  readonly forgetSession: (hash: string) => void
}

export interface StoredSnapshot {
  /** The last entry that the market had taken. */
  readonly seq: number
  readonly image: Image
}

/** What was written before this process began, where it has to be checked. */
export interface History {
  /** Size of what there is to check. */
  readonly bytes: Effect.Effect<number, StoreFault>
  /** Checks all of it. `restMillis`: between two pages. */
  readonly check: (restMillis: number) => Effect.Effect<void, StoreFault>
  /** It was checked, and was whole. */
  readonly isChecked: () => boolean
}

export interface MarketStore
  extends
    Journal,
    JournalReader,
    Records,
    DeliveryNotes,
    Ledgers,
    Receipts,
    BookingSteps,
    Files,
    Samples,
    SignedIn {
  /** Sequence number of the latest entry that was taken. */
  readonly lastSeq: () => number
  /** Entries and other writes that are not on disk yet. */
  readonly backlog: () => number
  /** Calls `listener` after each commit: entries and other writes in it, and how long it took. */
  readonly onCommit: (listener: (rows: number, seconds: number) => void) => void
  /** Of a market that is new. */
  readonly putMeta: (meta: MarketMeta) => void
  /** The market's rolling digest after an entry. */
  readonly digestAt: (seq: number) => Effect.Effect<string | undefined, StoreFault>
  /**
   * Writes the market as it stands now, behind all that was journalled. The copy is taken before
   * this returns; resolves when it has been taken for writing.
   */
  readonly putSnapshot: (market: Market) => Promise<void>
  /** Those that are as they were written, the latest first. */
  readonly snapshots: Effect.Effect<ReadonlyArray<StoredSnapshot>, StoreFault>
  readonly noteAudit: (audit: Audit) => void
  /** At most `count` notes before the one of that id, the newest first. */
  readonly audits: (
    count: number,
    beforeId: number | undefined,
  ) => Effect.Effect<ReadonlyArray<StoredAudit>, StoreFault>
  readonly history: History
}

export class Store extends Context.Tag("evenkeel/Store")<Store, MarketStore>() {}

/**
 * A store that keeps everything in memory: for tests of what stands above a store, and to show that
 * the conformance suite asks for nothing that SQLite alone can do. What is taken counts as written at
 * once, unless a test says when.
 */
import { Effect } from "effect"
import type { Command } from "../../../../engine/index.ts"
import { imageOf } from "../../../../engine/index.ts"
import type { StoredAudit } from "../../../../live/store/audit.ts"
import type {
  JournalEntry,
  StoredEntry,
  StoredPosting,
  TakePage,
} from "../../../../live/store/journal.ts"
import type { StoredBookingStep } from "../../../../live/store/booking-step.ts"
import type { Receipt } from "../../../../live/store/receipt.ts"
import type { MarketMeta } from "../../../../live/store/meta.ts"
import type {
  CallerPayRow,
  DeliveryNote,
  EarningKind,
  MarketStore,
  PayRow,
  RecordKind,
  Spans,
  StoredBatchItem,
  StatementLine,
  StatementPlace,
  StoredRecord,
  StoredSample,
  StoredSession,
  StoredSnapshot,
} from "../../../../live/store/store.ts"

export interface MemoryStore extends MarketStore {
  /** All that was journalled, in order. */
  readonly entries: Array<JournalEntry>
  /** What streams under way have delivered, by request. */
  readonly deliveryNotes: ReadonlyMap<number, DeliveryNote>
  /** What `backlog` answers. */
  pending: number
}

/** `durable`: when what was taken counts as written. */
export const makeMemoryStore = (
  durable: () => Promise<void> = () => Promise.resolve(),
): MemoryStore => {
  const entries: Array<JournalEntry> = []
  const stored: Array<StoredEntry> = []
  const postings: Array<StoredPosting> = []
  const records = new Map<RecordKind, Map<number, StoredRecord>>()
  const deliveryNotes = new Map<number, DeliveryNote>()
  const audits: Array<StoredAudit> = []
  const receipts: Array<Receipt> = []
  const snapshots: Array<StoredSnapshot> = []
  const listeners: Array<(rows: number, seconds: number) => void> = []
  const samples = new Map<string, StoredSample>()
  const sessions = new Map<string, StoredSession>()
  const bookingSteps: Array<StoredBookingStep> = []
  const parts = new Map<string, Uint8Array>()
  const batchItems = new Map<number, Map<number, StoredBatchItem>>()
  let meta: MarketMeta | undefined

  const after = <E>(seq: number, take: TakePage<E>): Effect.Effect<void, E> =>
    Effect.suspend(() =>
      stored.length <= seq
        ? Effect.void
        : take(
            stored.slice(seq),
            postings.filter((one) => one.seq > seq),
          ),
    )

  const store: MemoryStore = {
    entries,
    deliveryNotes,
    pending: 0,
    append: (entry) => {
      entries.push(entry)
      const seq = entries.length
      const posts = entry.commands.filter(isPost)
      posts.forEach(({ _tag, ...post }, line) =>
        postings.push({ ...post, seq, line, at: entry.event.at }),
      )
      const { event, digest } = entry
      const commands = entry.commands.filter((command) => !isPost(command))
      stored.push({ seq, event, commands, digest })
      for (const listener of listeners) listener(1, 0)
    },
    durable,
    lastSeq: () => entries.length,
    backlog: () => store.pending,
    onCommit: (listener) => void listeners.push(listener),
    meta: Effect.sync(() => meta),
    putMeta: (given) => {
      meta = given
    },
    entriesAfter: after,
    uncheckedEntries: (take) => after(0, take),
    digestAt: (seq) => Effect.sync(() => entries[seq - 1]?.digest),
    putSnapshot: async (market) => {
      snapshots.unshift({ seq: entries.length, image: imageOf(market) })
    },
    snapshots: Effect.sync(() => snapshots),
    records: (kind) =>
      Effect.sync(() => [...(records.get(kind)?.values() ?? [])].toSorted((a, b) => a.id - b.id)),
    putRecord: (kind, record) => {
      const all = records.get(kind) ?? new Map<number, StoredRecord>()
      records.set(kind, all.set(record.id, record))
    },
    noteBookingStep: (step) => void bookingSteps.push({ id: bookingSteps.length + 1, ...step }),
    lastBookingStep: Effect.sync(() => bookingSteps.length),
    bookingSteps: ({ booking, listing, account, kind, fromMicros = 0, afterId, count }) =>
      Effect.sync(() =>
        bookingSteps
          .filter(
            (one) =>
              one.id > afterId &&
              one.at >= fromMicros &&
              (booking ?? one.booking) === one.booking &&
              (listing ?? one.listing) === one.listing &&
              (kind ?? one.kind) === one.kind &&
              (account === undefined || one.consumer === account || one.provider === account),
          )
          .slice(0, count),
      ),
    putFilePart: (file, part, bytes) => void parts.set(`${file} ${part}`, bytes),
    filePart: (file, part) => Effect.sync(() => parts.get(`${file} ${part}`)),
    forgetFileParts: (file) => {
      for (const key of parts.keys()) if (key.startsWith(`${file} `)) parts.delete(key)
    },
    putBatchItems: (batch, items) => {
      const all = batchItems.get(batch) ?? new Map<number, StoredBatchItem>()
      for (const { item, asked } of items) all.set(item, { item, asked, answer: null })
      batchItems.set(batch, all)
    },
    noteBatchAnswer: (batch, item, answer) => {
      const all = batchItems.get(batch)
      const asked = all?.get(item)
      if (asked !== undefined) all?.set(item, { ...asked, answer })
    },
    batchItems: (batch, from, count) =>
      Effect.sync(() =>
        [...(batchItems.get(batch)?.values() ?? [])]
          .filter(({ item }) => item >= from)
          .toSorted((a, b) => a.item - b.item)
          .slice(0, count),
      ),
    forgetBatchItems: (batch) => void batchItems.delete(batch),
    putSamples: (given) => {
      for (const one of given) samples.set(`${one.stepSeconds} ${one.subject} ${one.at}`, one)
    },
    forgetSamples: (stepSeconds, before) => {
      for (const [place, one] of samples)
        if (one.stepSeconds === stepSeconds && one.at < before) samples.delete(place)
    },
    samples: ({ stepSeconds, subject, from }) =>
      Effect.sync(() =>
        [...samples.values()]
          .filter(
            (one) =>
              one.stepSeconds === stepSeconds &&
              one.at >= from &&
              (subject === undefined || one.subject === subject),
          )
          .toSorted((a, b) => a.at - b.at || a.subject - b.subject),
      ),
    sessions: Effect.sync(() => [...sessions.values()]),
    putSession: (session) => void sessions.set(session.hash, session),
    forgetSession: (hash) => void sessions.delete(hash),
    noteDelivered: (note) => void deliveryNotes.set(note.request, note),
    forgetDelivered: (request) => void deliveryNotes.delete(request),
    forgetAllDelivered: () => deliveryNotes.clear(),
    delivered: Effect.sync(() => [...deliveryNotes.values()]),
    noteAudit: (audit) => void audits.push({ id: audits.length + 1, ...audit }),
    audits: (count, beforeId = Infinity) =>
      Effect.sync(() =>
        audits
          .filter(({ id }) => id < beforeId)
          .toReversed()
          .slice(0, count),
      ),
    statement: ({ lots, before, count, lastSeq }) =>
      Effect.sync(() => {
        const lines = linesOf(postings, lots)
        const older = lines.filter((line) => isBefore(line, before))
        const newer = lines.filter((line) => !isBefore(line, before) && line.seq <= lastSeq)
        return {
          lines: older.toReversed().slice(0, count),
          newer: sum(newer, ({ side, amount }) => (side === 1 ? amount : -amount)),
        }
      }),
    earnings: (lots, spans) =>
      Effect.sync(() =>
        grouped(
          postings.filter(
            ({ at, credit, kind }) =>
              at >= spans.fromMicros && lots.includes(credit) && earningKinds.includes(kind),
          ),
          ({ at, kind, credit }) => `${spanOf(spans, at)} ${kind} ${credit}`,
        ).map(([first, all]) => ({
          span: spanOf(spans, first.at),
          kind: first.kind as EarningKind,
          lot: first.credit,
          total: sum(all, ({ amount }) => amount),
        })),
      ),
    pay: ({ earnedLot, giftLot, instances, ...spans }) =>
      Effect.sync(() =>
        grouped(
          postings.flatMap((posting) => {
            const { kind, credit, at } = posting
            const isPay = kind === "share" && (credit === earnedLot || credit === giftLot)
            const end = isPay && at >= spans.fromMicros ? endOf(stored, posting) : undefined
            return end !== undefined && instances.includes(end.instance)
              ? [{ ...posting, end }]
              : []
          }),
          ({ at, end }) => `${spanOf(spans, at)} ${end.instance}`,
        ).map(([first, all]): PayRow => {
          const ends = [...new Set(all.map(({ end }) => end))]
          const paid = (lot: number): number =>
            sum(all, ({ credit, amount }) => (credit === lot ? amount : 0))
          return {
            span: spanOf(spans, first.at),
            instance: first.end.instance,
            jobs: ends.length,
            tokens: sum(ends, (end) => end.outputTokens),
            gross: sum(ends, (end) => end.charge),
            fee: sum(ends, (end) => end.fee),
            withheld: sum(ends, (end) => end.withheld),
            earned: paid(earnedLot),
            gift: paid(giftLot),
            bounty: sum(ends, (end) => end.bounty),
          }
        }),
      ),
    payByCaller: ({ earnedLot, giftLot, instances, ...spans }) =>
      Effect.sync(() =>
        grouped(
          postings.flatMap((posting) => {
            const { kind, credit, at, seq, reference } = posting
            const isPay = kind === "share" && (credit === earnedLot || credit === giftLot)
            const end = isPay && at >= spans.fromMicros ? endOf(stored, posting) : undefined
            if (end === undefined || !instances.includes(end.instance)) return []
            const { event } = stored[seq - 1]
            const decodeMicros = event._tag === "AttemptEnded" ? event.decodeMicros : 0
            const receipt = receipts.find(({ request }) => request === reference)
            const { account = null, model = null } = receipt ?? {}
            return [{ ...posting, end, account, model, decodeMicros }]
          }),
          ({ at, account, model }) => `${spanOf(spans, at)} ${account ?? -1} ${model ?? -1}`,
        ).map(([first, all]): CallerPayRow => {
          // A call that gifts paid in part has two postings.
          const calls = [...new Map(all.map((one) => [one.end, one])).values()]
          return {
            span: spanOf(spans, first.at),
            account: first.account,
            model: first.model,
            jobs: calls.length,
            gross: sum(calls, ({ end }) => end.charge),
            fee: sum(calls, ({ end }) => end.fee),
            share: sum(all, ({ amount }) => amount),
            decodeMicros: sum(calls, ({ decodeMicros }) => decodeMicros),
          }
        }),
      ),
    noteReceipt: (receipt) => void receipts.push(receipt),
    receipts: ({ account, fromMicros, key, model, requestId, before, count }) =>
      Effect.sync(() =>
        receipts
          .filter(
            (one) =>
              one.account === account &&
              one.at >= fromMicros &&
              (key ?? one.key) === one.key &&
              (model ?? one.model) === one.model &&
              (requestId ?? one.requestId) === one.requestId &&
              (before === undefined ||
                one.at < before.at ||
                (one.at === before.at && one.request < before.request)),
          )
          .toSorted((a, b) => b.at - a.at || b.request - a.request)
          .slice(0, count),
      ),
    receiptsOf: (requests) =>
      Effect.sync(() =>
        receipts
          .filter(({ request }) => requests.includes(request))
          .toSorted((a, b) => a.request - b.request),
      ),
    usage: ({ account, by, before, count, ...spans }) =>
      Effect.sync(() =>
        grouped(
          receipts
            .filter((one) => one.account === account && one.at >= spans.fromMicros)
            .map((one) => ({
              ...one,
              span: by.includes("span") ? spanOf(spans, one.at) : -1,
              model: by.includes("model") ? one.model : -1,
              key: by.includes("key") ? (one.key ?? -1) : -1,
            })),
          ({ span, model, key }) => `${span + 1} ${model + 1} ${key + 1}`,
        )
          .map(([{ span, model, key }, all]) => ({
            span,
            model,
            key,
            calls: all.length,
            inputTokens: sum(all, ({ inputTokens }) => inputTokens),
            outputTokens: sum(all, ({ outputTokens }) => outputTokens),
            charge: sum(all, ({ charge }) => charge),
          }))
          .toReversed()
          .filter(
            (one) =>
              before === undefined ||
              one.span < before.span ||
              (one.span === before.span &&
                (one.model < before.model || (one.model === before.model && one.key < before.key))),
          )
          .slice(0, count),
      ),
    // What is in memory has no past that could be damaged.
    history: { bytes: Effect.succeed(0), check: () => Effect.void, isChecked: () => true },
  }
  return store
}

type Post = Extract<Command, { readonly _tag: "Post" }>
type Finish = Extract<Command, { readonly _tag: "Finish" }>

const isPost = (command: Command): command is Post => command._tag === "Post"

const earningKinds = ["share", "rentShare", "bounty", "vestingBounty", "vested"]

const spanOf = ({ originMicros, lengthMicros }: Spans, at: number): number =>
  Math.floor((at + originMicros) / lengthMicros)

const sum = <T>(all: ReadonlyArray<T>, of: (one: T) => number): number =>
  all.reduce((total, one) => total + of(one), 0)

const isBefore = (a: StatementPlace, b: StatementPlace): boolean =>
  a.seq !== b.seq ? a.seq < b.seq : a.line !== b.line ? a.line < b.line : a.side < b.side

/** Every posting's debit and credit that touches one of the lots, in order. */
const linesOf = (
  postings: ReadonlyArray<StoredPosting>,
  lots: ReadonlyArray<number>,
): ReadonlyArray<StatementLine> =>
  postings.flatMap((posting) => [
    ...(lots.includes(posting.debit) ? [{ ...posting, side: 0 as const }] : []),
    ...(lots.includes(posting.credit) ? [{ ...posting, side: 1 as const }] : []),
  ])

/** The end of the call that a posting is for. */
const endOf = (
  entries: ReadonlyArray<StoredEntry>,
  { seq, reference }: StoredPosting,
): Finish | undefined =>
  entries[seq - 1].commands.find(
    (command): command is Finish => command._tag === "Finish" && command.request === reference,
  )

/** Groups by key, in the order of the keys. */
const grouped = <T>(
  all: ReadonlyArray<T>,
  keyOf: (one: T) => string,
): ReadonlyArray<readonly [first: T, all: ReadonlyArray<T>]> => {
  const groups = new Map<string, Array<T>>()
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one])
  return [...groups]
    .toSorted(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .map(([, group]) => [group[0], group] as const)
}

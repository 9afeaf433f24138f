/**
 * Opening a market: a new one, or the one that a data directory holds, as it stood when its last
 * commit reached the disk.
 *
 * Recovery = the latest snapshot and the journal after it. Every entry is taken again and its digest
 * compared, so a market that went another way is never carried on with. What was under way then ends
 * as the gateway's own failure: nobody's health suffers, delivered tokens are paid, holds are voided.
 */
import { Context, Data, Effect } from "effect"
import type { Economy, MarketService, RequestId } from "../../engine/index.ts"
import {
  createMarket,
  digestOf,
  engineOf,
  openAttempts,
  restoreImage,
  waitingRequests,
} from "../../engine/index.ts"
import type { StoreFault } from "../store/errors.ts"
import type { StoredEntry } from "../store/journal.ts"
import type { MarketMeta } from "../store/meta.ts"
import { type MarketStore, Store } from "../store/store.ts"
import type { MarketDriver } from "./market-driver.ts"

/** The journal and this version's kernel disagree: carrying on would falsify balances. */
export class JournalDiverged extends Data.TaggedError("JournalDiverged")<{
  readonly seq: number
  readonly event: string
  readonly expected: string
  readonly found: string
}> {
  override get message(): string {
    return (
      `Entry ${this.seq} of the journal (${this.event}) does not replay: its digest is ${this.expected}, ` +
      `this version's kernel gives ${this.found}. Run the version that wrote it, or look at the ` +
      "difference with `evenkeel replay`"
    )
  }
}

export interface OpenedMarket {
  readonly engine: MarketService
  readonly meta: MarketMeta
  readonly isNew: boolean
  /** Journal entries that were taken again after the snapshot. */
  readonly replayed: number
  /** The latest entry that was there. */
  readonly lastSeq: number
}

export class Opened extends Context.Tag("evenkeel/OpenedMarket")<Opened, OpenedMarket>() {}

/** `newSeed`: called where the market is new; has to be unpredictable. */
export const openMarket = (
  economy: Economy,
  newSeed: () => string,
  nowMillis: number,
): Effect.Effect<OpenedMarket, JournalDiverged | StoreFault, Store> =>
  Effect.gen(function* () {
    const store = yield* Store
    const known = yield* store.meta
    if (known === undefined) {
      const meta = { economy, seed: newSeed(), openedAtMillis: nowMillis }
      store.putMeta(meta)
      const engine = engineOf(createMarket(economy, meta.seed))
      return { engine, meta, isNew: true, replayed: 0, lastSeq: 0 }
    }
    const start = yield* latestState(store, known)
    let replayed = 0
    yield* store.entriesAfter(start.seq, (entries) => {
      replayed += entries.length
      return Effect.forEach(entries, (entry) => takeAgain(start.engine, entry), { discard: true })
    })
    return { engine: start.engine, meta: known, isNew: false, replayed, lastSeq: store.lastSeq() }
  })

/**
 * The market of the latest snapshot that can be restored and belongs to this journal; with none, the
 * empty market.
 */
const latestState = (
  store: MarketStore,
  meta: MarketMeta,
): Effect.Effect<{ readonly seq: number; readonly engine: MarketService }, StoreFault> =>
  Effect.gen(function* () {
    for (const { seq, image } of yield* store.snapshots) {
      const restored = restoreImage(image)
      if (restored._tag === "Left") continue
      const market = restored.right
      const digest = seq === 0 ? digestOf(market) : yield* store.digestAt(seq)
      if (digest === digestOf(market)) return { seq, engine: engineOf(market) }
    }
    return { seq: 0, engine: engineOf(createMarket(meta.economy, meta.seed)) }
  })

/** Takes one entry again. Fails where the market now gives other commands than it gave then. */
const takeAgain = (
  { market, take }: MarketService,
  entry: StoredEntry,
): Effect.Effect<void, JournalDiverged> => {
  take(entry.event, [])
  const found = digestOf(market)
  return found === entry.digest
    ? Effect.void
    : new JournalDiverged({
        seq: entry.seq,
        event: entry.event._tag,
        expected: entry.digest,
        found,
      })
}

/** Tokens that were delivered by an attempt that was under way, by its last checkpoint. */
export type Delivered = (request: RequestId, attempt: number) => number

export const readDelivered: Effect.Effect<Delivered, StoreFault, Store> = Effect.gen(function* () {
  const { delivered } = yield* Store
  const tokens = new Map(
    (yield* delivered).map((note) => [`${note.request}/${note.attempt}`, note.tokens]),
  )
  return (request, attempt) => tokens.get(`${request}/${attempt}`) ?? 0
})

/**
 * Ends what the gateway's own end cut off. To be called once, when every taker is there: what
 * it finds out about the past is noted, too. Gives the number of requests that were ended.
 */
export const endWhatWasUnderWay = (
  driver: MarketDriver,
  store: Pick<MarketStore, "forgetAllDelivered">,
  delivered: Delivered,
): number => {
  // Whoever waited has gone with the gateway: the market knows of an outage that took any time at all.
  for (const request of waitingRequests(driver.market))
    driver.submit({ _tag: "RequestWithdrawn", request })
  const open = openAttempts(driver.market)
  for (const { request, attempt, maxTokens } of open) {
    // A checkpoint counts roughly, and a host may have written more than was asked for.
    const tokens = Math.min(delivered(request, attempt), maxTokens)
    const rejection = driver.submit({
      _tag: "AttemptEnded",
      request,
      attempt,
      outcome: "gatewayFault",
      outputTokens: tokens,
      reportedTokens: tokens,
      decodeMicros: 0,
      retryAfterMicros: 0,
    })
    if (rejection !== undefined)
      throw new Error(`recovery: the end of request ${request} was rejected: ${rejection}`)
  }
  store.forgetAllDelivered()
  return open.length
}

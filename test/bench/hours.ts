/**
 * What an order of hours costs in a large market: so many listings, so many bookings of each to come. Every
 * other order is for hours that are taken, so that both answers are counted. The processor time of each
 * order is measured by itself.
 */
import { aitbcHardened } from "../../engine/economy/presets/aitbc-hardened.ts"
import { economyWith } from "../support/market.ts"
import { createMarket, step } from "../../engine/market/market.ts"
import type { Command } from "../../engine/protocol/command.ts"
import type { MarketEvent } from "../../engine/protocol/event.ts"
import { drawBelow, openStream } from "../../engine/core/random.ts"

export interface OrderBenchRow {
  readonly listings: number
  readonly bookings: number
  /** Microseconds of processor time an order. */
  readonly median: number
  readonly p99: number
  /** Part of the measured orders that were sold. */
  readonly soldShare: number
}

const hour = 3_600_000_000
/** Bookings of an hour, two hours apart: each is two steps of its calendar. */
const gap = 2 * hour

export const benchOrders = (
  listings: number,
  bookingsEach: number,
  orders: number,
): OrderBenchRow => {
  // Hours are sold for as far ahead as the calendars are long, to hosts who can stand for all of them.
  const economy = economyWith(
    { listings: { capacity: "declared", maxAheadDays: 1000 }, escrow: { bondHours: 1 } },
    aitbcHardened,
  )
  const market = createMarket(economy, "bench")
  const out: Array<Command> = []
  const send = (event: object): ReadonlyArray<Command> => {
    out.length = 0
    step(market, { at: 0, ...event } as MarketEvent, out)
    return out
  }
  send({ _tag: "RegionSet", region: 1, peakFrom: [], peakUntil: [], until: 1000 * 24 * hour })
  send({ _tag: "AccountOpened", account: 0 })
  send({ _tag: "CreditsBought", transfer: 0, account: 0, amount: 4e15 })
  for (let node = 1; node <= listings; node++) {
    send({ _tag: "AccountOpened", account: node })
    send({ _tag: "CreditsBought", transfer: node, account: node, amount: 1e9 })
    send({ _tag: "NodeRegistered", node, account: node })
    send({
      _tag: "ListingSet",
      listing: node,
      region: 1,
      maxJobs: 4,
      memoryMib: 24_576,
      baseRate: 100_000,
      leastRate: 0,
      strategy: "fixed",
      peakBps: 15_000,
      bulkBps: 8000,
      thresholdBps: 8000,
      mostBps: 20_000,
    })
    send({ _tag: "ListingPhaseSet", listing: node, phase: "open" })
  }
  let booking = 0
  const order = (listing: number, startAt: number, jobs: number) =>
    send({
      _tag: "BookingRequested",
      booking: ++booking,
      account: 0,
      listing,
      startAt,
      endAt: startAt + hour,
      jobs,
      memoryMib: 0,
    })
  for (let place = 0; place < bookingsEach; place++)
    for (let listing = 1; listing <= listings; listing++) order(listing, place * gap, 4)

  const stream = openStream("bench", "orders", 0)
  const costs: Array<number> = []
  let sold = 0
  for (let i = -orders / 10; i < orders; i++) {
    const listing = 1 + drawBelow(stream, listings)
    const startAt = drawBelow(stream, bookingsEach) * gap + (i % 2 === 0 ? hour : 0)
    const before = process.cpuUsage()
    const [answer] = order(listing, startAt, 1)
    const { user, system } = process.cpuUsage(before)
    if (i < 0) continue
    costs.push(user + system)
    if (answer?._tag !== "Decline") sold++
  }
  const sorted = costs.toSorted((a, b) => a - b)
  const quantile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
  return {
    listings,
    bookings: listings * bookingsEach,
    median: quantile(0.5),
    p99: quantile(0.99),
    soldShare: sold / costs.length,
  }
}

/**
 * Every state of one booking that can be reached at all, when its parties, its machine and the judge do
 * whatever they can at each moment at which something falls due: explored breadth first, each new state
 * once, until nothing leads anywhere new. What is illegal changes nothing; in every state the audit holds;
 * and from every state, left alone, the booking closes once with its money in place.
 */
import { describe, expect, it } from "vitest"
import { bookingView, booksView } from "../../../engine/index.ts"
import { emptyDigest } from "../../../engine/core/digest.ts"
import type { Packed } from "../../../engine/core/packed.ts"
import { pack, unpack } from "../../../engine/core/packed.ts"
import type { EconomyPatch } from "../../../engine/economy/derive.ts"
import { auditMarket } from "../../../engine/market/invariants.ts"
import { step } from "../../../engine/market/market.ts"
import { stateDigest } from "../../../engine/market/snapshot.ts"
import type { Market } from "../../../engine/market/state/market-state.ts"
import { nextWake } from "../../../engine/market/timers.ts"
import type { Command } from "../../../engine/protocol/command.ts"
import type { MarketEvent } from "../../../engine/protocol/event.ts"
import {
  closedHoles,
  consumer,
  hour,
  listing,
  literal,
  openHoursMarket,
  order,
  provider,
} from "../../support/hours.ts"
import { breathe } from "../../support/property.ts"

const stranger = 3
/** A copy of a market from its packed state: the rules are the same for all of them, and not compiled anew. */
const copierOf =
  ({ economy, rules, seed }: Market) =>
  ({ outline, bytes }: Packed): Market =>
    ({
      economy,
      rules,
      seed,
      sink: { commands: [], digest: emptyDigest() },
      ...(unpack({ outline, bytes }) as object),
    }) as unknown as Market

const imageOf = ({ economy: _, rules, seed, sink, ...state }: Market): Packed => pack(state)

type WithoutTime<E> = E extends unknown ? Omit<E, "at"> : never
type Fact = WithoutTime<MarketEvent>

const about = { booking: 1 }
const deeds: ReadonlyArray<Fact> = [
  { _tag: "DeliveryStarted", ...about },
  { _tag: "DeliveryProbed", ...about, isUp: false },
  { _tag: "DeliveryProbed", ...about, isUp: true },
  { _tag: "NodeLost", node: listing },
  { _tag: "NodeReturned", node: listing },
  ...[consumer, provider, stranger].flatMap((by) => [
    { _tag: "BookingCancelled" as const, ...about, by },
    { _tag: "BookingEnded" as const, ...about, by },
    { _tag: "BookingConfirmed" as const, ...about, by },
    { _tag: "BookingDisputed" as const, ...about, by },
    { _tag: "DisputeAnswered" as const, ...about, by },
  ]),
  { _tag: "DisputeRuled", ...about, consumerBps: 0 },
  { _tag: "DisputeRuled", ...about, consumerBps: 10_000 },
]

/** When the booking next wants something; +Infinity: it is over. */
const dueAt = ({ wakes }: Market): number =>
  Math.min(
    ...wakes.slice(4).map((queue) => (queue.size === 0 ? Infinity : queue.time[queue.heap[0]!]!)),
  )

/** Lets time pass to then, or half of it: rates are set and hours turn meanwhile. */
const waitForIt = (market: Market, share = 1): ReadonlyArray<Command> => {
  const out: Array<Command> = []
  const due = market.now + Math.floor((dueAt(market) - market.now) * share)
  if (due === Infinity || Number.isNaN(due)) return out
  while (nextWake(market) <= due) step(market, { _tag: "TimerFired", at: nextWake(market) }, out)
  step(market, { _tag: "TimerFired", at: due }, out)
  return out
}

const closings = (commands: ReadonlyArray<Command>): number =>
  commands.filter(({ _tag }) => _tag === "Close").length

const isRejected = (commands: ReadonlyArray<Command>): boolean => commands[0]?._tag === "Rejected"

/** Left alone, and nobody comes back. */
const leaveAlone = (market: Market): number => {
  let closed = 0
  for (let turn = 0; turn < 40 && bookingView(market, 1) !== undefined; turn++)
    closed += closings(waitForIt(market))
  return closed
}

/** Rates are set once a day: there is one listing, and what its rate does is seen elsewhere. */
const few: EconomyPatch = {
  strategies: { adjustMinutes: 1440 },
  disputes: { answerHours: 2, rulingHours: 5 },
}
const byPeriods = [
  "aitbc-hardened, by periods of 3 hours",
  { ...few, escrow: { periodHours: 3, confirmHours: 2 } },
  closedHoles,
] as const
const settings: ReadonlyArray<readonly [string, EconomyPatch, typeof literal]> = [
  ["aitbc", few, literal],
  ["aitbc, confirmed by the consumer", { ...few, escrow: { confirm: "consumer" } }, literal],
  ["aitbc-hardened", few, closedHoles],
  // Eleven thousand states.
  ...(process.env["EVENKEEL_LONG"] === "1" ? [byPeriods] : []),
]

describe("every state of a booking", () => {
  it.each(settings)("under %s", { timeout: 120_000 }, async (_, patch, base) => {
    const trial = openHoursMarket({ economy: base(patch) })
    trial.send({ _tag: "AccountOpened", account: stranger })
    order(trial, 1, { startAt: hour, hours: 5 })
    const seen = new Set([stateDigest(trial.market)])
    const copyOf = copierOf(trial.market)
    const queue: Array<Packed> = [imageOf(trial.market)]
    const phases = new Set<string>()
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      await breathe()
      const here = copyOf(next)
      auditMarket(here)
      const view = bookingView(here, 1)
      phases.add(view?.phase ?? "closed")
      if (view === undefined) {
        expect(booksView(here)).toMatchObject({ total: 0, held: 0 })
        continue
      }
      const digest = stateDigest(here)
      let market = copyOf(next)
      const illegal: Array<Fact> = []
      for (const deed of deeds) {
        const commands: Array<Command> = []
        step(market, { ...deed, at: market.now } as MarketEvent, commands)
        if (isRejected(commands)) {
          illegal.push(deed)
          continue
        }
        const after = stateDigest(market)
        if (!seen.has(after)) {
          seen.add(after)
          queue.push(imageOf(market))
        }
        market = copyOf(next)
      }
      const unmoved = copyOf(next)
      for (const deed of illegal) step(unmoved, { ...deed, at: unmoved.now } as MarketEvent, [])
      expect(stateDigest(unmoved)).toBe(digest)
      // In the middle of the hours there is something to dispute, and something to come.
      const isHalfway = view.phase === "active" && here.now === hour
      for (const share of isHalfway ? [0.5, 1] : [1]) {
        const later = copyOf(next)
        waitForIt(later, share)
        const digestLater = stateDigest(later)
        if (!seen.has(digestLater)) {
          seen.add(digestLater)
          queue.push(imageOf(later))
        }
      }
      expect(leaveAlone(here)).toBe(1)
      expect(booksView(here)).toMatchObject({ total: 0, held: 0 })
    }
    const confirmed = base(patch).escrow.confirm === "consumer"
    expect([...phases].toSorted()).toEqual(
      confirmed
        ? ["active", "closed", "delivered", "disputed", "held"]
        : ["active", "closed", "disputed", "held"],
    )
    expect(seen.size).toBeGreaterThan(50)
  })
})

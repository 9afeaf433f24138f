/**
 * Every state of one offer that can be reached, when its client, its host, a stranger, the node and the clock do
 * whatever they can: what is illegal changes nothing, the audit holds, and left alone the offer is over once and no
 * money is held for it.
 */
import { describe, expect, it } from "vitest"
import { booksView, contractView } from "../../../engine/index.ts"
import { emptyDigest } from "../../../engine/core/digest.ts"
import { pack, unpack } from "../../../engine/core/packed.ts"
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
  credit,
  hour,
  listing,
  literal,
  openHoursMarket,
  provider,
} from "../../support/hours.ts"
import { breathe } from "../../support/property.ts"

const stranger = 3
type WithoutTime<E> = E extends unknown ? Omit<E, "at"> : never
const answers: ReadonlyArray<WithoutTime<MarketEvent>> = [
  ...[consumer, provider, stranger].flatMap((by) => [
    { _tag: "ContractAccepted" as const, contract: 1, booking: 1, by },
    { _tag: "ContractClosed" as const, contract: 1, by },
  ]),
  { _tag: "GatewayResumed" },
]
/** At the beginning alone: the use of a listing is counted, and each history of it is a state of its own. */
const circumstances: ReadonlyArray<WithoutTime<MarketEvent>> = [
  { _tag: "NodeLost", node: listing },
  { _tag: "NodeReturned", node: listing },
  { _tag: "NodeRemoved", node: listing },
  { _tag: "ListingPhaseSet", listing, phase: "closed" },
  { _tag: "AccountsLinked", account: consumer, other: provider },
]

/** The rules are the same for all of them, and not compiled anew. */
const copyOf = (market: Market): Market => {
  const { economy, rules, seed, sink: _, ...state } = market
  const sink = { commands: [], digest: emptyDigest() }
  return { economy, rules, seed, sink, ...(unpack(pack(state)) as object) } as unknown as Market
}

const passTo = (market: Market, until: number): ReadonlyArray<Command> => {
  const out: Array<Command> = []
  while (nextWake(market) <= until) step(market, { _tag: "TimerFired", at: nextWake(market) }, out)
  step(market, { _tag: "TimerFired", at: until }, out)
  return out
}

const few = { strategies: { adjustMinutes: 1440 }, contracts: { offerHours: 4 } }
const starts = [undefined, 3 * hour] as const

describe.each([
  ["aitbc", literal(few)],
  ["aitbc-hardened", closedHoles({ ...few, contracts: { ...few.contracts, toLinked: false } })],
])("every state of an offer under %s", (_, economy) => {
  it.each(starts)("that starts at %s", async (startAt) => {
    const trial = openHoursMarket({ economy, consumerCredit: credit })
    trial.send({ _tag: "AccountOpened", account: stranger })
    trial.send({
      _tag: "ContractOffered",
      contract: 1,
      listing,
      client: consumer,
      by: provider,
      micros: 5 * hour,
      jobs: 1,
      memoryMib: 0,
      ratePerHour: 0.08 * credit,
      availabilityBps: 9500,
      hasPenalties: true,
      ...(startAt === undefined ? {} : { startAt }),
    })
    const seen = new Set<string>()
    const ends = new Set<string>()
    const queue = [trial.market]
    for (let here = queue.pop(); here !== undefined; here = queue.pop()) {
      await breathe()
      const digest = stateDigest(here)
      if (seen.has(digest)) continue
      seen.add(digest)
      auditMarket(here)
      if (contractView(here, 1) === undefined) continue
      expect(booksView(here).held).toBe(0)
      for (const deed of here.now === 0 ? [...answers, ...circumstances] : answers) {
        const next = copyOf(here)
        const at = deed._tag === "GatewayResumed" ? here.now + 2 * hour : here.now
        const commands: Array<Command> = []
        step(next, { ...deed, at } as MarketEvent, commands)
        const isRejected = commands[0]?._tag === "Rejected"
        if (isRejected) expect(stateDigest(next)).toBe(digest)
        for (const command of commands) if (command._tag === "CloseOffer") ends.add(command.outcome)
        // A gateway that is back takes its turn before it is away again.
        for (const command of passTo(next, next.now))
          if (command._tag === "CloseOffer") ends.add(command.outcome)
        queue.push(next)
      }
      const later = copyOf(here)
      passTo(later, here.now + hour)
      queue.push(later)
      const left = copyOf(here)
      const closed = passTo(left, here.now + 10 * hour).filter(({ _tag }) => _tag === "CloseOffer")
      expect(closed).toEqual([{ _tag: "CloseOffer", contract: 1, outcome: "expired" }])
      expect(booksView(left)).toMatchObject({ total: 0, held: 0 })
    }
    expect([...ends].toSorted()).toEqual(["accepted", "declined", "expired", "withdrawn"])
    expect(seen.size).toBeGreaterThan(20)
  })
})

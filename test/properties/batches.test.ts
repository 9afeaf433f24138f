/** Whole lives of batches: invariants 28, 29, 44 and 52 of them, beside calls and hosts that fail. */
import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { booksView, restore, snapshot } from "../../engine/index.ts"
import { auditMarket } from "../../engine/market/invariants.ts"
import { step } from "../../engine/market/market.ts"
import { stateDigest } from "../../engine/market/snapshot.ts"
import { open } from "../../engine/market/state/market-state.ts"
import { nextWake } from "../../engine/market/timers.ts"
import type { Command } from "../../engine/protocol/command.ts"
import type { MarketEvent, Outcome } from "../../engine/protocol/event.ts"
import { outcomes } from "../../engine/protocol/event.ts"
import type { Trial } from "../support/market.ts"
import { consumer, openSmallMarket } from "../support/market.ts"
import { batchEconomy, hour } from "../support/batches.ts"
import { assertProperty } from "../support/property.ts"
import { makeNaiveBatches } from "./naive-batches.ts"

type WithoutTime<E> = E extends unknown ? Omit<E, "at"> : never

const anyEconomy = fc.record({
  minItems: fc.integer({ min: 1, max: 6 }),
  discount: fc.constantFrom(0, 0.3, 0.3333, 1),
  windowHours: fc.constantFrom(1, 24),
  redo: fc.integer({ min: 0, max: 2 }),
  leaveFree: fc.constantFrom(0, 0.1, 0.5),
  mostIdleShare: fc.constantFrom(0, 0.5),
})

const anyDeed = fc.oneof(
  fc.record({
    do: fc.constant("open" as const),
    items: fc.integer({ min: 1, max: 8 }),
    hours: fc.constantFrom(undefined, 0.5, 2),
    price: fc.constantFrom(undefined, 1, 10_000_000),
  }),
  fc.record({
    do: fc.constant("item" as const),
    batch: fc.nat(3),
    item: fc.nat(8),
    tokens: fc.constantFrom(1, 7, 10),
  }),
  fc.record({
    do: fc.constant("end" as const),
    which: fc.nat(20),
    outcome: fc.oneof(
      { weight: 3, arbitrary: fc.constant<Outcome>("completed") },
      { weight: 2, arbitrary: fc.constantFrom(...outcomes) },
    ),
    tokens: fc.integer({ min: 0, max: 10 }),
  }),
  fc.record({ do: fc.constant("call" as const) }),
  fc.record({ do: fc.constant("cancel" as const), batch: fc.nat(3), by: fc.constantFrom(1, 1001) }),
  fc.record({ do: fc.constant("wait" as const), micros: fc.constantFrom(1, hour / 4, 3 * hour) }),
  fc.record({ do: fc.constant("away" as const), micros: fc.constantFrom(hour, 25 * hour) }),
  fc.record({ do: fc.constant("price" as const), price: fc.integer({ min: 1, max: 9_000_000 }) }),
)
type Deed = typeof anyDeed extends fc.Arbitrary<infer D> ? D : never
const anyLife = fc.array(anyDeed, { minLength: 1, maxLength: 50 })

const begin = (knobs: Parameters<typeof batchEconomy>[0]) => {
  const economy = batchEconomy(knobs)
  const trial: Trial = openSmallMarket({
    economy,
    nodes: 2,
    slots: 3,
    credit: 400,
    inputPricePerMtok: 0,
    outputPricePerMtok: 1_300_000,
  })
  const { market } = trial
  const naive = makeNaiveBatches({
    minItems: economy.batches.minItems,
    factorBps: 10_000 - Math.round(economy.batches.discount * 10_000),
    windowMicros: economy.batches.windowHours * hour,
    redo: economy.batches.redo,
    feeBps: economy.feeBps,
  })
  let price = 1_300_000
  const sent: Array<MarketEvent> = []
  const under = new Map<number, number>()

  const take = (event: MarketEvent): void => {
    sent.push(event)
    const commands = trial.sendRaw(event)
    naive.take(event, price, commands)
    for (const command of commands)
      if (command._tag === "Dispatch") under.set(command.request, command.attempt)
      else if (command._tag === "Finish" || command._tag === "Refuse") under.delete(command.request)
    auditMarket(market)
  }
  const send = (fact: WithoutTime<MarketEvent>): void => {
    if (nextWake(market) <= market.now) take({ _tag: "TimerFired", at: market.now })
    take({ ...fact, at: market.now } as MarketEvent)
  }
  const act = (deed: Deed): void => {
    const batches = [...naive.batches.keys()]
    switch (deed.do) {
      case "open":
        return send({
          _tag: "BatchOpened",
          batch: market.lastBatch + 1,
          account: consumer,
          model: 1,
          items: deed.items,
          inputTokens: deed.items * 10,
          maxTokens: deed.items * 10,
          ...(deed.hours === undefined ? {} : { deadline: market.now + deed.hours * hour }),
          ...(deed.price === undefined ? {} : { maxPricePerMtok: deed.price }),
        })
      case "item":
        return send({
          _tag: "RequestArrived",
          request: market.lastRequest + 1,
          account: consumer,
          model: 1,
          inputTokens: deed.tokens,
          maxTokens: deed.tokens,
          batch: batches[deed.batch % Math.max(1, batches.length)] ?? 99,
          item: deed.item,
        })
      case "call":
        return send({
          _tag: "RequestArrived",
          request: market.lastRequest + 1,
          account: consumer,
          model: 1,
          inputTokens: 10,
          maxTokens: 10,
        })
      case "end": {
        const [request, attempt] = [...under][deed.which % Math.max(1, under.size)] ?? [0, 0]
        const most = market.requests.slots.has(request)
          ? market.requests.columns.maxTokens[market.requests.slots.find(request)]!
          : 0
        const tokens = Math.min(deed.tokens, most)
        return send({
          _tag: "AttemptEnded",
          request,
          attempt,
          outcome: deed.outcome,
          outputTokens: tokens,
          reportedTokens: tokens,
          decodeMicros: 0,
          retryAfterMicros: 0,
        })
      }
      case "cancel":
        return send({ _tag: "BatchCancelled", batch: batches[deed.batch] ?? 99, by: deed.by })
      case "wait":
        return take({ _tag: "TimerFired", at: market.now + deed.micros })
      case "away":
        return take({ _tag: "GatewayResumed", at: market.now + deed.micros })
      case "price":
        send({
          _tag: "ModelListed",
          model: 1,
          inputPricePerMtok: 0,
          outputPricePerMtok: deed.price,
        })
        price = deed.price
    }
  }
  return { market, naive, sent, act, take }
}

describe("a random life of batches", () => {
  it("goes as the rule says, and every batch is over by its deadline (28, 29, 44)", async () => {
    let completed = 0
    await assertProperty(
      fc.property(anyEconomy, anyLife, (knobs, deeds) => {
        const life = begin(knobs)
        for (const deed of deeds) life.act(deed)
        life.take({ _tag: "TimerFired", at: life.market.now + 24 * hour })
        expect(life.naive.batches.size).toBe(0)
        expect(life.market.batches.slots.size).toBe(0)
        expect(booksView(life.market).total).toBe(0)
        completed += life.naive.closed.size
      }),
    )
    expect(completed).toBeGreaterThan(100)
  })

  it("goes on from a snapshot as if there had been none (52)", async () => {
    await assertProperty(
      fc.property(anyEconomy, anyLife, fc.nat(50), (knobs, deeds, cut) => {
        const life = begin(knobs)
        for (const deed of deeds.slice(0, cut)) life.act(deed)
        const copy = open(Either.getOrThrow(restore(structuredClone(snapshot(life.market)))))
        const from = life.sent.length
        for (const deed of deeds.slice(cut)) life.act(deed)
        const commands: Array<Command> = []
        for (const event of life.sent.slice(from)) step(copy, event, commands)
        expect(stateDigest(copy)).toBe(stateDigest(life.market))
      }),
      { share: 0.1 },
    )
  })
})

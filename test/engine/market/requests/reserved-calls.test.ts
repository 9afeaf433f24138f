/** Calls of whoever has reserved a machine: they look there first, at no further price or at any call's. */
import { describe, expect, it } from "vitest"
import {
  accountView,
  bookingView,
  booksView,
  instanceView,
  slaView,
} from "../../../../engine/index.ts"
import { auditMarket } from "../../../../engine/market/invariants.ts"
import type { EconomyPatch } from "../../../../engine/economy/derive.ts"
import type { Outcome } from "../../../../engine/protocol/event.ts"
import {
  consumer,
  credit,
  hour,
  listing,
  literal,
  openMachine,
  provider,
} from "../../../support/hours.ts"
import type { Fact, Trial } from "../../../support/market.ts"
import { commandsOf, rejectionOf } from "../../../support/market.ts"

const model = 1
const elsewhere = 90

const call = (request: number, more: object = {}): Fact =>
  ({
    _tag: "RequestArrived",
    request,
    account: consumer,
    model,
    inputTokens: 100,
    maxTokens: 1000,
    ...more,
  }) as Fact

const end = (request: number, attempt = 0, outcome: Outcome = "completed"): Fact => ({
  _tag: "AttemptEnded",
  request,
  attempt,
  outcome,
  outputTokens: outcome === "completed" ? 500 : 0,
  reportedTokens: outcome === "completed" ? 500 : 0,
  decodeMicros: 1_000_000,
  retryAfterMicros: 0,
})

/** The machine, reserved, and another one that serves the model too and has far more room. */
const opened = (patch: EconomyPatch = {}, terms: object = {}): Trial => {
  const trial = openMachine(
    literal({
      ramp: { start: 1 },
      routing: { maxRetries: 2 },
      pricing: { tokens: "model" },
      ...patch,
    }),
  )
  trial.send({ _tag: "AccountOpened", account: 9 })
  trial.send({ _tag: "NodeRegistered", node: elsewhere, account: 9 })
  trial.send({
    _tag: "InstanceStarted",
    instance: elsewhere,
    node: elsewhere,
    model,
    slots: 400,
    tokensPerSecond: 10_000,
    isPlatformAsked: false,
  })
  trial.send({
    _tag: "ContractOffered",
    contract: 1,
    listing,
    client: consumer,
    by: provider,
    micros: 10 * hour,
    jobs: 2,
    memoryMib: 1024,
    fee: credit,
    availabilityBps: 9500,
    hasPenalties: true,
    ...terms,
  } as Fact)
  trial.send({ _tag: "ContractAccepted", contract: 1, booking: 1, by: consumer })
  return trial
}
const begun = (patch: EconomyPatch = {}, terms: object = {}): Trial => {
  const trial = opened(patch, terms)
  trial.wait(0)
  expect(rejectionOf(trial.send({ _tag: "DeliveryStarted", booking: 1 }))).toBeUndefined()
  return trial
}

const placeOf = (trial: Trial, fact: Fact) => commandsOf(trial.send(fact), "Dispatch")[0]?.instance
const spentBy = (trial: Trial, before: ReturnType<typeof accountView>) =>
  (before?.bought ?? 0) - (accountView(trial.market, consumer)?.bought ?? 0)

describe("a call of whoever has reserved a machine", () => {
  it("goes there first and costs nothing more, as many at once as there are jobs", () => {
    const trial = begun()
    const before = accountView(trial.market, consumer)
    const places = [1, 2, 3].map((request) => placeOf(trial, call(request)))
    expect(places).toEqual([listing, listing, elsewhere])
    expect(bookingView(trial.market, 1)?.inFlight).toBe(2)
    expect(commandsOf(trial.send(end(1)), "Finish")).toMatchObject([{ charge: 0 }])
    auditMarket(trial.market)
    expect(placeOf(trial, call(4))).toBe(listing)
    expect(commandsOf(trial.send(end(3)), "Finish")[0]?.charge).toBeGreaterThan(0)
    expect(spentBy(trial, before)).toBeGreaterThan(0)
    expect(slaView(trial.market, 1)).toMatchObject({ successes: 1, failures: 0 })
  })

  it("is nobody else's, and only while it runs", () => {
    const trial = opened()
    const inside = () => bookingView(trial.market, 1)?.inFlight
    trial.send(call(1))
    trial.wait(0)
    trial.send(call(2))
    expect(inside()).toBe(0)
    trial.send({ _tag: "DeliveryStarted", booking: 1 })
    expect(placeOf(trial, call(3))).toBe(listing)
    trial.send({ _tag: "CreditsBought", transfer: 77, account: 9, amount: credit })
    trial.send(call(4, { account: 9 }))
    expect(inside()).toBe(1)
    trial.wait(10 * hour)
    expect(inside()).toBeUndefined()
    trial.send(call(5))
    expect(commandsOf(trial.send(end(5)), "Finish")[0]?.charge).toBeGreaterThan(0)
    auditMarket(trial.market)
  })

  it("goes on elsewhere where it fails there, and is paid for then", () => {
    const trial = begun()
    const before = accountView(trial.market, consumer)
    expect(placeOf(trial, call(1))).toBe(listing)
    const [again] = commandsOf(trial.send(end(1, 0, "upstreamError")), "Dispatch")
    expect(again).toMatchObject({ request: 1, attempt: 1, instance: elsewhere })
    auditMarket(trial.market)
    expect(booksView(trial.market).held).toBeGreaterThan(0)
    const [finish] = commandsOf(trial.send(end(1, 1)), "Finish")
    expect(finish?.charge).toBeGreaterThan(0)
    expect(spentBy(trial, before)).toBe(finish?.charge)
    expect(bookingView(trial.market, 1)?.inFlight).toBe(0)
    expect(slaView(trial.market, 1)).toMatchObject({ successes: 0, failures: 1 })
    auditMarket(trial.market)
  })

  it("goes on nowhere that is too dear for it, or where it has named its booking", () => {
    const trial = begun()
    trial.send(call(1, { maxPricePerMtok: 1 }))
    expect(commandsOf(trial.send(end(1, 0, "upstreamError")), "Refuse")).toMatchObject([
      { reason: "AttemptFailed" },
    ])
    trial.send(call(2, { booking: 1 }))
    expect(commandsOf(trial.send(end(2, 0, "upstreamError")), "Refuse")).toHaveLength(1)
    // What the consumer has asked wrongly is asked nobody again.
    trial.send(call(3))
    expect(commandsOf(trial.send(end(3, 0, "consumerError")), "Finish")).toHaveLength(1)
    auditMarket(trial.market)
  })

  it("passes by a machine that is gone", () => {
    const trial = begun()
    trial.send({ _tag: "NodeLost", node: listing })
    expect(placeOf(trial, call(1))).toBe(elsewhere)
  })

  it("passes by a machine that fails everybody", () => {
    const trial = begun()
    trial.send({ _tag: "CreditsBought", transfer: 77, account: 9, amount: credit })
    trial.send({ _tag: "AvailabilityChanged", instance: elsewhere, isAvailable: false })
    for (let request = 1; request < 4; request++) {
      expect(placeOf(trial, call(request, { account: 9 }))).toBe(listing)
      trial.send(end(request, 0, "upstreamError"))
    }
    expect(instanceView(trial.market, listing)?.reason).toBe("Parked")
    trial.send({ _tag: "AvailabilityChanged", instance: elsewhere, isAvailable: true })
    expect(placeOf(trial, call(4))).toBe(elsewhere)
    // Whoever names its booking may try it.
    expect(placeOf(trial, call(5, { booking: 1 }))).toBe(listing)
  })

  it("costs what any call costs where the fee does not cover it, and looks there first all the same", () => {
    const trial = begun({ reservation: { includesUse: false } }, { jobs: 0 })
    const places = [1, 2, 3, 4, 5].map((request) => placeOf(trial, call(request)))
    expect(places).toEqual([listing, listing, listing, listing, elsewhere])
    expect(commandsOf(trial.send(end(1)), "Finish")[0]?.charge).toBeGreaterThan(0)
    expect(rejectionOf(trial.send(call(6, { booking: 1 })))).toBe("WrongPhase")
    auditMarket(trial.market)
  })
})

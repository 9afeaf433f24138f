/** Calls that cost their time: at whose rate, how much is held and charged, and that dragging does not pay. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { accountView, booksView, instanceView } from "../../../../engine/index.ts"
import { auditMarket } from "../../../../engine/market/invariants.ts"
import { mostMicros } from "../../../../engine/rules/pricing/time-price.ts"
import type { EconomyPatch } from "../../../../engine/economy/derive.ts"
import {
  consumer,
  credit,
  hour,
  listing,
  literal,
  openListing,
  openMachine,
  provider,
} from "../../../support/hours.ts"
import type { Trial } from "../../../support/market.ts"
import { commandsOf, rejectionOf } from "../../../support/market.ts"
import { assertProperty } from "../../../support/property.ts"

const second = 1_000_000
const byTime = (pricing: EconomyPatch["pricing"] = {}, more: EconomyPatch = {}) =>
  literal({
    ramp: { start: 1 },
    routing: { selection: "leastLoaded" },
    ...more,
    pricing: { tokens: "listing", ...pricing },
  })

/** A second machine, at another rate, that serves the same model. */
const join = (trial: Trial, node: number, baseRate: number): void => {
  trial.send({ _tag: "NodeRegistered", node, account: provider })
  openListing(trial, { listing: node, baseRate })
  const machine = { model: 1, slots: 4, tokensPerSecond: 100, isPlatformAsked: false }
  trial.send({ _tag: "InstanceStarted", instance: node, node, ...machine })
}

const ask = (trial: Trial, request: number, more: { readonly maxRatePerHour?: number } = {}) => {
  const given = trial.send({
    _tag: "RequestArrived",
    request,
    account: consumer,
    model: 1,
    inputTokens: 10,
    maxTokens: 1000,
    ...more,
  })
  return commandsOf(given, "Dispatch")[0]?.instance ?? commandsOf(given, "Refuse")[0]?.reason
}

const end = (trial: Trial, request: number, outputTokens = 1000, attempt = 0) =>
  trial.send({
    _tag: "AttemptEnded",
    request,
    attempt,
    outcome: outputTokens > 0 ? "completed" : "upstreamError",
    outputTokens,
    reportedTokens: outputTokens,
    decodeMicros: second,
    retryAfterMicros: 0,
  })

const chargeOf = (trial: Trial, request: number, outputTokens?: number) =>
  commandsOf(end(trial, request, outputTokens), "Finish")[0]?.charge

describe("a call that costs its time", () => {
  it("is charged from dispatch to its end at the rate of its host's listing: 90 s at 0.15 cost 0.00375", () => {
    const trial = openMachine(byTime())
    openListing(trial, { baseRate: 0.15 * credit })
    expect(ask(trial, 1)).toBe(listing)
    // Ten minutes are held: the longest that is charged.
    expect(booksView(trial.market).held).toBe(0.025 * credit)
    trial.wait(90 * second)
    const [finish] = commandsOf(end(trial, 1), "Finish")
    expect(finish).toMatchObject({ charge: 3750, fee: 450, share: 3300 })
    expect(accountView(trial.market, provider as never)?.earned).toBe(3300)
    expect(booksView(trial.market)).toMatchObject({ total: 0, held: 0 })
  })

  it("never costs more than was held, however long it takes", () => {
    const trial = openMachine(byTime())
    ask(trial, 1)
    trial.wait(3 * hour)
    expect(chargeOf(trial, 1)).toBe(Math.ceil(0.1 * credit * (600 / 3600)))
  })

  it("goes to the cheapest that is on offer, and to nobody who is not", () => {
    const trial = openMachine(byTime())
    join(trial, 8, 0.05 * credit)
    expect(ask(trial, 1)).toBe(8)
    trial.send({ _tag: "ListingPhaseSet", listing: 8, phase: "paused" })
    expect(instanceView(trial.market, 8 as never)?.reason).toBe("Unlisted")
    expect(ask(trial, 2)).toBe(listing)
    trial.send({ _tag: "ListingPhaseSet", listing: 8, phase: "open" })
    expect(ask(trial, 3)).toBe(8)
    // A rate that changes is that of later calls.
    trial.wait(36 * second)
    openListing(trial, { listing: 8, baseRate: 0.2 * credit })
    expect(ask(trial, 4)).toBe(listing)
    expect(chargeOf(trial, 3)).toBe(500)
    for (const instance of [listing, 8])
      trial.send({ _tag: "ListingPhaseSet", listing: instance, phase: "closed" })
    expect(ask(trial, 5)).toBe("NoCapacity")
    auditMarket(trial.market)
  })

  it("accepts no rate above its consumer's, and none that it could not pay", () => {
    const trial = openMachine(byTime())
    join(trial, 8, 0.2 * credit)
    expect(ask(trial, 1, { maxRatePerHour: 0.1 * credit - 1 })).toBe("PriceTooHigh")
    expect(ask(trial, 2, { maxRatePerHour: 0.1 * credit })).toBe(listing)
    const poor = openMachine(byTime({ timeoutSeconds: 100 * 3600 }, {}))
    openListing(poor, { baseRate: 11 * credit })
    expect(ask(poor, 1)).toBe("InsufficientCredits")
  })

  it("that fails is tried at no higher a rate, and pays for the attempt that served it", () => {
    const trial = openMachine(byTime({}, { routing: { selection: "leastLoaded", maxRetries: 2 } }))
    join(trial, 8, 0.1 * credit)
    join(trial, 9, 0.2 * credit)
    const first = ask(trial, 1)
    trial.wait(100 * second)
    const [again] = commandsOf(end(trial, 1, 0), "Dispatch")
    expect([first, again?.instance].toSorted()).toEqual([listing, 8])
    trial.wait(36 * second)
    expect(commandsOf(end(trial, 1, 1000, 1), "Finish")).toMatchObject([{ charge: 1000 }])
    ask(trial, 2)
    end(trial, 2, 0)
    expect(commandsOf(end(trial, 2, 0, 1), "Refuse")).toMatchObject([{ reason: "AttemptFailed" }])
  })

  it("is no matter of prices per token", () => {
    const trial = openMachine(byTime())
    const price = { instance: listing, outputPricePerMtok: 1000 }
    expect(rejectionOf(trial.send({ _tag: "PriceSet", ...price }))).toBe("PricedByPlatform")
  })

  it("costs no more than its tokens account for, where that is the rule: whoever drags earns nothing by it", async () => {
    await assertProperty(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.nat(600), (tokens, seconds) => {
        const trial = openMachine(byTime({ timeCap: "tokens" }))
        openListing(trial, { baseRate: credit })
        ask(trial, 1)
        trial.wait(seconds * second)
        // Four streams share a hundred tokens a second.
        const most = mostMicros(tokens, 25)
        expect(most).toBe(Math.floor(1.25 * tokens * 40_000) + 5 * second)
        const micros = Math.min(seconds * second, most)
        expect(chargeOf(trial, 1, tokens)).toBe(Math.ceil((micros * credit) / hour))
      }),
      { share: 0.1 },
    )
  })
})

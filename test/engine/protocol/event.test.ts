import { Arbitrary, Either, FastCheck, JSONSchema, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { eventSchemas, MarketEvent } from "../../../engine/protocol/event.ts"
import { createMarket, step } from "../../../engine/market/market.ts"
import { pooled } from "../../../engine/economy/presets/pooled.ts"
import type { Command } from "../../../engine/protocol/command.ts"
import { rejections } from "../../../engine/protocol/command.ts"
import { PROPERTY_RUNS } from "../../support/property-runs.ts"

const decode = Schema.decodeUnknownEither(MarketEvent)

const withdrawal = { _tag: "WithdrawalRequested", at: 5, transfer: 1, account: 2, amount: 3 }

describe("the events' schema", () => {
  it("has every event by name", () => {
    expect(Object.keys(eventSchemas)).toHaveLength(59)
    expect(Either.isRight(decode(withdrawal))).toBe(true)
  })

  it.each([
    { ...withdrawal, at: -1 },
    { ...withdrawal, at: 0.5 },
    { ...withdrawal, amount: Number.NaN },
    { ...withdrawal, amount: 2 ** 53 },
    { ...withdrawal, transfer: "1" },
    { ...withdrawal, _tag: "Nothing" },
    { _tag: "WithdrawalRequested", at: 5 },
    null,
  ])("refuses %j", (wrong) => {
    expect(Either.isLeft(decode(wrong))).toBe(true)
  })

  it("lets a request name the highest price that it accepts, or none", () => {
    const request = {
      _tag: "RequestArrived",
      at: 0,
      request: 1,
      account: 1,
      model: 1,
      inputTokens: 1,
      maxTokens: 1,
    }
    expect(Either.isRight(decode(request))).toBe(true)
    expect(Either.isRight(decode({ ...request, maxPricePerMtok: 0 }))).toBe(true)
    expect(Either.isLeft(decode({ ...request, maxPricePerMtok: undefined }))).toBe(true)
  })

  it("documents itself as JSON Schema", () => {
    expect(JSONSchema.make(MarketEvent)).toHaveProperty("anyOf")
  })
})

describe("any event of the schema", () => {
  it("is taken by an empty market, or rejected with a reason: it never throws", () => {
    expect.hasAssertions()
    const event = Arbitrary.make(MarketEvent).filter((one) => one._tag !== "TimerFired")
    // Effect's own fast-check: its arbitraries come from a schema.
    FastCheck.assert(
      FastCheck.property(FastCheck.array(event, { maxLength: 12, size: "max" }), (events) => {
        const market = createMarket(pooled, "any")
        const out: Array<Command> = []
        for (const one of events) step(market, one, out)
        // Whatever is taken gives commands of its own or none, and whatever is not gives its reason.
        const rejected = out.flatMap((one) => (one._tag === "Rejected" ? [one.reason] : []))
        expect(rejections).toEqual(expect.arrayContaining(rejected))
      }),
      { numRuns: PROPERTY_RUNS },
    )
  })
})

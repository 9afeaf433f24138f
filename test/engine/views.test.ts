import { describe, expect, it } from "vitest"
import { breakerStateOf, instanceView, marketView } from "../../engine/views.ts"
import { call, economyWith, openSmallMarket, viewOf } from "../support/market.ts"

const second = 1_000_000

describe("the view of an instance", () => {
  it("shows it as it stands, in the units of the rules", () => {
    const trial = openSmallMarket({ nodes: 2, slots: 20, tokensPerSecond: 70 })
    trial.wait(84 * 3600 * second)
    expect(viewOf(trial, 2)).toEqual({
      instance: 2,
      node: 2,
      account: 1002,
      model: 1,
      reason: "Eligible",
      breaker: "closed",
      inFlight: 0,
      capacity: 11,
      slots: 20,
      tokensPerSecond: 70,
      ramp: 0.55,
      health: 0.98,
      onlineMicros: 84 * 3600 * second,
      reduction: 0,
      maxMultiplier: 1.13,
      parks: 0,
    })
  })

  it("is none where there is no instance", () => {
    const trial = openSmallMarket()
    expect(instanceView(trial.market, 7)).toBeUndefined()
    expect(breakerStateOf(trial.market, 7)).toBeUndefined()
  })

  it("names the states of the breaker", () => {
    const economy = economyWith({ routing: { maxRetries: 0 } })
    const trial = openSmallMarket({ economy })
    const states = [breakerStateOf(trial.market, 1)]
    for (let request = 1; request <= 3; request++) call(trial, request, "stalled")
    states.push(breakerStateOf(trial.market, 1))
    trial.wait(15 * second)
    states.push(breakerStateOf(trial.market, 1))
    expect(states).toEqual(["closed", "open", "halfOpen"])
  })
})

describe("the view of the market", () => {
  it("shows every model, by listing", () => {
    const trial = openSmallMarket({ nodes: 3 })
    trial.send({ _tag: "ModelListed", model: 9, inputPricePerMtok: 1, outputPricePerMtok: 1 })
    expect(marketView(trial.market)).toEqual([
      { model: 1, instances: 3, multiplier: 1, demandTokensPerSecond: 0, supplyTokensPerSecond: 0 },
      { model: 9, instances: 0, multiplier: 1, demandTokensPerSecond: 0, supplyTokensPerSecond: 0 },
    ])
    trial.wait(3600 * second)
    expect(marketView(trial.market)[0]?.supplyTokensPerSecond).toBeCloseTo(30 + 2.7 / 1.68, 9)
  })
})

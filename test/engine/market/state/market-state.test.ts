import { describe, expect, it } from "vitest"
import { pooled } from "../../../../engine/economy/presets/pooled.ts"
import { makeMarket, partyOf } from "../../../../engine/market/state/market-state.ts"
import { nextWake } from "../../../../engine/market/timers.ts"
import { slotOf } from "../../../../engine/core/table.ts"
import { call, openSmallMarket, startInstance, viewOf } from "../../../support/market.ts"

const second = 1_000_000
const hour = 3600 * second

describe("an empty market", () => {
  it("stands at time 0, and wakes for the turn of the hour only", () => {
    const market = makeMarket(pooled, "s", 1)
    expect([market.now, nextWake(market)]).toEqual([0, hour])
  })
})

describe("the next wake", () => {
  it("is the earliest of what any instance, any node and the hour want", () => {
    const trial = openSmallMarket()
    trial.wait(10 * second)
    expect(nextWake(trial.market)).toBe(hour)
    trial.send({ _tag: "HeartbeatReceived", node: 1 })
    expect(nextWake(trial.market)).toBe(100 * second)
    for (let request = 1; request <= 3; request++) call(trial, request, "stalled")
    expect(nextWake(trial.market)).toBe(25 * second)
  })
})

describe("the memory of instances", () => {
  it("grows with their number, and keeps every one's state", () => {
    const trial = openSmallMarket({ slots: 1000, tokensPerSecond: 1e6 })
    for (let request = 1; request <= 2; request++) call(trial, request, "stalled")
    for (let instance = 2; instance <= 200; instance++) startInstance(trial, { instance, node: 1 })
    expect(viewOf(trial, 200)).toMatchObject({ reason: "Eligible", health: 0.95 })
    expect(viewOf(trial, 1).health).toBeLessThan(0.95)
    for (let instance = 2; instance <= 200; instance++)
      trial.send({ _tag: "InstanceStopped", instance })
    call(trial, 3, "stalled")
    expect(viewOf(trial, 1).reason).toBe("Parked")
  })
})

describe("a party", () => {
  it("is an account by itself until it is linked", () => {
    const trial = openSmallMarket({ nodes: 2 })
    const parties = [1, 1001, 1002].map((id) =>
      partyOf(trial.market, slotOf(trial.market.accounts, id)),
    )
    expect(new Set(parties).size).toBe(3)
  })
})

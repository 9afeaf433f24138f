import { describe, expect, it } from "vitest"
import { hardened } from "../../../../engine/economy/presets/hardened.ts"
import { pooled } from "../../../../engine/economy/presets/pooled.ts"
import { marketView } from "../../../../engine/market/views/model-view.ts"
import {
  arrive,
  commandsOf,
  economyWith,
  endAttempt,
  openSmallMarket,
  startInstance,
  viewOf,
} from "../../../support/market.ts"
import type { Trial } from "../../../support/market.ts"

const hour = 3_600_000_000
const week = 168 * hour

const bootstrapping = (base = pooled) => economyWith({ ramp: { bootstrapShare: 0.25 } }, base)

const rampStart = (trial: Trial) => marketView(trial.market)[0]?.rampStart

/** Of 8 calls at once, how many a market of two new nodes with 4 slots each takes. */
const takenOfEight = (trial: Trial): number => {
  for (let request = 1; request <= 8; request++) arrive(trial, request)
  return commandsOf(trial.commands, "Dispatch").length
}

describe("a market in which everyone is new", () => {
  it("takes calls with all of its slots, where without bootstrapping it refuses most", () => {
    expect(takenOfEight(openSmallMarket({ nodes: 2 }))).toBe(2)
    expect(takenOfEight(openSmallMarket({ nodes: 2, economy: bootstrapping() }))).toBe(8)
    expect(takenOfEight(openSmallMarket({ nodes: 2, economy: bootstrapping(hardened) }))).toBe(8)
  })

  it("caps nobody's rate either", () => {
    const trial = openSmallMarket({ economy: bootstrapping(), tokensPerSecond: 1 })
    for (let request = 1; request <= 20; request++) {
      arrive(trial, request)
      endAttempt(trial, request)
    }
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Eligible", ramp: 1, capacity: 4 })
  })
})

describe("a market whose first nodes are past their ramp", () => {
  /** One node that is past its ramp, and then others, each with as many tokens/s. */
  const withNewcomers = (newcomers: number): Trial => {
    const trial = openSmallMarket({ economy: bootstrapping() })
    trial.wait(week)
    for (let node = 2; node <= newcomers + 1; node++) {
      trial.send({ _tag: "NodeRegistered", node, account: 1 })
      startInstance(trial, { instance: node, node })
    }
    return trial
  }

  it("ramps newcomers as ever while the established have enough of the supply", () => {
    const trial = withNewcomers(1)
    expect(rampStart(trial)).toBe(0.1)
    expect(viewOf(trial, 2)).toMatchObject({ capacity: 1, ramp: 0.1 })
    trial.wait(hour)
    expect(rampStart(trial)).toBe(0.1)
  })

  it("lifts the ramp from the next hour on where too little of the supply is established, and no sooner", () => {
    const trial = withNewcomers(7)
    expect(viewOf(trial, 2).capacity).toBe(1)
    trial.wait(hour)
    // An eighth is established and a quarter asked for: half of the way from 0.1 to 1.
    expect(rampStart(trial)).toBeCloseTo(0.55, 12)
    expect(viewOf(trial, 2).capacity).toBe(2)
  })

  it("is led by who can serve: an established node that is lost no longer counts", () => {
    const trial = withNewcomers(1)
    trial.send({ _tag: "NodeLost", node: 1 })
    trial.wait(hour)
    expect(rampStart(trial)).toBe(1)
    expect(viewOf(trial, 2).capacity).toBe(4)
    trial.send({ _tag: "NodeReturned", node: 1 })
    trial.wait(hour)
    expect(rampStart(trial)).toBe(0.1)
    expect(viewOf(trial, 2).capacity).toBe(1)
  })

  it("lets go on what a node has under way beyond its slots when the ramp comes back", () => {
    const trial = withNewcomers(1)
    trial.send({ _tag: "NodeLost", node: 1 })
    trial.wait(hour)
    for (let request = 1; request <= 4; request++) arrive(trial, request)
    expect(viewOf(trial, 2).inFlight).toBe(4)
    trial.send({ _tag: "NodeReturned", node: 1 })
    trial.wait(hour)
    expect(viewOf(trial, 2)).toMatchObject({ inFlight: 4, capacity: 1, reason: "Full" })
    for (let request = 1; request <= 4; request++) endAttempt(trial, request)
    expect(viewOf(trial, 2).inFlight).toBe(0)
  })
})

import { describe, expect, it } from "vitest"
import { economies } from "../../../engine/economy/presets/index.ts"
import type { EconomyPatch } from "../../../engine/economy/derive.ts"
import { digestOf } from "../../../engine/market/market.ts"
import { stateDigest } from "../../../engine/market/snapshot.ts"
import { nextWake } from "../../../engine/market/timers.ts"
import { marketView } from "../../../engine/market/views/model-view.ts"
import {
  call,
  commandsOf,
  economyWith,
  openSmallMarket,
  openTrial,
  rejectionOf,
  viewOf,
} from "../../support/market.ts"
import type { Trial } from "../../support/market.ts"

const second = 1_000_000
const hour = 3600 * second
const endOfTime = Number.MAX_SAFE_INTEGER

/** A market that has served, paid bounties, vested and parked, and of which one node is lost. */
const lived = (patch: EconomyPatch, name: string): Trial => {
  const economy = economyWith(
    {
      ramp: { start: 1, successes: 0 },
      trust: { tiers: [{ name: "all", onlineDays: 0, minHealth: 0, maxMultiplier: 2 }] },
      ...patch,
    },
    economies[name],
  )
  const trial = openSmallMarket({ economy, nodes: 3, tokensPerSecond: 1, seed: "hours" })
  trial.send({ _tag: "PoolFunded", transfer: 9, amount: 50 })
  for (let request = 1; request <= 60; request++) {
    call(trial, request, request % 9 === 0 ? "stalled" : "completed")
    trial.wait(200 * second)
  }
  trial.send({ _tag: "NodeLost", node: 2 })
  return trial
}

describe("idle hours", () => {
  it.each(Object.keys(economies))(
    "turned in one go lead where one by one would have: %s",
    (name) => {
      const patch = {
        health: { windowHours: 30 },
        ramp: { start: 1, successes: 0, onlineHours: 9 },
      }
      for (const hours of [31, 500, 4001]) {
        const [atOnce, inSteps] = [lived(patch, name), lived(patch, name)]
        atOnce.wait(hours * hour)
        for (let i = 0; i < hours; i++) inSteps.wait(hour)
        expect(digestOf(atOnce.market)).toBe(digestOf(inSteps.market))
        expect(stateDigest(atOnce.market)).toBe(stateDigest(inSteps.market))
        expect(viewOf(atOnce, 1).onlineMicros).toBeGreaterThan(hours * hour)
        for (const trial of [atOnce, inSteps]) call(trial, 1000)
        expect(digestOf(atOnce.market)).toBe(digestOf(inSteps.market))
      }
    },
  )

  // One by one, they would take minutes.
  it("go by at any number of them, to the end of time", { timeout: 5000 }, () => {
    const many = openSmallMarket({ economy: economyWith({ ramp: { start: 1 } }), nodes: 500 })
    many.wait(400 * hour)
    for (const trial of [openTrial(), openSmallMarket({ nodes: 0 }), many]) {
      trial.sendRaw({ _tag: "TimerFired", at: endOfTime })
      expect(trial.market.now).toBe(endOfTime)
    }
    const trial = lived({}, "hardened")
    trial.wait(400 * hour)
    // The premium that was announced for a week has been taken back by then.
    expect(trial.sendRaw({ _tag: "TimerFired", at: endOfTime })).toEqual([])
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Eligible", health: 0.99 })
    expect(marketView(trial.market)[0]?.demandTokensPerSecond).toBe(0)
    expect(nextWake(trial.market)).toBeGreaterThan(endOfTime)
  })

  it("end with the next timer of an instance, each at its own time", () => {
    const trial = openTrial()
    trial.wait(3000 * hour)
    trial.send({ _tag: "AccountOpened", account: 1 })
    trial.send({ _tag: "NodeRegistered", node: 1, account: 1 })
    trial.send({ _tag: "HeartbeatReceived", node: 1 })
    const fired = trial.sendRaw({ _tag: "TimerFired", at: 8000 * hour })
    expect(commandsOf(fired, "FailOver")).toEqual([{ _tag: "FailOver", node: 1 }])
  })
})

describe("a timer of an instance that is overdue by more than a year", () => {
  it("is not fired one by one with all that would follow: the driver has to say where it was", () => {
    const trial = openSmallMarket({ economy: economyWith({ routing: { maxRetries: 0 } }) })
    for (let request = 1; request <= 3; request++) call(trial, request, "stalled")
    const before = stateDigest(trial.market)
    const due = nextWake(trial.market)
    const late = due + 366 * 24 * hour + 1
    expect(rejectionOf(trial.sendRaw({ _tag: "TimerFired", at: endOfTime }))).toBe("TooFarAhead")
    expect(rejectionOf(trial.sendRaw({ _tag: "TimerFired", at: late }))).toBe("TooFarAhead")
    expect(stateDigest(trial.market)).toBe(before)
    const back = trial.sendRaw({ _tag: "GatewayResumed", at: endOfTime })
    expect(back.map((one) => one._tag)).toEqual(["Probe"])
    expect(trial.market.now).toBe(endOfTime)
  })
})

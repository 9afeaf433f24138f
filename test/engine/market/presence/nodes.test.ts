import { describe, expect, it } from "vitest"
import {
  arrive,
  call,
  commandsOf,
  economyWith,
  endAttempt,
  openSmallMarket,
  rejectionOf,
  startInstance,
  viewOf,
} from "../../../support/market.ts"
import type { Trial } from "../../../support/market.ts"

const second = 1_000_000
const hour = 3600 * second

const beat = (trial: Trial, node = 1) => trial.send({ _tag: "HeartbeatReceived", node })
const isActive = (trial: Trial) => viewOf(trial, 1).reason !== "Inactive"

describe("a node with heartbeats", () => {
  it("is lost when it has missed three, and not a microsecond before", () => {
    const trial = openSmallMarket()
    beat(trial)
    trial.wait(90 * second - 1)
    expect(isActive(trial)).toBe(true)
    // The driver is told, so that it can end the node's attempts.
    expect(trial.wait(1)).toEqual([{ _tag: "FailOver", node: 1 }])
    expect(isActive(trial)).toBe(false)
    expect(call(trial, 1)).toBe(-1)
  })

  it("lives on with every one of them", () => {
    const trial = openSmallMarket()
    for (let i = 0; i < 20; i++) {
      beat(trial)
      trial.wait(89 * second)
    }
    expect(isActive(trial)).toBe(true)
    trial.wait(second)
    expect(isActive(trial)).toBe(false)
  })

  it("comes back with the next one, and is watched again", () => {
    const trial = openSmallMarket()
    beat(trial)
    trial.wait(hour)
    beat(trial)
    expect(isActive(trial)).toBe(true)
    trial.wait(90 * second)
    expect(isActive(trial)).toBe(false)
  })

  it("is watched from its first one after a loss that the driver reported", () => {
    const trial = openSmallMarket()
    beat(trial)
    trial.send({ _tag: "NodeLost", node: 1 })
    trial.wait(10 * second)
    trial.send({ _tag: "NodeReturned", node: 1 })
    trial.wait(89 * second)
    expect(isActive(trial)).toBe(true)
    trial.wait(second)
    expect(isActive(trial)).toBe(false)
  })
})

describe("a node without heartbeats", () => {
  it("is lost and returns when the driver says so", () => {
    const trial = openSmallMarket()
    trial.wait(100 * hour)
    expect(isActive(trial)).toBe(true)
    trial.send({ _tag: "NodeLost", node: 1 })
    expect(isActive(trial)).toBe(false)
    trial.wait(100 * hour)
    trial.send({ _tag: "NodeReturned", node: 1 })
    expect(isActive(trial)).toBe(true)
    trial.wait(100 * hour)
    expect(isActive(trial)).toBe(true)
  })
})

describe("online time", () => {
  it("accumulates while the node is online, and only then", () => {
    const trial = openSmallMarket()
    trial.wait(10 * hour + 7)
    trial.send({ _tag: "NodeLost", node: 1 })
    trial.wait(50 * hour)
    expect(viewOf(trial, 1).onlineMicros).toBe(10 * hour + 7)
    trial.send({ _tag: "NodeReturned", node: 1 })
    trial.wait(5 * hour)
    expect(viewOf(trial, 1).onlineMicros).toBe(15 * hour + 7)
    expect(viewOf(trial, 1).ramp).toBeCloseTo(0.1 + (0.9 * 15) / 168, 9)
  })

  it("is none for an instance that starts on a lost node", () => {
    const trial = openSmallMarket()
    trial.send({ _tag: "NodeLost", node: 1 })
    startInstance(trial, { instance: 2, node: 1 })
    trial.wait(hour)
    expect(viewOf(trial, 2)).toMatchObject({ reason: "Inactive", onlineMicros: 0 })
    trial.send({ _tag: "NodeReturned", node: 1 })
    expect(viewOf(trial, 2).reason).toBe("Eligible")
  })

  it("runs on until the silence is noticed", () => {
    const trial = openSmallMarket()
    beat(trial)
    trial.wait(hour)
    expect(viewOf(trial, 1).onlineMicros).toBe(90 * second)
  })
})

describe("a lost node", () => {
  it("keeps its attempts, whose ends still count", () => {
    const trial = openSmallMarket()
    arrive(trial, 1)
    trial.send({ _tag: "NodeLost", node: 1 })
    expect(viewOf(trial, 1).inFlight).toBe(1)
    expect(commandsOf(endAttempt(trial, 1), "Finish")).toHaveLength(1)
    expect(viewOf(trial, 1).inFlight).toBe(0)
  })
})

describe("a node's removal", () => {
  it("takes all its instances with it", () => {
    const trial = openSmallMarket()
    for (const instance of [2, 3]) startInstance(trial, { instance, node: 1 })
    beat(trial)
    expect(trial.send({ _tag: "NodeRemoved", node: 1 })).toEqual([])
    expect(call(trial, 1)).toBe(-1)
    expect(rejectionOf(trial.send({ _tag: "InstanceStopped", instance: 2 }))).toBe(
      "UnknownInstance",
    )
    trial.wait(hour)
    expect(rejectionOf(beat(trial))).toBe("UnknownNode")
  })

  it("waits until no attempt is in flight", () => {
    const trial = openSmallMarket({ economy: economyWith({ ramp: { start: 1 } }) })
    arrive(trial, 1)
    expect(rejectionOf(trial.send({ _tag: "NodeRemoved", node: 1 }))).toBe("AttemptsInFlight")
    endAttempt(trial, 1)
    expect(trial.send({ _tag: "NodeRemoved", node: 1 })).toEqual([])
  })
})

describe("what cannot be", () => {
  it("is rejected", () => {
    const trial = openSmallMarket()
    const reasons = [
      { _tag: "NodeRegistered", node: 1, account: 1 },
      { _tag: "NodeRegistered", node: 2, account: 99 },
      { _tag: "NodeRegistered", node: 2.5, account: 1 },
      { _tag: "HeartbeatReceived", node: 9 },
      { _tag: "NodeLost", node: 9 },
      { _tag: "NodeReturned", node: 9 },
      { _tag: "NodeReturned", node: 1 },
      { _tag: "NodeRemoved", node: 9 },
    ] as const
    expect(reasons.map((fact) => rejectionOf(trial.send(fact)))).toEqual([
      "DuplicateNode",
      "UnknownAccount",
      "InvalidQuantity",
      "UnknownNode",
      "UnknownNode",
      "UnknownNode",
      "AlreadyOnline",
      "UnknownNode",
    ])
    trial.send({ _tag: "NodeLost", node: 1 })
    expect(rejectionOf(trial.send({ _tag: "NodeLost", node: 1 }))).toBe("AlreadyLost")
  })
})

import { describe, expect, it } from "vitest"
import { hardened } from "../../../../engine/economy/presets/hardened.ts"
import { slotOf } from "../../../../engine/core/table.ts"
import { marketView } from "../../../../engine/market/views/model-view.ts"
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

const hour = 3_600_000_000

const listModel = (trial: Trial, model: number) =>
  trial.send({ _tag: "ModelListed", model, inputPricePerMtok: 1, outputPricePerMtok: 1 })

const switchTo = (trial: Trial, model: number, { isPlatformAsked = false, slots = 4 } = {}) =>
  trial.send({
    _tag: "ModelSwitched",
    instance: 1,
    model,
    slots,
    tokensPerSecond: 100,
    isPlatformAsked,
  })

const open = () => {
  const trial = openSmallMarket()
  for (const model of [2, 3]) listModel(trial, model)
  return trial
}

describe("an instance that starts", () => {
  it("is a candidate at once, at the start of its ramp", () => {
    const trial = openSmallMarket({ slots: 40 })
    expect(viewOf(trial, 1)).toMatchObject({
      reason: "Eligible",
      ramp: 0.1,
      capacity: 4,
      health: 0.95,
    })
    expect(call(trial, 1)).toBe(1)
  })

  it("is measured before it is one, where capacity is verified, and counts the lesser slots", () => {
    const trial = openSmallMarket({
      economy: economyWith({ ramp: { start: 1 } }, hardened),
      nodes: 0,
    })
    trial.send({ _tag: "AccountOpened", account: 5 })
    trial.send({ _tag: "NodeRegistered", node: 1, account: 5 })
    const started = trial.send({
      _tag: "InstanceStarted",
      instance: 1,
      node: 1,
      model: 1,
      slots: 64,
      tokensPerSecond: 800,
      isPlatformAsked: false,
    })
    expect(started).toEqual([{ _tag: "Measure", instance: 1, measurement: 1 }])
    expect(viewOf(trial, 1).reason).toBe("Unverified")
    expect(call(trial, 1)).toBe(-1)
    trial.send({
      _tag: "CapacityMeasured",
      instance: 1,
      measurement: 1,
      slots: 8,
      tokensPerSecond: 900,
    })
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Eligible", slots: 8, tokensPerSecond: 800 })
    expect(call(trial, 2)).toBe(1)
  })

  it.each([
    [{ instance: 1 }, "DuplicateInstance"],
    [{ instance: -2 }, "InvalidQuantity"],
    [{ node: 9 }, "UnknownNode"],
    [{ model: 9 }, "UnknownModel"],
    [{ slots: 0 }, "InvalidQuantity"],
    [{ slots: 1025 }, "InvalidQuantity"],
    [{ slots: 1.5 }, "InvalidQuantity"],
    [{ tokensPerSecond: 0 }, "InvalidQuantity"],
    [{ tokensPerSecond: Number.NaN }, "InvalidQuantity"],
  ])("%j is rejected: %s", (wrong, reason) => {
    const fact = {
      _tag: "InstanceStarted",
      instance: 2,
      node: 1,
      model: 1,
      slots: 4,
      tokensPerSecond: 100,
      isPlatformAsked: false,
      ...wrong,
    } as const
    expect(rejectionOf(openSmallMarket().send(fact))).toBe(reason)
  })
})

describe("a model switch", () => {
  it("halves the payout, decaying over 72 h, and keeps the instance's history", () => {
    const trial = open()
    trial.wait(10 * hour)
    for (let request = 1; request <= 50; request++) {
      call(trial, request)
      trial.wait(20_000_000)
    }
    const before = viewOf(trial, 1)
    expect(before.reduction).toBe(0)
    switchTo(trial, 2)
    const after = viewOf(trial, 1)
    expect(after).toMatchObject({
      model: 2,
      reduction: 0.5,
      health: before.health,
      ramp: before.ramp,
    })
    trial.wait(36 * hour)
    expect(viewOf(trial, 1).reduction).toBe(0.25)
    switchTo(trial, 3)
    expect(viewOf(trial, 1).reduction).toBe(0.75)
    switchTo(trial, 2)
    expect(viewOf(trial, 1).reduction).toBe(0.9)
    trial.wait(72 * hour)
    expect(viewOf(trial, 1).reduction).toBe(0)
  })

  it("is free where the platform asked for it", () => {
    const trial = open()
    switchTo(trial, 2, { isPlatformAsked: true })
    expect(viewOf(trial, 1)).toMatchObject({ model: 2, reduction: 0 })
  })

  it("takes the instance out of the one model and into the other", () => {
    const trial = open()
    switchTo(trial, 2)
    expect(call(trial, 1)).toBe(-1)
    expect(commandsOf(arrive(trial, 2, { servedModel: 2 }), "Dispatch")).toHaveLength(1)
    expect(marketView(trial.market).map((one) => one.instances)).toEqual([0, 1, 0])
  })

  it("forgets what was measured of the other model", () => {
    const trial = openSmallMarket({ economy: hardened })
    listModel(trial, 2)
    expect(viewOf(trial, 1).reason).toBe("Eligible")
    expect(commandsOf(switchTo(trial, 2), "Measure")).toEqual([
      { _tag: "Measure", instance: 1, measurement: 2 },
    ])
    expect(viewOf(trial, 1).reason).toBe("Unverified")
  })

  it("ends a drain", () => {
    const trial = open()
    trial.send({ _tag: "InstanceDrained", instance: 1 })
    expect(viewOf(trial, 1).reason).toBe("Draining")
    switchTo(trial, 2)
    expect(viewOf(trial, 1).reason).toBe("Eligible")
  })

  it("is rejected where it cannot be", () => {
    const trial = open()
    expect(rejectionOf(switchTo(trial, 1))).toBe("SameModel")
    expect(rejectionOf(switchTo(trial, 9))).toBe("UnknownModel")
    expect(rejectionOf(switchTo(trial, 2, { slots: 0 }))).toBe("InvalidQuantity")
    arrive(trial, 1)
    expect(rejectionOf(switchTo(trial, 2))).toBe("AttemptsInFlight")
    trial.send({ _tag: "InstanceStopped", instance: 1 })
    expect(rejectionOf(switchTo(trial, 2))).toBe("InstanceStopping")
    endAttempt(trial, 1)
    expect(rejectionOf(switchTo(trial, 2))).toBe("UnknownInstance")
  })
})

describe("removing an instance", () => {
  it("and starting another model on the node is a switch", () => {
    const trial = open()
    trial.send({ _tag: "InstanceStopped", instance: 1 })
    startInstance(trial, { instance: 7, node: 1, servedModel: 2 })
    expect(viewOf(trial, 7).reduction).toBe(0.5)
  })

  it("and starting the same model again is none, nor one that the platform asked for", () => {
    const trial = open()
    trial.send({ _tag: "InstanceStopped", instance: 1 })
    startInstance(trial, { instance: 7, node: 1 })
    expect(viewOf(trial, 7).reduction).toBe(0)
    trial.send({ _tag: "InstanceStopped", instance: 7 })
    startInstance(trial, { instance: 8, node: 1, servedModel: 2, isPlatformAsked: true })
    expect(viewOf(trial, 8).reduction).toBe(0)
  })

  it("does not shed the reduction, which is the node's", () => {
    const trial = open()
    switchTo(trial, 2)
    trial.send({ _tag: "InstanceStopped", instance: 1 })
    startInstance(trial, { instance: 7, node: 1, servedModel: 2 })
    expect(viewOf(trial, 7).reduction).toBe(0.5)
  })

  it("restarts ramp and health, so that whitewashing costs a ramp", () => {
    const trial = open()
    trial.wait(100 * hour)
    expect(viewOf(trial, 1).ramp).toBeGreaterThan(0.6)
    call(trial, 1, "stalled")
    trial.send({ _tag: "InstanceStopped", instance: 1 })
    startInstance(trial, { instance: 1, node: 1 })
    expect(viewOf(trial, 1)).toMatchObject({ ramp: 0.1, health: 0.95, onlineMicros: 0, parks: 0 })
  })

  it("waits for its attempts, takes no new ones, and then is gone", () => {
    const trial = openSmallMarket({ economy: economyWith({ ramp: { start: 1 } }) })
    for (const request of [1, 2]) arrive(trial, request)
    trial.send({ _tag: "InstanceStopped", instance: 1 })
    expect(viewOf(trial, 1).reason).toBe("Draining")
    expect(call(trial, 3)).toBe(-1)
    const again = trial.send({ _tag: "InstanceStopped", instance: 1 })
    expect(rejectionOf(again)).toBe("InstanceStopping")
    endAttempt(trial, 1)
    expect(viewOf(trial, 1).inFlight).toBe(1)
    endAttempt(trial, 2)
    expect(slotOf(trial.market.instances, 1)).toBe(-1)
    expect(marketView(trial.market)[0]?.instances).toBe(0)
  })

  it("finds the right one among several of a node", () => {
    for (const order of [
      [1, 2, 3],
      [3, 1, 2],
      [2, 3, 1],
    ]) {
      const trial = openSmallMarket()
      for (const instance of [2, 3]) startInstance(trial, { instance, node: 1 })
      for (const instance of order) {
        trial.send({ _tag: "InstanceStopped", instance })
        expect(slotOf(trial.market.instances, instance)).toBe(-1)
        const lost = trial.send({ _tag: "NodeLost", node: 1 })
        expect(rejectionOf(lost)).toBeUndefined()
        trial.send({ _tag: "NodeReturned", node: 1 })
      }
      expect(call(trial, 1)).toBe(-1)
    }
  })
})

describe("schedule, drain and credential", () => {
  it("take an instance out and back in", () => {
    const trial = openSmallMarket()
    trial.send({ _tag: "AvailabilityChanged", instance: 1, isAvailable: false })
    expect(viewOf(trial, 1).reason).toBe("OffSchedule")
    expect(call(trial, 1)).toBe(-1)
    trial.send({ _tag: "AvailabilityChanged", instance: 1, isAvailable: true })
    expect(call(trial, 2)).toBe(1)
    call(trial, 3, "credentialRefused")
    expect(viewOf(trial, 1).reason).toBe("Suspended")
    expect(call(trial, 4)).toBe(-1)
    trial.send({ _tag: "CredentialReplaced", instance: 1 })
    expect(call(trial, 5)).toBe(1)
    const again = trial.send({ _tag: "CredentialReplaced", instance: 1 })
    expect(rejectionOf(again)).toBe("NotSuspended")
  })

  it("know only instances that there are", () => {
    const trial = openSmallMarket()
    for (const fact of [
      { _tag: "AvailabilityChanged", isAvailable: true },
      { _tag: "InstanceDrained" },
      { _tag: "InstanceStopped" },
      { _tag: "CredentialReplaced" },
      { _tag: "CapacityMeasured", measurement: 1, slots: 1, tokensPerSecond: 1 },
    ] as const)
      expect(rejectionOf(trial.send({ ...fact, instance: 99 }))).toBe("UnknownInstance")
  })

  it("and a measurement need quantities that can be", () => {
    const trial = openSmallMarket({ economy: hardened })
    for (const wrong of [{ slots: 0 }, { slots: 2000 }, { tokensPerSecond: -1 }])
      expect(
        rejectionOf(
          trial.send({
            _tag: "CapacityMeasured",
            instance: 1,
            measurement: 1,
            slots: 4,
            tokensPerSecond: 100,
            ...wrong,
          }),
        ),
      ).toBe("InvalidQuantity")
  })
})

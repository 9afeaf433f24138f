import { describe, expect, it } from "vitest"
import type { Command } from "../../../../engine/protocol/command.ts"
import { hardened } from "../../../../engine/economy/presets/hardened.ts"
import { commandsOf, openTrial, rejectionOf, viewOf } from "../../../support/market.ts"
import type { Trial } from "../../../support/market.ts"

const second = 1_000_000

/** A market that verifies capacity, with one instance that is not measured yet. */
const open = (): Trial => {
  const trial = openTrial(hardened)
  for (const model of [1, 2])
    trial.send({ _tag: "ModelListed", model, inputPricePerMtok: 1, outputPricePerMtok: 1 })
  trial.send({ _tag: "AccountOpened", account: 1 })
  trial.send({ _tag: "NodeRegistered", node: 1, account: 1 })
  expect(numbers(start(trial))).toEqual([1])
  return trial
}

const capacity = { slots: 4, tokensPerSecond: 100 }

const start = (trial: Trial) =>
  trial.send({
    _tag: "InstanceStarted",
    instance: 1,
    node: 1,
    model: 1,
    ...capacity,
    isPlatformAsked: false,
  })

const switchTo = (trial: Trial, model: number) =>
  trial.send({
    _tag: "ModelSwitched",
    instance: 1,
    model,
    ...capacity,
    isPlatformAsked: false,
  })

const answer = (trial: Trial, measurement: number, slots = 3) =>
  trial.send({ _tag: "CapacityMeasured", instance: 1, measurement, slots, tokensPerSecond: 90 })

const numbers = (commands: ReadonlyArray<Command>) =>
  commandsOf(commands, "Measure").map((one) => one.measurement)

describe("a measurement", () => {
  it("that is not answered is asked for again after its lease, until it is", () => {
    const trial = open()
    for (let i = 0; i < 3; i++) {
      expect(trial.wait(300 * second - 1)).toEqual([])
      expect(viewOf(trial, 1).reason).toBe("Unverified")
      expect(numbers(trial.wait(1))).toEqual([1])
    }
    answer(trial, 1)
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Eligible", slots: 3 })
    expect(numbers(trial.wait(3000 * second))).toEqual([])
  })

  it("counts however late it comes: one that takes longer than its lease is not asked for in vain", () => {
    const trial = open()
    trial.wait(400 * second)
    expect(answer(trial, 1)).toEqual([])
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Eligible", slots: 3 })
    // The second answer to the same question is the later word.
    expect(answer(trial, 1, 2)).toEqual([])
    expect(viewOf(trial, 1).slots).toBe(2)
  })

  it("of a model that the instance no longer serves is stale, and changes nothing", () => {
    const trial = open()
    expect(numbers(switchTo(trial, 2))).toEqual([2])
    expect(rejectionOf(answer(trial, 1))).toBe("StaleMeasurement")
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Unverified", slots: 0 })
    expect(rejectionOf(answer(trial, 3))).toBe("StaleMeasurement")
    expect(answer(trial, 2)).toEqual([])
    // There and back again: it is another measurement.
    expect(numbers(switchTo(trial, 1))).toEqual([3])
    expect(rejectionOf(answer(trial, 2))).toBe("StaleMeasurement")
  })

  it("is not asked for while the instance is out of service, but as soon as it is back", () => {
    const trial = open()
    trial.send({ _tag: "NodeLost", node: 1 })
    expect(numbers(trial.wait(3000 * second))).toEqual([])
    expect(numbers(trial.send({ _tag: "NodeReturned", node: 1 }))).toEqual([1])
    trial.send({ _tag: "InstanceDrained", instance: 1 })
    expect(numbers(trial.wait(3000 * second))).toEqual([])
    expect(numbers(switchTo(trial, 2))).toEqual([2])
  })

  it("waits for a lost node", () => {
    const trial = open()
    trial.send({ _tag: "InstanceStopped", instance: 1 })
    trial.send({ _tag: "NodeLost", node: 1 })
    expect(numbers(start(trial))).toEqual([])
    expect(numbers(trial.send({ _tag: "NodeReturned", node: 1 }))).toEqual([1])
  })
})

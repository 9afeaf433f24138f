import { describe, expect, it } from "vitest"
import {
  arrive,
  economyWith,
  endAttempt,
  openSmallMarket,
  openTrial,
  startInstance,
} from "../../../support/market.ts"
import type { Trial } from "../../../support/market.ts"
import { reductionOf } from "../../../../engine/market/payout/seats.ts"
import { slotOf } from "../../../../engine/core/table.ts"

const second = 1_000_000
const hour = 3600 * second

/** Models 1…4, and node 1 of operator 7 that has served model 1 with instance 1 for 100 hours. */
const open = (): Trial => {
  const trial = openTrial()
  for (const model of [1, 2, 3, 4])
    trial.send({ _tag: "ModelListed", model, inputPricePerMtok: 1, outputPricePerMtok: 1 })
  trial.send({ _tag: "AccountOpened", account: 7 })
  register(trial, 1)
  start(trial, 1, 1)
  trial.wait(100 * hour)
  return trial
}

const register = (trial: Trial, node: number, account = 7) =>
  trial.send({ _tag: "NodeRegistered", node, account })
const remove = (trial: Trial, node: number) => trial.send({ _tag: "NodeRemoved", node })
const start = (trial: Trial, instance: number, servedModel: number, node = 1) =>
  startInstance(trial, { instance, node, servedModel })
const ask = (trial: Trial, instance: number, servedModel: number) =>
  startInstance(trial, { instance, node: 1, servedModel, isPlatformAsked: true })
const stop = (trial: Trial, instance: number) => trial.send({ _tag: "InstanceStopped", instance })
const drain = (trial: Trial, instance: number) => trial.send({ _tag: "InstanceDrained", instance })
const switchTo = (trial: Trial, instance: number, model: number) =>
  trial.send({
    _tag: "ModelSwitched",
    instance,
    model,
    slots: 4,
    tokensPerSecond: 100,
    isPlatformAsked: false,
  })
const reduction = (trial: Trial, node = 1) =>
  reductionOf(trial.market, slotOf(trial.market.nodes, node))

/** What happens on a node, an hour apart, and the reductions after each step. */
const after = (...steps: ReadonlyArray<(trial: Trial) => unknown>): ReadonlyArray<number> => {
  const trial = open()
  return steps.map((one) => {
    trial.wait(hour)
    one(trial)
    return reduction(trial)
  })
}

describe("starting another model", () => {
  it("before the old one stops is a switch, as soon as that does", () => {
    const reductions = after(
      (trial) => start(trial, 2, 2),
      (trial) => stop(trial, 1),
    )
    expect(reductions).toEqual([0, 0.5])
  })

  it("before the old one drains is a switch too, however long that goes on draining", () => {
    const reductions = after(
      (trial) => start(trial, 2, 2),
      (trial) => drain(trial, 1),
      (trial) => trial.wait(71 * hour),
      (trial) => stop(trial, 1),
    )
    expect(reductions).toEqual([0, 0.5, 0, 0])
  })

  it("while the old one drains or waits for its last attempts is a switch", () => {
    for (const leave of [drain, stop]) {
      const trial = open()
      trial.send({ _tag: "CreditsBought", transfer: 1, account: 7, amount: 1_000_000_000 })
      arrive(trial, 1, { account: 7 })
      leave(trial, 1)
      expect(reduction(trial)).toBe(0)
      start(trial, 2, 2)
      expect(reduction(trial)).toBe(0.5)
      endAttempt(trial, 1)
      expect(reduction(trial)).toBe(0.5)
    }
  })

  it("beside the old one is none, and may go on for ever", () => {
    const reductions = after(
      (trial) => start(trial, 2, 2),
      (trial) => start(trial, 3, 3),
      (trial) => trial.wait(72 * hour),
      // By now it was capacity that was added, not moved.
      (trial) => stop(trial, 1),
    )
    expect(reductions).toEqual([0, 0, 0, 0])
  })

  it("at the same instant as the old one is none: a node's first models are equally old", () => {
    const trial = openSmallMarket()
    for (const model of [2, 3])
      trial.send({ _tag: "ModelListed", model, inputPricePerMtok: 1, outputPricePerMtok: 1 })
    for (const model of [2, 3]) start(trial, model, model)
    trial.wait(hour)
    stop(trial, 1)
    stop(trial, 3)
    expect(reduction(trial)).toBe(0)
    start(trial, 4, 3)
    start(trial, 5, 2)
    expect(reduction(trial)).toBe(0.5)
  })

  it("72 h after the old one has gone is none", () => {
    for (const [hours, expected] of [
      [71, 0.5],
      [72, 0],
    ] as const) {
      const trial = open()
      stop(trial, 1)
      trial.wait(hours * hour)
      start(trial, 2, 2)
      expect(reduction(trial)).toBe(expected)
    }
  })

  it("counts once for each that has gone, not only for the last", () => {
    const reductions = after(
      (trial) => start(trial, 2, 2),
      (trial) => trial.wait(72 * hour),
      (trial) => stop(trial, 1),
      (trial) => stop(trial, 2),
      (trial) => start(trial, 3, 2),
      (trial) => start(trial, 4, 3),
      (trial) => start(trial, 5, 4),
    )
    expect(reductions.map((one) => one > 0.4)).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
      true,
    ])
    expect(reductions[5]).toBe(0.5)
    expect(reductions[6]).toBeLessThan(0.5)
  })

  it("in place of one that was only tried is a switch, beside whatever stays", () => {
    const reductions = after(
      (trial) => start(trial, 2, 2),
      (trial) => stop(trial, 2),
      (trial) => start(trial, 3, 3),
    )
    expect(reductions).toEqual([0, 0, 0.5])
  })

  it("that has been started and stopped before the old one went is a switch all the same", () => {
    const reductions = after(
      (trial) => start(trial, 2, 2),
      (trial) => stop(trial, 2),
      (trial) => stop(trial, 1),
      (trial) => start(trial, 3, 2),
    )
    expect(reductions).toEqual([0, 0, 0, 0.5])
  })

  it("is not hidden by another instance of the old one that soon goes as well", () => {
    const reductions = after(
      (trial) => start(trial, 2, 2),
      (trial) => start(trial, 3, 1),
      (trial) => stop(trial, 1),
      (trial) => stop(trial, 3),
    )
    expect(reductions).toEqual([0, 0, 0, 0.5])
  })
})

describe("the same model again", () => {
  it("is a return, before the old one stops or after", () => {
    const overlapping = after(
      (trial) => start(trial, 2, 1),
      (trial) => stop(trial, 1),
      (trial) => start(trial, 3, 2),
    )
    expect(overlapping).toEqual([0, 0, 0])
    const oneByOne = after(
      (trial) => stop(trial, 1),
      (trial) => start(trial, 2, 1),
      (trial) => start(trial, 3, 2),
    )
    expect(oneByOne).toEqual([0, 0, 0])
  })
})

describe("a switch that the platform asked for", () => {
  it("is free in either order, and so is what follows from it", () => {
    const stopFirst = after(
      (trial) => stop(trial, 1),
      (trial) => ask(trial, 2, 2),
      (trial) => start(trial, 3, 3),
    )
    expect(stopFirst).toEqual([0, 0, 0])
    const startFirst = after(
      (trial) => ask(trial, 2, 2),
      (trial) => stop(trial, 1),
    )
    expect(startFirst).toEqual([0, 0])
  })

  it("takes the place of its own model first", () => {
    const reductions = after(
      (trial) => start(trial, 2, 2),
      (trial) => trial.wait(72 * hour),
      (trial) => stop(trial, 1),
      (trial) => stop(trial, 2),
      (trial) => ask(trial, 3, 2),
      (trial) => start(trial, 4, 1),
    )
    expect(reductions).toEqual([0, 0, 0, 0, 0, 0])
  })
})

describe("a drained instance that switches", () => {
  it("is reduced once", () => {
    const reductions = after(
      (trial) => drain(trial, 1),
      (trial) => switchTo(trial, 1, 2),
    )
    expect(reductions).toEqual([0, 0.5])
    const twice = after(
      (trial) => drain(trial, 1),
      (trial) => drain(trial, 1),
      (trial) => switchTo(trial, 1, 2),
      (trial) => start(trial, 2, 3),
    )
    expect(twice.slice(0, 3)).toEqual([0, 0, 0.5])
    expect(twice[3]).toBeLessThan(0.5)
  })
})

describe("a node that is registered anew", () => {
  it("has the reduction of the one that was removed, which decays on", () => {
    const trial = open()
    switchTo(trial, 1, 2)
    trial.wait(36 * hour)
    remove(trial, 1)
    register(trial, 2)
    expect(reduction(trial, 2)).toBe(0.25)
    trial.wait(18 * hour)
    expect(reduction(trial, 2)).toBe(0.125)
    // Registered by somebody else, or after the time, it has none.
    trial.send({ _tag: "AccountOpened", account: 8 })
    register(trial, 3, 8)
    expect(reduction(trial, 3)).toBe(0)
    trial.wait(18 * hour)
    register(trial, 4)
    expect([2, 4].map((node) => reduction(trial, node))).toEqual([0, 0])
  })

  it("remembers what the one that was removed served", () => {
    for (const [model, expected] of [
      [1, 0],
      [2, 0.5],
    ] as const) {
      const trial = open()
      remove(trial, 1)
      trial.wait(hour)
      register(trial, 2)
      start(trial, 1, model, 2)
      expect(reduction(trial, 2)).toBe(expected)
    }
  })

  it("begins so each time: another one in between takes nothing away", () => {
    const trial = open()
    switchTo(trial, 1, 2)
    remove(trial, 1)
    register(trial, 2)
    remove(trial, 2)
    for (const node of [3, 4]) register(trial, node)
    expect([3, 4].map((node) => reduction(trial, node))).toEqual([0.5, 0.5])
    for (const node of [3, 4]) start(trial, node, 3, node)
    expect([3, 4].map((node) => reduction(trial, node))).toEqual([0.9, 0.9])
  })

  it("does not hide a switch that had begun", () => {
    const trial = open()
    start(trial, 2, 2)
    trial.wait(hour)
    remove(trial, 1)
    register(trial, 2)
    expect(reduction(trial, 2)).toBe(0)
    start(trial, 2, 2, 2)
    expect(reduction(trial, 2)).toBe(0.5)
  })

  it("has the greatest of its operator's reductions, over all linked accounts", () => {
    const trial = open()
    trial.send({ _tag: "AccountOpened", account: 8 })
    register(trial, 2, 8)
    start(trial, 2, 1, 2)
    switchTo(trial, 1, 2)
    trial.wait(36 * hour)
    switchTo(trial, 2, 2)
    remove(trial, 1)
    remove(trial, 2)
    trial.send({ _tag: "AccountsLinked", account: 8, other: 7 })
    for (const [node, account] of [
      [3, 7],
      [4, 8],
    ] as const) {
      register(trial, node, account)
      expect(reduction(trial, node)).toBe(0.5)
    }
  })

  it("remembers one seat a model, however often it comes and goes", () => {
    const trial = open()
    for (let node = 2; node < 100; node++) {
      for (const model of [1, 2, 3]) start(trial, 10 * node + model, model, node - 1)
      remove(trial, node - 1)
      register(trial, node)
    }
    expect([...trial.market.bequeathedSeats.values()].map((seats) => seats.length)).toEqual([3])
    expect([...trial.market.vacantSeats.values()].map((seats) => seats.length)).toEqual([3])
    trial.wait(72 * hour)
    start(trial, 1, 4, 99)
    expect(trial.market.vacantSeats.size).toBe(0)
  })
})

describe("where reductions decay at once", () => {
  it("nothing is remembered", () => {
    const trial = openSmallMarket({ economy: economyWith({ flap: { decayHours: 0 } }) })
    trial.send({ _tag: "ModelListed", model: 2, inputPricePerMtok: 1, outputPricePerMtok: 1 })
    stop(trial, 1)
    start(trial, 2, 2)
    expect(reduction(trial)).toBe(0)
  })
})

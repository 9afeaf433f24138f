/** Consumers: budgets, what they may buy, and who asks next. */
import { describe, expect, it } from "vitest"
import { openStream } from "../../../engine/index.ts"
import type { Stream } from "../../../engine/index.ts"
import { Consumers } from "../../../sim/driver/consumers/consumers.ts"
import { day, scenarioWith } from "./small-world.ts"

const settings = (budgetCreditsPerDay: number, spread: number) =>
  scenarioWith({ consumers: { budgetCreditsPerDay, spread } }).consumers

/** A stream that answers with the given numbers, and with the last for ever. */
const answering = (...lots: ReadonlyArray<number>): Stream => {
  let at = 0
  return {
    next: () => lots[Math.min(at++, lots.length - 1)],
    state: () => {
      throw new Error("a scripted stream has no state")
    },
  }
}

describe("consumers", () => {
  it("ask in proportion to their budgets", () => {
    const consumers = new Consumers()
    const budgets = openStream("consumers", "budget", 0)
    for (let i = 0; i < 40; i++) consumers.add(0, settings(50, 1), budgets)
    const activity = Array.from({ length: 40 }, (_, one) => consumers.allowance(one, 0))
    const total = activity.reduce((sum, one) => sum + one, 0)
    const picks = new Float64Array(40)
    const stream = openStream("consumers", "pick", 0)
    const n = 400_000
    for (let i = 0; i < n; i++) picks[consumers.pick(stream)]++
    // χ² with 39 degrees of freedom is above 98 less than once in 10⁶ seeds.
    const chiSquare = activity.reduce((sum, one, i) => {
      const expected = (n * one) / total
      return sum + (picks[i] - expected) ** 2 / expected
    }, 0)
    expect(chiSquare).toBeLessThan(98)
    expect(Math.max(...activity) / Math.min(...activity)).toBeGreaterThan(10)
  })

  it("are all alike without a budget, and can buy nothing", () => {
    const consumers = new Consumers()
    const stream = openStream("consumers", "budget", 1)
    for (let i = 0; i < 4; i++) consumers.add(0, settings(0, 2), stream)
    expect([0, 0.26, 0.51, 0.76].map((lot) => consumers.pick(answering(lot)))).toEqual([0, 1, 2, 3])
    expect(consumers.allowance(2, 100 * day)).toBe(0)
  })

  it("are picked by where the lot falls, to its very ends", () => {
    const consumers = new Consumers()
    // Without a spread every budget is the median.
    for (let i = 0; i < 300; i++) consumers.add(0, settings(10, 0), answering(0.3, 0.4))
    expect(consumers.pick(answering(0))).toBe(0)
    expect(consumers.pick(answering(1 - 2 ** -53))).toBe(299)
    expect(consumers.pick(answering(0.5))).toBe(150)
  })

  it("may spend a day's budget at once, and a day's more each day, less what they bought", () => {
    const consumers = new Consumers()
    const one = consumers.add(2 * day, settings(10, 0), answering(0.3, 0.4))
    expect(consumers.allowance(one, 2 * day)).toBeCloseTo(10, 9)
    expect(consumers.allowance(one, 2.5 * day)).toBeCloseTo(15, 9)
    consumers.noteBought(one, 12)
    expect(consumers.allowance(one, 4 * day)).toBeCloseTo(18, 9)
  })
})

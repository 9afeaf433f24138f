/** The arithmetic behind what the guides promise of hours, and the experiments that are held against it. */
import { describe, expect, it } from "vitest"
import type { ArmResult } from "../../../sim/claims/arm.ts"
import { hoursClaims } from "../../../sim/claims/hours-claims.ts"
import { judge } from "../../../sim/claims/judge.ts"
import { loadFor, lossQueue } from "../../../sim/claims/loss-queue.ts"

describe("servers with a finite queue", () => {
  it("lose what Erlang's B formula says without one", () => {
    // Two servers at one erlang: (1 ÷ 2) ÷ (1 + 1 + 1 ÷ 2).
    expect(lossQueue(1, 2, 0)).toEqual({ utilisation: 0.4, lost: 0.2, wait: 0 })
  })

  it("wait as M/M/1 does where the queue is long", () => {
    const { lost, utilisation, wait } = lossQueue(0.5, 1, 200)
    expect(lost).toBeLessThan(1e-12)
    expect(utilisation).toBeCloseTo(0.5, 12)
    expect(wait).toBeCloseTo(1, 9)
  })

  it("have three slots 95% busy at 20.8 erlangs without a queue, losing 86%, or at 2.96 with one of 20", () => {
    const without = loadFor(0.95, 3, 0)
    expect(without).toBeCloseTo(20.8, 1)
    expect(lossQueue(without, 3, 0).lost).toBeCloseTo(0.863, 3)
    const withQueue = loadFor(0.95, 3, 20)
    expect(withQueue).toBeCloseTo(2.96, 2)
    expect(lossQueue(withQueue, 3, 20).lost).toBeCloseTo(0.038, 3)
    expect(lossQueue(withQueue, 3, 20).wait).toBeCloseTo(3, 0)
  })
})

const measureOf = (id: string, index: number) => {
  const measure = hoursClaims.find((claim) => claim.id === id)?.measures[index]
  if (measure === undefined) throw new Error(`no measure ${index} of ${id}`)
  return measure
}
const result = (metrics: ArmResult["metrics"]): ArmResult => ({
  metrics,
  failedChecks: [],
  horizonDays: 28,
  command: "",
})

describe("a promise about hours", () => {
  it("is refuted by arithmetic where no machine could keep it", () => {
    const { of, bound } = measureOf("monthly-income", 0)
    expect(of([]).mean).toBeCloseTo(1806, 0)
    expect(judge(of([]), bound)).toBe("fails")
    expect(measureOf("raise-by-a-fifth", 0).of([]).mean).toBeCloseTo(0.2334, 4)
  })

  it("about two strategies is held against how much one exceeds the other, world by world", () => {
    const { of } = measureOf("stable-earnings", 0)
    const cv = (balance: number, fixed: number) => ({
      "hours.earningsCv.by.marketBalance": balance,
      "hours.earningsCv.by.fixed": fixed,
    })
    const found = of([result([cv(0.3, 0.4), cv(0.5, 0.6), { "hours.earningsCv.by.fixed": 1 }])])
    expect(found).toMatchObject({ n: 2 })
    expect(found.mean).toBeCloseTo(-0.1, 12)
  })

  it("about 48 hours is held against the pairs that five weeks rank otherwise", () => {
    const earned = (fixed: number, dynamic: number) => ({
      "hours.earningsPerDay.by.fixed": fixed,
      "hours.earningsPerDay.by.dynamic": dynamic,
      "hours.earningsPerDay.by.marketBalance": 30,
      "hours.earningsPerDay.by.peakMaximizer": 40,
      "hours.earningsPerDay.by.utilizationGuard": 50,
    })
    const { of } = measureOf("after-48-hours", 0)
    // One of ten pairs.
    expect(of([result([earned(10, 20)]), result([earned(20, 10)])]).mean).toBeCloseTo(0.1, 12)
    expect(of([result([earned(10, 20)]), result([earned(10, 20)])]).mean).toBe(0)
  })
})

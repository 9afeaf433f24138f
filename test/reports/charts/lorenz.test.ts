import { describe, expect, it } from "vitest"
import fc from "fast-check"
import { isMissing } from "../../../reports/chart.ts"
import { giniOf, hourlyPay, jainOf, lorenz, lorenzAt } from "../../../reports/charts/lorenz.ts"
import { makeRunResult } from "../../support/run-result.ts"

const pay = fc
  .array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 60 })
  .filter((values) => values.some((value) => value > 0))
  .map((values) => values.sort((a, b) => a - b))

describe("equality of pay", () => {
  it("has the published figures of 1, 2, 3, 4 and of one who takes all", () => {
    expect(jainOf([1, 2, 3, 4])).toBeCloseTo(0.833333, 6)
    expect(jainOf([0, 0, 0, 1])).toBe(0.25)
    expect(giniOf([1, 2, 3, 4])).toBeCloseTo(0.25, 12)
    expect(giniOf([0, 0, 0, 1])).toBeCloseTo(0.75, 12)
    expect(giniOf([5, 5, 5])).toBeCloseTo(0, 12)
  })

  it("has a curve from (0, 0) to (1, 1) that never rises above the diagonal and bends upwards", () => {
    fc.assert(
      fc.property(pay, (sorted) => {
        const heights = Array.from({ length: 21 }, (_, at) => lorenzAt(sorted, at / 20))
        expect(heights[0]).toBe(0)
        expect(heights[20]).toBeCloseTo(1, 12)
        for (const [at, height] of heights.entries()) {
          expect(height).toBeLessThanOrEqual(at / 20 + 1e-12)
          const [before, after] = [heights[at - 1], heights[at + 1]]
          if (before === undefined || after === undefined) continue
          expect(height - before).toBeLessThanOrEqual(after - height + 1e-9)
        }
      }),
    )
  })

  it("has a Gini coefficient of one less twice the area below the curve", () => {
    fc.assert(
      fc.property(pay, (sorted) => {
        const n = sorted.length
        let area = 0
        for (let k = 0; k < n; k++) {
          area += (lorenzAt(sorted, k / n) + lorenzAt(sorted, (k + 1) / n)) / 2 / n
        }
        expect(giniOf(sorted)).toBeCloseTo(1 - 2 * area, 9)
      }),
    )
  })
})

describe("the chart", () => {
  it("takes share and bounty by the hour online, and leaves out who was never online", () => {
    const [node] =
      makeRunResult({ replications: 1, days: 2, nodes: 4 }).replications[0]?.nodes ?? []
    if (node === undefined) throw new Error("no node")
    const paid = hourlyPay([
      { ...node, shareEarned: 90, bountyEarned: 10, onlineHours: 50 },
      { ...node, shareEarned: 1, bountyEarned: 0, onlineHours: 1 },
      { ...node, shareEarned: 0, bountyEarned: 0, onlineHours: 0 },
    ])
    expect(paid).toEqual([1, 2])
  })

  it("shows the run's own Gini and Jain where it has them, and computes them where not", () => {
    const result = makeRunResult({ days: 3, nodes: 30 })
    const estimate = { mean: 0.123, halfWidth: 0.01, n: 5, unit: "", meaning: "" }
    const given = lorenz({ ...result, metrics: { "earnings.gini": estimate } })
    const computed = lorenz({ ...result, metrics: {} })
    const own = lorenz(result)
    if (isMissing(given) || isMissing(computed) || isMissing(own)) throw new Error("no chart")
    expect(given.notes.join(" ")).toContain("Gini 0.123 ± 0.010")
    // The fixture computes its metrics by the same definition.
    expect(computed.notes).toEqual(own.notes)
  })
})

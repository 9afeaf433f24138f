import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../../engine/index.ts"
import { exponential, normal } from "../../../../sim/kernel/variates.ts"
import { meanInterval, simultaneousLevel } from "../../../../sim/statistics/inference/interval.ts"
import { assertProperty } from "../../../support/property.ts"

describe("the t interval for a mean", () => {
  it("is the textbook's", () => {
    // Law, "Simulation Modeling and Analysis", 5th ed., example 4.27: ten observations, 90%.
    const values = [1.2, 1.5, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.5, 1.09]
    const interval = meanInterval(values, 0.9)
    expect(interval.n).toBe(10)
    expect(interval.mean).toBeCloseTo(1.343, 10)
    expect(interval.halfWidth).toBeCloseTo(0.24, 2)
  })

  it("shifts and scales with the values", async () => {
    const integers = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 2, maxLength: 30 })
    await assertProperty(
      fc.property(
        integers,
        fc.integer({ min: -50, max: 50 }),
        fc.integer({ min: 1, max: 9 }),
        (values, shift, scale) => {
          const plain = meanInterval(values)
          const moved = meanInterval(values.map((x) => shift + scale * x))
          expect(moved.mean).toBeCloseTo(shift + scale * plain.mean, 8)
          expect(moved.halfWidth!).toBeCloseTo(scale * plain.halfWidth!, 8)
          expect(meanInterval(values, 0.99).halfWidth!).toBeGreaterThanOrEqual(plain.halfWidth!)
        },
      ),
    )
  })

  it("covers the mean as often as it says", () => {
    const stream = openStream("coverage", "interval", 0)
    const trials = 20_000
    let covered = 0
    for (let trial = 0; trial < trials; trial++) {
      const { mean, halfWidth } = meanInterval(
        Array.from({ length: 8 }, () => normal(stream, 3, 2)),
        0.9,
      )
      if (Math.abs(mean - 3) <= halfWidth!) covered++
    }
    // Five standard errors of a binomial share: 5·√(0.9·0.1/20,000) = 0.0106.
    expect(Math.abs(covered / trials - 0.9)).toBeLessThan(0.0106)
  })

  it("gives no half-width below two observations", () => {
    expect(meanInterval([])).toEqual({ mean: NaN, halfWidth: null, n: 0 })
    expect(meanInterval([7])).toEqual({ mean: 7, halfWidth: null, n: 1 })
  })

  it("covers all of several means together, at the simultaneous level", () => {
    expect(simultaneousLevel(0.99, 40)).toBeCloseTo(0.99975, 12)
    const stream = openStream("coverage", "simultaneous", 0)
    const trials = 4000
    const count = 10
    let covered = 0
    for (let trial = 0; trial < trials; trial++) {
      const all = Array.from({ length: count }, () =>
        meanInterval(
          Array.from({ length: 20 }, () => normal(stream, 0, 1)),
          simultaneousLevel(0.9, count),
        ),
      )
      if (all.every(({ mean, halfWidth }) => Math.abs(mean) <= halfWidth!)) covered++
    }
    // (1 − 0.1/10)^10 = 0.9044 for independent ones; five standard errors are 0.023.
    expect(Math.abs(covered / trials - 0.9044)).toBeLessThan(0.0235)
  })

  it("misses a mean that the values do not have", () => {
    const stream = openStream("coverage", "miss", 0)
    const { mean, halfWidth } = meanInterval(
      Array.from({ length: 400 }, () => exponential(stream, 1)),
    )
    expect(Math.abs(mean - 1.3)).toBeGreaterThan(halfWidth!)
  })
})

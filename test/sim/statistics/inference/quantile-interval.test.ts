import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../../engine/index.ts"
import { binomialTerms } from "../../../../sim/statistics/distributions/binomial.ts"
import {
  quantileRanks,
  sketchQuantileInterval,
} from "../../../../sim/statistics/inference/quantile-interval.ts"
import { QuantileSketch } from "../../../../sim/statistics/samples/quantile-sketch.ts"
import { assertProperty } from "../../../support/property.ts"

const shares = fc.double({ min: 0.01, max: 0.99, noNaN: true })
const levels = fc.double({ min: 0.5, max: 0.999, noNaN: true })

/** P(count below the quantile < rank) of n values. */
const below = (n: number, q: number, rank: number): number => {
  const { first, probabilities } = binomialTerms(n, q)
  return probabilities.reduce((sum, one, i) => (first + i < rank ? sum + one : sum), 0)
}

describe("the ranks around a quantile", () => {
  it("are those of the textbook's median of ten, and none where values are too few", () => {
    // Conover, "Practical Nonparametric Statistics": X(2) … X(9) covers the median with 97.9%.
    const median = quantileRanks(10, 0.5)
    expect(median).toMatchObject({ low: 2, high: 9 })
    expect(median?.covers).toBeCloseTo(1 - 2 * (11 / 1024), 12)
    expect(quantileRanks(5, 0.5)).toBeNull()
    expect(quantileRanks(6, 0.5)).toMatchObject({ low: 1, high: 6 })
    expect(quantileRanks(300, 0.99)).toBeNull()
    expect(quantileRanks(0, 0.5)).toBeNull()
    expect(() => quantileRanks(10, 0.5, 1)).toThrow(RangeError)
  })

  it("leave at most half of the rest outside on either side, and could not be closer", async () => {
    await assertProperty(
      fc.property(fc.integer({ min: 1, max: 2_000 }), shares, levels, (n, q, level) => {
        const tail = (1 - level) / 2
        const slack = 1e-12
        const ranks = quantileRanks(n, q, level)
        if (ranks === null) {
          const least = below(n, q, 1)
          const most = 1 - below(n, q, n)
          expect(Math.max(least, most)).toBeGreaterThan(tail - slack)
          return
        }
        const { low, high, covers } = ranks
        expect(below(n, q, low)).toBeLessThanOrEqual(tail + slack)
        expect(below(n, q, low + 1)).toBeGreaterThan(tail - slack)
        expect(1 - below(n, q, high)).toBeLessThanOrEqual(tail + slack)
        expect(1 - below(n, q, high - 1)).toBeGreaterThan(tail - slack)
        expect(covers).toBeCloseTo(below(n, q, high) - below(n, q, low), 10)
        expect(covers).toBeGreaterThanOrEqual(level - slack)
      }),
    )
  })
})

describe("the interval from a sketch", () => {
  it("holds the order statistics themselves, whatever the sketch rounds", async () => {
    const value = fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e6, noNaN: true }))
    const values = fc.array(value, { minLength: 10, maxLength: 300 })
    await assertProperty(
      fc.property(values, shares, (given, q) => {
        const sketch = new QuantileSketch(0.05)
        for (const value of given) sketch.add(value)
        const interval = sketchQuantileInterval(sketch, q, 0.9)
        const ranks = quantileRanks(given.length, q, 0.9)
        expect(interval === null).toBe(ranks === null)
        if (interval === null || ranks === null) return
        const sorted = given.toSorted((a, b) => a - b)
        const rounding = 1 + 1e-12
        expect(interval.low).toBeLessThanOrEqual(sorted[ranks.low - 1] * rounding)
        expect(interval.high * rounding).toBeGreaterThanOrEqual(sorted[ranks.high - 1])
        expect(interval.relativeError).toBe(sketch.relativeError)
        expect(interval.estimate).toBe(sketch.quantile(q))
        // No wider than twice the sketch's error on either side asks for.
        expect(interval.low * 1.11).toBeGreaterThanOrEqual(sorted[ranks.low - 1])
        expect(interval.high).toBeLessThanOrEqual(sorted[ranks.high - 1] * 1.11)
      }),
    )
  })

  it("covers the quantile of independent values as often as it says", () => {
    const macros = 2_000
    let covered = 0
    for (let macro = 0; macro < macros; macro++) {
      const stream = openStream("quantiles", "uniform", macro)
      const sketch = new QuantileSketch(0.001)
      for (let i = 0; i < 500; i++) sketch.add(stream.next())
      const interval = sketchQuantileInterval(sketch, 0.9)
      if (interval !== null && interval.low <= 0.9 && 0.9 <= interval.high) covered += 1
    }
    const deviation = Math.sqrt((0.95 * 0.05) / macros)
    expect(covered / macros).toBeGreaterThan(0.95 - 5 * deviation)
    expect(covered / macros).toBeLessThan(0.98 + 5 * deviation)
  })
})

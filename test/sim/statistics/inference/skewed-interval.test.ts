/** Intervals of skewed and bounded values: the transformation's own definition, its bounds, its coverage. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../../engine/index.ts"
import { studentTQuantile } from "../../../../sim/statistics/distributions/student-t.ts"
import { meanInterval } from "../../../../sim/statistics/inference/interval.ts"
import { skewedInterval } from "../../../../sim/statistics/inference/skewed-interval.ts"
import { assertProperty } from "../../../support/property.ts"

const values = fc.array(fc.integer({ min: -100_000, max: 100_000 }), {
  minLength: 2,
  maxLength: 30,
})

describe("an interval of skewed values", () => {
  it("ends where Hall's transformation is Student's quantile", async () => {
    await assertProperty(
      fc.property(values, (own) => {
        const { mean, low, high, basis, n } = skewedInterval(own)
        if (basis !== "interval" || low === null || high === null) return
        const s = Math.sqrt(own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1))
        const g = own.reduce((sum, x) => sum + ((x - mean) / s) ** 3, 0) / n
        const T = (mu: number) => {
          const w = (mean - mu) / s
          return w + (g * w ** 2) / 3 + (g ** 2 * w ** 3) / 27 + g / (6 * n)
        }
        const t = studentTQuantile(0.975, n - 1) / Math.sqrt(n)
        if (low < mean) expect(T(low)).toBeCloseTo(t, 6)
        if (high > mean) expect(T(high)).toBeCloseTo(-t, 6)
      }),
    )
  })

  it("is Student's where nothing is skewed", () => {
    const even = [1, 2, 3, 4, 5]
    const { mean, halfWidth } = meanInterval(even)
    const own = skewedInterval(even)
    expect(own.low).toBeCloseTo(mean - (halfWidth ?? NaN), 12)
    expect(own.high).toBeCloseTo(mean + (halfWidth ?? NaN), 12)
    expect(own.halfWidth).toBeCloseTo(halfWidth ?? NaN, 12)
  })

  it("holds the mean and keeps within the bounds", async () => {
    await assertProperty(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }),
        (shares) => {
          const { mean, low, high, halfWidth, basis } = skewedInterval(shares, {
            least: 0,
            most: 1,
          })
          if (basis !== "interval") {
            const end = basis === "same" ? mean : null
            expect([low, high, halfWidth]).toEqual([end, end, basis === "same" ? 0 : null])
            return
          }
          expect(low).toBeGreaterThanOrEqual(0)
          expect(high).toBeLessThanOrEqual(1)
          expect(low).toBeLessThanOrEqual(mean)
          expect(high).toBeGreaterThanOrEqual(mean)
          expect(halfWidth).toBeCloseTo(((high ?? NaN) - (low ?? NaN)) / 2, 12)
        },
      ),
    )
  })

  it("says why there is none", () => {
    expect(skewedInterval([]).mean).toBeNaN()
    expect(skewedInterval([3])).toMatchObject({ mean: 3, basis: "one", low: null })
    expect(skewedInterval([0.1 + 0.2, 0.3, 0.3])).toMatchObject({ basis: "same", halfWidth: 0 })
  })

  it("covers the mean of an exponential more often than Student's does", () => {
    const draws = openStream("skewed", "coverage", 0)
    const rounds = 4_000
    let own = 0
    let students = 0
    for (let round = 0; round < rounds; round++) {
      // A share of rare outages: a fifth power of an exponential, of skewness about 15.
      const sample = Array.from({ length: 20 }, () => (-Math.log(1 - draws.next())) ** 2)
      const { low, high } = skewedInterval(sample)
      const { mean, halfWidth } = meanInterval(sample)
      if ((low ?? 0) <= 2 && 2 <= (high ?? 0)) own += 1
      if (Math.abs(mean - 2) <= (halfWidth ?? 0)) students += 1
    }
    // About 91% against 85%, give or take 0.5 each.
    expect(own / rounds).toBeGreaterThan(students / rounds + 0.03)
    expect(own / rounds).toBeGreaterThan(0.89)
  })
})

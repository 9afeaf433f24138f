/** Censored times, against a textbook's data and against plain means where nothing is censored. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { restrictedMean } from "../../../../sim/statistics/samples/kaplan-meier.ts"
import { assertProperty } from "../../../support/property.ts"

const seen = (time: number) => ({ time, isSeen: true })
const cut = (time: number) => ({ time, isSeen: false })

describe("a restricted mean", () => {
  it("is that of Freireich's leukaemia patients under 6-MP", () => {
    // Freireich et al., Blood 21 (1963), as in Klein and Moeschberger, table 1.2: weeks of remission.
    const times = [
      ...[6, 6, 6, 7, 10, 13, 16, 22, 23].map(seen),
      ...[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35].map(cut),
    ]
    const { mean, standardError, until, median } = restrictedMean(times)
    // Their median is 23 weeks; the area below the curve to 35 weeks is 23.29, its error 2.83.
    expect(median).toBe(23)
    expect(until).toBe(35)
    expect(mean).toBeCloseTo(23.29, 2)
    expect(standardError).toBeCloseTo(2.83, 2)
  })

  it("is the mean where nothing is censored", async () => {
    const times = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 20 })
    await assertProperty(
      fc.property(times, (all) => {
        const mean = all.reduce((sum, time) => sum + time, 0) / all.length
        const variance = all.reduce((sum, time) => sum + (time - mean) ** 2, 0) / all.length
        const own = restrictedMean(all.map(seen))
        expect(own.mean).toBeCloseTo(mean, 9)
        // Greenwood's variance is then that of a mean, by n.
        expect(own.standardError).toBeCloseTo(Math.sqrt(variance / all.length), 9)
      }),
    )
  })

  it("is no shorter than what leaving out the censored would give", async () => {
    const time = fc.record({ time: fc.integer({ min: 0, max: 30 }), isSeen: fc.boolean() })
    await assertProperty(
      fc.property(fc.array(time, { minLength: 1, maxLength: 20 }), (times) => {
        const watched = times.reduce((sum, one) => sum + one.time, 0) / times.length
        expect(restrictedMean(times).mean).toBeGreaterThanOrEqual(watched - 1e-9)
      }),
    )
  })

  it("has no median where fewer than half have ended, and is nothing of nothing", () => {
    expect(restrictedMean([seen(1), cut(2), cut(3)]).median).toBe(null)
    expect(restrictedMean([cut(5), cut(7)])).toMatchObject({ mean: 7, standardError: 0 })
    expect(restrictedMean([]).mean).toBeNaN()
  })
})

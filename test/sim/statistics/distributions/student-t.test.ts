import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { normalQuantile } from "../../../../sim/statistics/distributions/normal.ts"
import {
  studentTQuantile,
  studentTTail,
} from "../../../../sim/statistics/distributions/student-t.ts"
import { assertProperty } from "../../../support/property.ts"

/** Quantiles by SciPy 1.17 (scipy.stats.t.ppf): probability, degrees of freedom, t. */
const published: ReadonlyArray<readonly [number, number, number]> = [
  [0.9, 1, 3.0776835371752544],
  [0.9, 10, 1.372183641110336],
  [0.95, 2, 2.9199855803537242],
  [0.95, 5, 2.0150483733330233],
  [0.95, 1000, 1.6463788172854643],
  [0.975, 1, 12.706204736174694],
  [0.975, 2, 4.302652729749462],
  [0.975, 3, 3.1824463052837078],
  [0.975, 5, 2.5705818356363146],
  [0.975, 10, 2.228138851986274],
  [0.975, 29, 2.045229642132703],
  [0.975, 60, 2.0002978220142604],
  [0.975, 127, 1.9788195347028539],
  [0.975, 2.5, 3.5746548420036817],
  [0.995, 29, 2.756385903670605],
  [0.9995, 1, 636.6192487687897],
  [0.9995, 10, 4.586893858702708],
  [0.999875, 2.5, 31.885614248260453],
  [0.999875, 127, 3.768852922530614],
]

const probability = fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true })
const degrees = fc.double({ min: 0.5, max: 5000, noNaN: true })

describe("Student's t quantile", () => {
  it.each(published)("P(T ≤ t) = %d, %d degrees", (p, nu, t) => {
    expect(Math.abs(studentTQuantile(p, nu) / t - 1)).toBeLessThan(1e-10)
  })

  it("is the closed form for 1, 2 and 4 degrees of freedom", async () => {
    await assertProperty(
      fc.property(fc.double({ min: 0.5001, max: 0.999999, noNaN: true }), (p) => {
        const alpha = 4 * p * (1 - p)
        expect(studentTQuantile(p, 1) / Math.tan(Math.PI * (p - 0.5))).toBeCloseTo(1, 9)
        expect(studentTQuantile(p, 2) / (2 * (p - 0.5) * Math.sqrt(2 / alpha))).toBeCloseTo(1, 9)
        const root = Math.sqrt(alpha)
        const q = Math.cos(Math.acos(root) / 3) / root
        expect(studentTQuantile(p, 4) / (2 * Math.sqrt(q - 1))).toBeCloseTo(1, 7)
      }),
    )
  })

  it("inverts the tail, is odd about ½ and grows with the probability", async () => {
    await assertProperty(
      fc.property(probability, probability, degrees, (p, other, nu) => {
        const t = studentTQuantile(p, nu)
        expect(Math.abs(studentTTail(t, nu) - (1 - p))).toBeLessThan(1e-12)
        expect(Math.abs(studentTQuantile(1 - p, nu) + t)).toBeLessThan(1e-8 * (1 + Math.abs(t)))
        if (other > p)
          expect(studentTQuantile(other, nu)).toBeGreaterThanOrEqual(t - 1e-12 * Math.abs(t))
      }),
    )
  })

  it("lies above the normal quantile, and comes to it as the degrees of freedom grow", async () => {
    await assertProperty(
      fc.property(fc.double({ min: 0.501, max: 0.9999, noNaN: true }), (p) => {
        const z = normalQuantile(p)
        expect(studentTQuantile(p, 30)).toBeGreaterThan(z)
        // The first term of the expansion in 1/ν, (z³ + z)/4ν (Abramowitz and Stegun 26.7.5).
        const expected = z + (z * z * z + z) / 4e6
        expect(studentTQuantile(p, 1e6) / expected).toBeCloseTo(1, 8)
      }),
    )
  })

  it("refuses what has no quantile", () => {
    expect(() => studentTQuantile(1, 5)).toThrow("between 0 and 1, not 1")
    expect(() => studentTQuantile(0.9, 0)).toThrow("above 0, not 0")
  })
})

import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  normalCdf,
  normalDensity,
  normalQuantile,
} from "../../../../sim/statistics/distributions/normal.ts"
import { assertProperty } from "../../../support/property.ts"

describe("the normal distribution", () => {
  /** scipy.stats.norm, SciPy 1.17: x, P(Z ≤ x). */
  it.each([
    [-8, 6.220960574271785e-16],
    [-3, 0.0013498980316300933],
    [-1, 0.15865525393145707],
    [0.5, 0.6914624612740131],
    [2.5, 0.9937903346742238],
    [-2.5, 0.006209665325776132],
    [-37, 5.725571222524577e-300],
  ])("Φ(%d) = %d", (x, p) => {
    expect(Math.abs(normalCdf(x) / p - 1)).toBeLessThan(1e-12)
  })

  /** scipy.stats.norm.ppf, SciPy 1.17. */
  it.each([
    [0.975, 1.959963984540054],
    [0.5, 0],
    [1e-300, -37.0471],
    [1e-10, -6.361340902404056],
  ])("Φ⁻¹(%d) = %d", (p, x) => {
    expect(normalQuantile(p)).toBeCloseTo(x, p < 1e-200 ? 4 : 12)
  })

  it("inverts: Φ(Φ⁻¹(p)) = p, into both tails", async () => {
    await assertProperty(
      fc.property(fc.double({ min: -30, max: -0.01, noNaN: true }), (exponent) => {
        const p = Math.exp(exponent)
        expect(Math.abs(normalCdf(normalQuantile(p)) / p - 1)).toBeLessThan(1e-11)
        expect(normalQuantile(1 - p)).toBeCloseTo(-normalQuantile(p), exponent > -10 ? 9 : 1)
      }),
    )
  })

  it("has the density for its slope, on both sides of the change of method", async () => {
    await assertProperty(
      fc.property(fc.double({ min: -6, max: 6, noNaN: true }), (x) => {
        const h = 1e-4
        const slope = (normalCdf(x + h) - normalCdf(x - h)) / (2 * h)
        expect(Math.abs(slope - normalDensity(x))).toBeLessThan(1e-8)
        expect(normalCdf(x) + normalCdf(-x)).toBeCloseTo(1, 14)
      }),
    )
  })

  it("is infinite at the ends and nothing outside", () => {
    expect(normalQuantile(0)).toBe(-Infinity)
    expect(normalQuantile(1)).toBe(Infinity)
    expect(() => normalQuantile(1.5)).toThrow("lies in 0 … 1, not 1.5")
  })
})

import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { binomialTerms, wilsonInterval } from "../../../../sim/statistics/distributions/binomial.ts"
import { assertProperty } from "../../../support/property.ts"

const shares = fc.double({ min: 0.001, max: 0.999, noNaN: true })

describe("binomial probabilities", () => {
  it("are those of Pascal's triangle", async () => {
    await assertProperty(
      fc.property(fc.nat(25), shares, (n, p) => {
        let row = [1]
        for (let trial = 0; trial < n; trial++)
          row = Array.from(
            { length: row.length + 1 },
            (_, k) => (row[k] ?? 0) * (1 - p) + (row[k - 1] ?? 0) * p,
          )
        const { first, probabilities } = binomialTerms(n, p)
        row.forEach((expected, k) => {
          expect(probabilities[k - first] ?? 0).toBeCloseTo(expected, 12)
        })
      }),
    )
  })

  it("have the mean and the variance of the distribution, for many trials too", async () => {
    await assertProperty(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), shares, (n, p) => {
        const { first, probabilities } = binomialTerms(n, p)
        let mean = 0
        probabilities.forEach((probability, i) => (mean += (first + i) * probability))
        let variance = 0
        probabilities.forEach((probability, i) => {
          variance += (first + i - mean) * (first + i - mean) * probability
        })
        expect(mean / (n * p)).toBeCloseTo(1, 8)
        expect(variance / (n * p * (1 - p))).toBeCloseTo(1, 6)
      }),
      { share: 0.1 },
    )
  })

  it.each([
    [-1, 0.5],
    [1.5, 0.5],
    [5, 0],
    [5, 1],
    [5, Number.NaN],
  ])("refuse n %d and p %d", (n, p) => {
    expect(() => binomialTerms(n, p)).toThrow(RangeError)
  })
})

describe("Wilson's interval", () => {
  it("is that of statsmodels (proportion_confint, method wilson)", () => {
    const { share, low, high } = wilsonInterval(950, 1000)
    expect(share).toBe(0.95)
    expect(low).toBeCloseTo(0.9347, 4)
    expect(high).toBeCloseTo(0.96188, 4)
    expect(wilsonInterval(0, 10)).toMatchObject({ share: 0, low: 0 })
    expect(wilsonInterval(0, 10).high).toBeCloseTo(0.27753, 4)
    expect(wilsonInterval(10, 10)).toMatchObject({ share: 1, high: 1 })
  })

  it("ends where the share would be as many standard deviations off", async () => {
    await assertProperty(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.nat(5_000), (trials, given) => {
        const successes = Math.min(given, trials)
        const { share, low, high } = wilsonInterval(successes, trials)
        for (const end of [low, high]) {
          expect(end).toBeGreaterThanOrEqual(0)
          expect(end).toBeLessThanOrEqual(1)
          if (end === share) continue
          const deviation = Math.sqrt((end * (1 - end)) / trials)
          expect(Math.abs(share - end) / deviation).toBeCloseTo(1.959964, 4)
        }
      }),
    )
  })

  it("refuses what is no share", () => {
    for (const [successes, trials] of [
      [0, 0],
      [-1, 5],
      [6, 5],
    ])
      expect(() => wilsonInterval(successes, trials)).toThrow(RangeError)
  })
})

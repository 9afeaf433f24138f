/** Fieller's interval for a ratio of means: by hand, where it is none, and how often it covers. */
import { describe, expect, it } from "vitest"
import { openStream } from "../../../../engine/index.ts"
import { logNormal } from "../../../../sim/kernel/variates.ts"
import { ratioInterval } from "../../../../sim/statistics/inference/ratio-interval.ts"

const pairs = (numerators: ReadonlyArray<number>, denominators: ReadonlyArray<number>) =>
  numerators.map((numerator, at) => ({ numerator, denominator: denominators[at] }))

describe("an interval for a ratio of means", () => {
  it("is the t interval of the numerator where the denominator is known", () => {
    // Mean 2, s = 1, n = 3, t = 4.302653: 2 ± 2.484138, all over 4.
    const { ratio, low, high } = ratioInterval(pairs([1, 2, 3], [4, 4, 4]))
    expect(ratio).toBeCloseTo(0.5, 12)
    expect(low).toBeCloseTo((2 - 4.302_652_729_749 / Math.sqrt(3)) / 4, 9)
    expect(high).toBeCloseTo((2 + 4.302_652_729_749 / Math.sqrt(3)) / 4, 9)
  })

  it("is a point where the two are proportional", () => {
    const { ratio, low, high } = ratioInterval(pairs([2, 2.2, 2.5], [1, 1.1, 1.25]))
    expect(ratio).toBeCloseTo(2, 12)
    expect(low).toBeCloseTo(2, 6)
    expect(high).toBeCloseTo(2, 6)
  })

  it("ends at ratios that satisfy Fieller's equation", () => {
    const y = [3.1, 2.7, 3.9, 3.3, 2.8]
    const x = [1.2, 1.0, 1.4, 1.1, 1.3]
    const { low, high } = ratioInterval(pairs(y, x))
    for (const end of [low, high]) {
      // The t statistic of y − ρ·x is the quantile itself there, with 4 degrees of freedom.
      const d = y.map((value, at) => value - (end ?? NaN) * x[at])
      const mean = d.reduce((sum, one) => sum + one, 0) / 5
      const variance = d.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 4
      expect(Math.abs(mean) / Math.sqrt(variance / 5)).toBeCloseTo(2.776_445_105, 6)
    }
  })

  it("is none where the denominator may be 0, or there are fewer than two pairs", () => {
    expect(ratioInterval(pairs([1, 2, 3], [-1, 0.1, 1]))).toMatchObject({ low: null, high: null })
    expect(ratioInterval(pairs([1], [2]))).toMatchObject({
      ratio: 0.5,
      low: null,
      high: null,
      n: 1,
    })
    expect(ratioInterval([]).ratio).toBeNaN()
  })

  it("covers the true ratio in 95% of samples of correlated pairs", () => {
    const stream = openStream("ratio", "sample", 0)
    const samples = 4000
    let covered = 0
    for (let sample = 0; sample < samples; sample++) {
      const drawn = Array.from({ length: 8 }, () => {
        const shared = Math.log(logNormal(stream, 0, 1))
        return {
          numerator: 3 + 0.5 * shared + 0.2 * Math.log(logNormal(stream, 0, 1)),
          denominator: 2 + 0.3 * shared + 0.1 * Math.log(logNormal(stream, 0, 1)),
        }
      })
      const { low, high } = ratioInterval(drawn)
      if (low !== null && high !== null && low <= 1.5 && high >= 1.5) covered++
    }
    // Binomial, σ = 0.0034: five of them.
    expect(Math.abs(covered / samples - 0.95)).toBeLessThan(0.0175)
  })
})

/**
 * Intervals for means over replications whose distribution may be skewed and whose values have bounds:
 * shares near 0 or 1, rare outages, a maximum.
 *
 * Student's t, with its skewness removed first: of W = (x̄ − μ) ÷ s and the sample skewness g,
 *
 *   T = W + g·W² ÷ 3 + g²·W³ ÷ 27 + g ÷ (6n)
 *
 * is closer to symmetric than W, and has an inverse in closed form (Hall, "On the removal of skewness by
 * transformation", Journal of the Royal Statistical Society B 54, 1992). Where g is 0 it is Student's
 * interval. Eight replications of a market whose nodes rarely fail: the interval of the nodes online covers
 * in 93% of all cases, Student's in 84% (docs/coverage.md).
 */
import { rounding } from "../rounding.ts"
import { studentTQuantile } from "../distributions/student-t.ts"
import { tallyOf } from "../samples/tally.ts"

/** Ends of what a value can be; `null`: none. */
export interface Bounds {
  readonly least: number | null
  readonly most: number | null
}

const unbounded: Bounds = { least: null, most: null }

/** What an interval rests on: one value has none, and that of values that are all the same says nothing of chance. */
export type IntervalBasis = "interval" | "one" | "same"

export interface SkewedInterval {
  readonly mean: number
  /** `null` of one value; the mean itself where all are the same. */
  readonly low: number | null
  readonly high: number | null
  /** Half of the interval's length. */
  readonly halfWidth: number | null
  readonly n: number
  readonly basis: IntervalBasis
}

/** The interval that covers the mean of independent `values` with probability `level`, within the bounds. */
export const skewedInterval = (
  values: ReadonlyArray<number>,
  { least, most }: Bounds = unbounded,
  level = 0.95,
): SkewedInterval => {
  const { n, mean, deviation, min, max } = tallyOf(values)
  const none = { mean: n === 0 ? NaN : mean, low: null, high: null, halfWidth: null, n }
  if (deviation === null) return { ...none, basis: "one" }
  const size = Math.max(Math.abs(min), Math.abs(max))
  if (deviation <= rounding * size)
    return { mean, low: mean, high: mean, halfWidth: 0, n, basis: "same" }
  const skewness = values.reduce((sum, value) => sum + ((value - mean) / deviation) ** 3, 0) / n
  const t = studentTQuantile(1 - (1 - level) / 2, n - 1) / Math.sqrt(n)
  const end = (ofT: number): number => mean - deviation * untransformed(ofT, skewness, n)
  const low = Math.max(Math.min(mean, end(t)), least ?? -Infinity)
  const high = Math.min(Math.max(mean, end(-t)), most ?? Infinity)
  return { mean, low, high, halfWidth: (high - low) / 2, n, basis: "interval" }
}

/** W of a given T. */
const untransformed = (t: number, skewness: number, n: number): number => {
  const inner = skewness * (t - skewness / (6 * n))
  // By the series of the cube root, which is exact to rounding there: its difference to 1 is not.
  if (Math.abs(inner) < 1e-5)
    return (t - skewness / (6 * n)) * (1 - inner / 3 + (5 * inner * inner) / 27)
  return (3 / skewness) * (Math.cbrt(1 + inner) - 1)
}

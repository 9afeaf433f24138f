/**
 * An interval for the ratio of two means from paired observations: Fieller's theorem (Fieller, "Some
 * problems in interval estimation", Journal of the Royal Statistical Society B 16, 1954).
 *
 *   all ρ with (ȳ − ρ·x̄)² ≤ t² · (s²_y − 2ρ·s_xy + ρ²·s²_x) ÷ n
 *
 * Where x̄ is not clearly different from 0 that is no bounded interval, and none is given.
 */
import { studentTQuantile } from "../distributions/student-t.ts"
import { tallyOf } from "../samples/tally.ts"

export interface RatioPair {
  readonly numerator: number
  readonly denominator: number
}

export interface RatioInterval {
  /** Ratio of the means; NaN where the denominators' mean is 0. */
  readonly ratio: number
  /** `null` below two pairs, and where the denominator may be 0. */
  readonly low: number | null
  readonly high: number | null
  readonly n: number
}

export const ratioInterval = (pairs: ReadonlyArray<RatioPair>, level = 0.95): RatioInterval => {
  const x = tallyOf(pairs.map(({ denominator }) => denominator))
  const y = tallyOf(pairs.map(({ numerator }) => numerator))
  const n = pairs.length
  const ratio = n === 0 || x.mean === 0 ? NaN : y.mean / x.mean
  if (x.variance === null || y.variance === null) return { ratio, low: null, high: null, n }
  const covariance =
    pairs.reduce(
      (sum, { numerator, denominator }) => sum + (numerator - y.mean) * (denominator - x.mean),
      0,
    ) /
    (n - 1)
  const t = studentTQuantile(1 - (1 - level) / 2, n - 1)
  const g = (t * t) / n
  // a·ρ² − 2b·ρ + c ≤ 0
  const a = x.mean * x.mean - g * x.variance
  const b = x.mean * y.mean - g * covariance
  const c = y.mean * y.mean - g * y.variance
  if (a <= 0) return { ratio, low: null, high: null, n }
  const root = Math.sqrt(Math.max(0, b * b - a * c))
  return { ratio, low: (b - root) / a, high: (b + root) / a, n }
}

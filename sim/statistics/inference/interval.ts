/**
 * Student-t intervals for the mean over independent replications (Law, "Simulation Modeling and
 * Analysis", 5th ed. 2015, section 9.4.1): mean ± t(1 − α/2; n − 1) · s ÷ √n.
 */
import { studentTQuantile } from "../distributions/student-t.ts"
import { tallyOf } from "../samples/tally.ts"

/** mean ± halfWidth. Without a spread to judge by, that is below two observations, it is `null`. */
export interface Interval {
  readonly mean: number
  readonly halfWidth: number | null
  readonly n: number
}

/**
 * The interval for the mean of independent, equally distributed `values` (one for a replication)
 * that covers it with probability `level`. The mean of no values is NaN.
 */
export const meanInterval = (values: Iterable<number>, level = 0.95): Interval => {
  const tally = tallyOf(values)
  const { n, deviation } = tally
  if (deviation === null) return { mean: n === 0 ? NaN : tally.mean, halfWidth: null, n }
  const t = studentTQuantile(1 - (1 - level) / 2, n - 1)
  return { mean: tally.mean, halfWidth: (t * deviation) / Math.sqrt(n), n }
}

/**
 * The level at which each of `count` intervals has to be taken so that all of them cover together
 * with probability `level` at least, whatever their dependence (Bonferroni's inequality):
 * 1 − (1 − level) ÷ count.
 */
export const simultaneousLevel = (level: number, count: number): number =>
  1 - (1 - level) / Math.max(1, count)

/**
 * What two systems differ by. Under common random numbers replication i of both shares its draws, so that
 * what chance did to both cancels in the difference Dᵢ = variantᵢ − baselineᵢ (Law, "Simulation Modeling
 * and Analysis", 5th ed. 2015, sections 10.2.1 and 11.2).
 *
 *   interval             mean(D) ± t(0.975; n − 1) · s_D ÷ √n
 *   p, two-sided         2 · P(T > |mean(D)| · √n ÷ s_D), with n − 1 degrees of freedom
 *   variance reduction   (s²_baseline + s²_variant) ÷ s²_D: how many times as many independent
 *                        replications would be needed for an interval as narrow
 *
 * Where all differences are the same, and not 0, t says nothing: s_D = 0 is then a small sample's
 * accident, or an effect without chance. What is left is that all signs agree, which flipping signs
 * at random does with p = 2¹⁻ⁿ (Fisher, "The Design of Experiments", 1935, section 21).
 */
import { meanInterval } from "./interval.ts"
import { studentTQuantile, studentTTail } from "../distributions/student-t.ts"
import { rounding } from "../rounding.ts"
import { tallyOf } from "../samples/tally.ts"

/** A value of either system, in the same replication. */
export interface Pair {
  readonly baseline: number
  readonly variant: number
}

export interface DifferenceOfMeans {
  /** Number of pairs; of independent systems, the baseline's values. */
  readonly n: number
  /** Mean of the baseline's values. */
  readonly baseline: number
  /** Mean of the variant's values. */
  readonly variant: number
  /** Mean of variant − baseline. */
  readonly difference: number
  /** Of the difference's 95% interval; `null` below two pairs. */
  readonly halfWidth: number | null
  /** The difference as a share of the baseline's size; `null` where that is 0. */
  readonly relative: number | null
  /** All differences are the same, but for rounding; `false` below two pairs. */
  readonly isConstant: boolean
  /** Of the hypothesis that the mean difference is 0; `null` below two pairs. */
  readonly p: number | null
  /** `null` where one of its three variances is 0, or there are fewer than two pairs. */
  readonly varianceReduction: number | null
}

/** Compares one pair or more; the mean of none is NaN. */
export const comparePairs = (pairs: ReadonlyArray<Pair>): DifferenceOfMeans => {
  const baseline = tallyOf(pairs.map((pair) => pair.baseline))
  const variant = tallyOf(pairs.map((pair) => pair.variant))
  const differences = pairs.map(differenceOf)
  const { mean, halfWidth, n } = meanInterval(differences)
  const size = Math.max(...[baseline, variant].flatMap(({ min, max }) => [-min, max]))
  const measured = tallyOf(differences).deviation
  const deviation = measured !== null && measured <= rounding * size ? 0 : measured
  return {
    n,
    baseline: n === 0 ? NaN : baseline.mean,
    variant: n === 0 ? NaN : variant.mean,
    difference: mean,
    halfWidth,
    relative: baseline.mean === 0 ? null : mean / Math.abs(baseline.mean),
    isConstant: deviation === 0,
    p: deviation === null ? null : pairedP(mean, deviation, n),
    varianceReduction: reductionOf(baseline.variance, variant.variance, deviation),
  }
}

const differenceOf = ({ baseline, variant }: Pair): number => {
  const difference = variant - baseline
  const size = Math.max(Math.abs(baseline), Math.abs(variant))
  return Math.abs(difference) <= rounding * size ? 0 : difference
}

const pairedP = (mean: number, deviation: number, n: number): number => {
  if (mean === 0) return 1
  if (deviation === 0) return 2 ** (1 - n)
  return 2 * studentTTail((Math.abs(mean) * Math.sqrt(n)) / deviation, n - 1)
}

const reductionOf = (
  baseline: number | null,
  variant: number | null,
  deviation: number | null,
): number | null =>
  baseline === null || variant === null || deviation === null
    ? null
    : baseline === 0 || variant === 0 || deviation === 0
      ? null
      : (baseline + variant) / (deviation * deviation)

/**
 * Compares systems whose replications have nothing to do with each other, such as runs of different seeds:
 * Welch's interval and test ("The generalization of 'Student's' problem when several different population
 * variances are involved", Biometrika 34, 1947),
 *
 *   x̄_variant − x̄_baseline ± t(0.975; ν) · √(s²_b ÷ n_b + s²_v ÷ n_v),
 *   ν = (s²_b ÷ n_b + s²_v ÷ n_v)² ÷ (s⁴_b ÷ (n²_b·(n_b − 1)) + s⁴_v ÷ (n²_v·(n_v − 1))).
 */
export const compareIndependent = (
  baselineValues: ReadonlyArray<number>,
  variantValues: ReadonlyArray<number>,
): DifferenceOfMeans => {
  const baseline = tallyOf(baselineValues)
  const variant = tallyOf(variantValues)
  const n = baseline.n
  const size = Math.max(...[baseline, variant].flatMap(({ min, max }) => [-min, max]))
  const raw = variant.mean - baseline.mean
  const difference = Math.abs(raw) <= rounding * size ? 0 : raw
  const means = {
    n,
    baseline: n === 0 ? NaN : baseline.mean,
    variant: variant.n === 0 ? NaN : variant.mean,
    difference,
    relative: baseline.mean === 0 ? null : difference / Math.abs(baseline.mean),
    varianceReduction: null,
  }
  if (baseline.variance === null || variant.variance === null)
    return { ...means, halfWidth: null, isConstant: false, p: null }
  const [b, v] = [baseline.variance / n, variant.variance / variant.n]
  const standardError = Math.sqrt(b + v)
  const isConstant = standardError <= rounding * size
  if (isConstant)
    return { ...means, halfWidth: 0, isConstant, p: difference === 0 ? 1 : 2 ** (1 - n) }
  const freedom = (b + v) ** 2 / ((b * b) / (n - 1) + (v * v) / (variant.n - 1))
  return {
    ...means,
    halfWidth: studentTQuantile(0.975, freedom) * standardError,
    isConstant,
    p: 2 * studentTTail(Math.abs(difference) / standardError, freedom),
  }
}

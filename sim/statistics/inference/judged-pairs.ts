/**
 * Several paired comparisons with one verdict each, such that the verdicts hold for all of them together.
 */
import { holmAdjusted } from "./holm.ts"
import type { DifferenceOfMeans, Pair } from "./difference-of-means.ts"
import { comparePairs } from "./difference-of-means.ts"

/** The probability that any of the verdicts sees a difference where there is none. */
const FAMILY_ERROR = 0.05

/**
 * `negligible`: surely smaller than what matters. `not shown`: neither a difference nor that there is none.
 */
export type Verdict = "higher" | "lower" | "negligible" | "not shown" | "identical"

/**
 * What a verdict rests on: a test; or that every pair shows the same difference, which chance has no
 * part in (`exact`), or none (`identical`); or nothing, where there are fewer than two pairs. What
 * could not be found to differ, whatever the level, is no test (Tarone, "A modified Bonferroni method
 * for discrete data", Biometrics 46, 1990): it does not make the others' verdicts harder to reach.
 */
export type Basis = "test" | "exact" | "identical" | "too few"

export interface JudgedComparison extends DifferenceOfMeans {
  readonly basis: Basis
  /** p adjusted for all comparisons that were tested, by Holm's procedure; `null` for the others. */
  readonly pHolm: number | null
  readonly verdict: Verdict
}

/**
 * Compares each of the lists of pairs; their order is kept. `smallestOn`: the smallest difference that
 * matters from the baseline of a list, by its place; by default every difference does.
 */
export const judgePairs = (
  lists: ReadonlyArray<ReadonlyArray<Pair>>,
  smallestOn: (at: number, baseline: number) => number = () => 0,
): ReadonlyArray<JudgedComparison> => {
  const compared = lists.map((pairs) => {
    const comparison = comparePairs(pairs)
    return { ...comparison, basis: basisOf(comparison) }
  })
  const tested = compared.flatMap(({ p, basis }, at) =>
    p !== null && basis === "test" ? [{ p, at }] : [],
  )
  const adjusted = holmAdjusted(tested.map(({ p }) => p))
  const pHolmOf = new Map(tested.map(({ at }, rank) => [at, adjusted[rank]]))
  return compared.map((comparison, at) => {
    const pHolm = pHolmOf.get(at) ?? null
    const smallest = smallestOn(at, comparison.baseline)
    return { ...comparison, pHolm, verdict: verdictOf(comparison, pHolm, smallest) }
  })
}

const basisOf = ({ n, difference, isConstant }: DifferenceOfMeans): Basis => {
  if (n < 2) return "too few"
  if (!isConstant) return "test"
  if (difference === 0) return "identical"
  // That so many signs agree by chance is unlikely enough by itself.
  return 2 ** (1 - n) <= FAMILY_ERROR ? "exact" : "test"
}

const verdictOf = (
  { difference, halfWidth, basis }: Pick<JudgedComparison, "difference" | "halfWidth" | "basis">,
  pHolm: number | null,
  smallest: number,
): Verdict => {
  if (basis === "identical") return "identical"
  if (halfWidth !== null && Math.abs(difference) + halfWidth < smallest) return "negligible"
  if (basis !== "exact" && (pHolm === null || pHolm > FAMILY_ERROR)) return "not shown"
  return difference > 0 ? "higher" : "lower"
}

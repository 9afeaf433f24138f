/**
 * Several comparisons with one verdict each, such that the verdicts hold for all of them together.
 */
import { holmAdjusted } from "./holm.ts"
import type { Pair, DifferenceOfMeans } from "./difference-of-means.ts"
import { comparePairs } from "./difference-of-means.ts"

/** The probability that any of the verdicts sees a difference where there is none. */
export const FAMILY_ERROR = 0.05

export type Verdict = "higher" | "lower" | "not shown" | "identical"

/**
 * What a verdict rests on: a test; or that every replication shows the same difference, which chance has no
 * part in (`exact`), or none (`identical`); or nothing, where there are too few. What
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

/** Judges comparisons together; their order is kept. */
export const judged = <C extends DifferenceOfMeans>(
  comparisons: ReadonlyArray<C>,
): ReadonlyArray<C & JudgedComparison> => {
  const compared = comparisons.map((comparison) => ({ comparison, basis: basisOf(comparison) }))
  const tested = compared.flatMap(({ comparison: { p }, basis }, at) =>
    p !== null && basis === "test" ? [{ p, at }] : [],
  )
  const adjusted = holmAdjusted(tested.map(({ p }) => p))
  const pHolmOf = new Map(tested.map(({ at }, rank) => [at, adjusted[rank]]))
  return compared.map(({ comparison, basis }, at) => {
    const pHolm = pHolmOf.get(at) ?? null
    const { difference } = comparison
    return { ...comparison, basis, pHolm, verdict: verdictOf({ difference, basis }, pHolm) }
  })
}

/** Compares each of the `families` of pairs, and judges them together; their order is kept. */
export const judgePairs = (
  families: ReadonlyArray<ReadonlyArray<Pair>>,
): ReadonlyArray<JudgedComparison> => judged(families.map(comparePairs))

const basisOf = ({ n, p, difference, isConstant }: DifferenceOfMeans): Basis => {
  if (p === null) return "too few"
  if (!isConstant) return "test"
  if (difference === 0) return "identical"
  // That so many signs agree by chance is unlikely enough by itself.
  return 2 ** (1 - n) <= FAMILY_ERROR ? "exact" : "test"
}

const verdictOf = (
  { difference, basis }: Pick<JudgedComparison, "difference" | "basis">,
  pHolm: number | null,
): Verdict => {
  if (basis === "identical") return "identical"
  if (basis !== "exact" && (pHolm === null || pHolm > FAMILY_ERROR)) return "not shown"
  return difference > 0 ? "higher" : "lower"
}

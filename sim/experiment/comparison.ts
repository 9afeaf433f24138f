/**
 * Two runs of one seed beside each other: which metrics differ, by how much, and how sure that is.
 * Replication i of both shares its random numbers, so that metrics are compared replication by
 * replication; and since there are many of them, a verdict holds for all of them together.
 */
import type { RunResult } from "../results/models/run-model.ts"
import { holmAdjusted } from "../statistics/inference/holm.ts"
import type { Pair, PairedComparison } from "../statistics/inference/paired-comparison.ts"
import { comparePairs } from "../statistics/inference/paired-comparison.ts"

/** The probability that any of a comparison's verdicts sees a difference where there is none. */
export const FAMILY_ERROR = 0.05

export type Verdict = "higher" | "lower" | "no difference shown" | "identical"

/**
 * What a verdict rests on: a test; or that every replication shows the same difference, which chance has
 * no part in (`exact`), or none (`identical`); or nothing, where too few replications have the metric.
 * What could not be found to differ, whatever the level, is no test (Tarone, "A modified Bonferroni method
 * for discrete data", Biometrics 46, 1990): it does not make the others' verdicts harder to reach.
 */
export type Basis = "test" | "exact" | "identical" | "too few"

export interface MetricComparison extends Omit<PairedComparison, "isConstant"> {
  readonly basis: Basis
  /** p adjusted for all metrics that were tested, by Holm's procedure; `null` for the others. */
  readonly pHolm: number | null
  readonly verdict: Verdict
  readonly unit: string
  readonly meaning: string
}

export interface Comparison {
  /** By name, in the order of the runs' metrics. */
  readonly metrics: Readonly<Record<string, MetricComparison>>
  /** Metrics that cannot be compared: which side never had them, or that no replication of both did. */
  readonly missing: Readonly<Record<string, Missing>>
}

export type Missing = "baseline" | "variant" | "common replication"

/** Compares the variant with the baseline. Throws a RangeError where the two have different seeds. */
export const compareRuns = (baseline: RunResult, variant: RunResult): Comparison => {
  if (baseline.seed !== variant.seed)
    throw new RangeError(
      `runs are compared under one seed, not under ${baseline.seed} and ${variant.seed}`,
    )
  const facts = { ...variant.metrics, ...baseline.metrics }
  const names = [...new Set([...Object.keys(baseline.metrics), ...Object.keys(variant.metrics)])]
  const all = names.map((name) => ({ name, pairs: pairsOf(baseline, variant, name) }))
  const compared = all
    .filter(({ pairs }) => pairs.length > 0)
    .map(({ name, pairs }) => {
      const { isConstant, ...comparison } = comparePairs(pairs)
      return { name, ...comparison, basis: basisOf(comparison, isConstant) }
    })
  const tested = compared.flatMap(({ name, p, basis }) =>
    p !== null && basis === "test" ? [{ name, p }] : [],
  )
  const adjusted = holmAdjusted(tested.map(({ p }) => p))
  const pHolmOf = new Map(tested.map(({ name }, at) => [name, adjusted[at]]))
  return {
    metrics: Object.fromEntries(
      compared.map(({ name, ...comparison }) => {
        const pHolm = pHolmOf.get(name) ?? null
        const { unit, meaning } = facts[name]
        const verdict = verdictOf(comparison, pHolm)
        return [name, { ...comparison, pHolm, verdict, unit, meaning }]
      }),
    ),
    missing: Object.fromEntries(
      all
        .filter(({ pairs }) => pairs.length === 0)
        .map(({ name }) => [
          name,
          !(name in baseline.metrics)
            ? "baseline"
            : !(name in variant.metrics)
              ? "variant"
              : "common replication",
        ]),
    ),
  }
}

/** The metric's values in the replications in which both runs have it. */
const pairsOf = (baseline: RunResult, variant: RunResult, name: string): ReadonlyArray<Pair> => {
  const others = new Map(variant.replications.map(({ index, metrics }) => [index, metrics]))
  return baseline.replications.flatMap(({ index, metrics }) => {
    const other = others.get(index)
    return other !== undefined && name in metrics && name in other
      ? [{ baseline: metrics[name], variant: other[name] }]
      : []
  })
}

const basisOf = (
  { n, difference }: Pick<PairedComparison, "n" | "difference">,
  isConstant: boolean,
): Basis => {
  if (n < 2) return "too few"
  if (!isConstant) return "test"
  if (difference === 0) return "identical"
  // That so many signs agree by chance is unlikely enough by itself.
  return 2 ** (1 - n) <= FAMILY_ERROR ? "exact" : "test"
}

const verdictOf = (
  { difference, basis }: Pick<MetricComparison, "difference" | "basis">,
  pHolm: number | null,
): Verdict => {
  if (basis === "identical") return "identical"
  if (basis !== "exact" && (pHolm === null || pHolm > FAMILY_ERROR)) return "no difference shown"
  return difference > 0 ? "higher" : "lower"
}

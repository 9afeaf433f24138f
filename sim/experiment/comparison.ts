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

export type Verdict = "higher" | "lower" | "no difference shown"

export interface MetricComparison extends PairedComparison {
  /** p adjusted for all metrics of the comparison, by Holm's procedure. */
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
    .map(({ name, pairs }) => ({ name, ...comparePairs(pairs) }))
  const tested = compared.flatMap(({ name, p }) => (p === null ? [] : [{ name, p }]))
  const adjusted = holmAdjusted(tested.map(({ p }) => p))
  const pHolmOf = new Map(tested.map(({ name }, at) => [name, adjusted[at]]))
  return {
    metrics: Object.fromEntries(
      compared.map(({ name, ...comparison }) => {
        const pHolm = pHolmOf.get(name) ?? null
        const { unit, meaning } = facts[name]
        const verdict = verdictOf(comparison.difference, pHolm)
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

const verdictOf = (difference: number, pHolm: number | null): Verdict => {
  if (pHolm === null || pHolm > FAMILY_ERROR) return "no difference shown"
  return difference > 0 ? "higher" : "lower"
}

/**
 * Two runs beside each other: which metrics differ, by how much, and how sure that is. Runs of one seed are
 * compared replication by replication, for replication i of both shares its random numbers; runs of two
 * seeds are independent.
 *
 * Metrics that were named beforehand are tested for themselves; the others are looked at together, as what
 * strikes the eye among many would strike it by chance too. Either family has its own risk of a false verdict.
 */
import type { Comparison, MetricComparison, Role } from "../results/models/comparison-model.ts"
import { smallestEffectOn } from "../results/models/metric-facts.ts"
import type { RunResult } from "../results/models/run-model.ts"
import type { DifferenceOfMeans, Pair } from "../statistics/inference/difference-of-means.ts"
import { compareIndependent, comparePairs } from "../statistics/inference/difference-of-means.ts"
import { judged } from "../statistics/inference/judged-pairs.ts"
import { factsOf } from "../metrics/catalogue.ts"

/**
 * The fewest replications that a comparison is made of: where all of them show the same difference, that
 * would come by chance with a probability of 2¹⁻ⁿ, which only from so many on is below the error allowed.
 */
export const LEAST_REPLICATIONS = 6

/** A metric named beforehand, and the smallest difference that matters, where it is not the registry's. */
export interface PrimaryMetric {
  readonly metric: string
  readonly smallest?: { readonly size: number; readonly isRelative: boolean }
}

/** Compares the variant with the baseline. O(metrics · replications). */
export const compareRuns = (
  baseline: RunResult,
  variant: RunResult,
  primary: ReadonlyArray<PrimaryMetric> = [],
): Comparison => {
  const isPaired = baseline.seed === variant.seed
  const facts = { ...variant.metrics, ...baseline.metrics }
  const names = [...new Set([...Object.keys(baseline.metrics), ...Object.keys(variant.metrics)])]
  const compared = names.flatMap((name) => {
    const difference = isPaired
      ? pairedDifference(baseline, variant, name)
      : independentDifference(baseline, variant, name)
    if (difference === undefined) return []
    const named = primary.find(({ metric }) => metric === name)
    const smallest = named?.smallest
    const own = {
      ...factsOf(facts[name]),
      ...(smallest === undefined
        ? {}
        : { smallestEffect: smallest.size, isEffectRelative: smallest.isRelative }),
    }
    const role: Role = named === undefined ? "exploratory" : "primary"
    return [{ ...difference, name, own, role }]
  })
  const roles = ["primary", "exploratory"] as const
  const verdicts = new Map(
    roles
      .flatMap((role) => judged(compared.filter((one) => one.role === role)))
      .map((one) => [one.name, one]),
  )
  const metrics = names
    .flatMap((name) => verdicts.get(name) ?? [])
    .map(({ name, own, role, basis, pHolm, verdict, isConstant: _, ...difference }) => {
      const smallestDifference = smallestEffectOn(own, difference.baseline)
      const { halfWidth } = difference
      const isNegligible =
        basis !== "identical" &&
        halfWidth !== null &&
        Math.abs(difference.difference) + halfWidth < smallestDifference
      const comparison: MetricComparison = {
        role,
        ...difference,
        low: halfWidth === null ? null : difference.difference - halfWidth,
        high: halfWidth === null ? null : difference.difference + halfWidth,
        pHolm,
        smallestDifference,
        basis,
        verdict: isNegligible ? "negligible" : verdict,
        ...own,
      }
      return [name, comparison] as const
    })
  return {
    isPaired,
    metrics: Object.fromEntries(metrics),
    missing: Object.fromEntries(
      names
        .filter((name) => !verdicts.has(name))
        .map((name) => [
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

/** By the metric's values in the replications in which both runs have it. */
const pairedDifference = (
  baseline: RunResult,
  variant: RunResult,
  name: string,
): DifferenceOfMeans | undefined => {
  const others = new Map(variant.replications.map(({ index, metrics }) => [index, metrics]))
  const pairs = baseline.replications.flatMap(({ index, metrics }): ReadonlyArray<Pair> => {
    const other = others.get(index)
    return other !== undefined && name in metrics && name in other
      ? [{ baseline: metrics[name], variant: other[name] }]
      : []
  })
  return pairs.length === 0 ? undefined : comparePairs(pairs)
}

const independentDifference = (
  baseline: RunResult,
  variant: RunResult,
  name: string,
): DifferenceOfMeans | undefined => {
  const [own, other] = [baseline, variant].map(({ replications }) =>
    replications.flatMap(({ metrics }) => metrics[name] ?? []),
  )
  return own.length === 0 || other.length === 0 ? undefined : compareIndependent(own, other)
}

/**
 * Two runs beside each other: which metrics differ, by how much, and how sure that is. Runs of one seed are
 * compared replication by replication, for replication i of both shares its random numbers; runs of two
 * seeds are independent.
 *
 * Metrics that were named beforehand are tested for themselves; the others are looked at together, as what
 * strikes the eye among many would strike it by chance too. Either family has its own risk of a false verdict.
 */
import type {
  Basis,
  Comparison,
  MetricComparison,
  Role,
  Verdict,
} from "../results/models/comparison-model.ts"
import { smallestEffectOn } from "../results/models/metric-facts.ts"
import type { RunResult } from "../results/models/run-model.ts"
import type { DifferenceOfMeans, Pair } from "../statistics/inference/difference-of-means.ts"
import { compareIndependent, comparePairs } from "../statistics/inference/difference-of-means.ts"
import { holmAdjusted } from "../statistics/inference/holm.ts"
import { factsOf } from "../metrics/catalogue.ts"

/** The probability that any verdict of a family sees a difference where there is none. */
export const FAMILY_ERROR = 0.05

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
    const found = isPaired
      ? pairedDifference(baseline, variant, name)
      : independentDifference(baseline, variant, name)
    if (found === undefined) return []
    const { isConstant, ...difference } = found
    const named = primary.find(({ metric }) => metric === name)
    const smallest = named?.smallest
    const own = {
      ...factsOf(facts[name]),
      ...(smallest === undefined
        ? {}
        : { smallestEffect: smallest.size, isEffectRelative: smallest.isRelative }),
    }
    const role: Role = named === undefined ? "exploratory" : "primary"
    return [{ name, difference, own, role, basis: basisOf(difference, isConstant) }]
  })
  const adjusted = new Map<string, number>()
  for (const role of ["primary", "exploratory"] as const) {
    const tested = compared.flatMap((one) =>
      one.role === role && one.basis === "test" && one.difference.p !== null
        ? [{ name: one.name, p: one.difference.p }]
        : [],
    )
    const ps = holmAdjusted(tested.map(({ p }) => p))
    tested.forEach(({ name }, at) => adjusted.set(name, ps[at]))
  }
  const metrics = compared.map(({ name, difference, own, role, basis }) => {
    const pHolm = adjusted.get(name) ?? null
    const smallestDifference = smallestEffectOn(own, difference.baseline)
    const { halfWidth } = difference
    const comparison: MetricComparison = {
      role,
      ...difference,
      low: halfWidth === null ? null : difference.difference - halfWidth,
      high: halfWidth === null ? null : difference.difference + halfWidth,
      pHolm,
      smallestDifference,
      basis,
      verdict: verdictOf(difference, basis, pHolm, smallestDifference),
      ...own,
    }
    return [name, comparison] as const
  })
  const isCompared = new Set(compared.map(({ name }) => name))
  return {
    isPaired,
    metrics: Object.fromEntries(metrics),
    missing: Object.fromEntries(
      names
        .filter((name) => !isCompared.has(name))
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

const basisOf = (
  { n, difference, p }: Pick<DifferenceOfMeans, "n" | "difference" | "p">,
  isConstant: boolean,
): Basis => {
  if (p === null) return "too few"
  if (!isConstant) return "test"
  if (difference === 0) return "identical"
  // That so many signs agree by chance is unlikely enough by itself.
  return 2 ** (1 - n) <= FAMILY_ERROR ? "exact" : "test"
}

const verdictOf = (
  { difference, halfWidth }: Pick<DifferenceOfMeans, "difference" | "halfWidth">,
  basis: Basis,
  pHolm: number | null,
  smallest: number,
): Verdict => {
  if (basis === "identical") return "identical"
  if (halfWidth !== null && Math.abs(difference) + halfWidth < smallest) return "negligible"
  if (basis !== "exact" && (pHolm === null || pHolm > FAMILY_ERROR)) return "not shown"
  return difference > 0 ? "higher" : "lower"
}

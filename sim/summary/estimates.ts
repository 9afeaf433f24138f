/** What replications say of each metric together: a mean, its interval, and whether it is a steady state's. */
import { factsOf } from "../metrics/catalogue.ts"
import type { Metric } from "../metrics/metric.ts"
import type { ReplicationMetrics } from "../metrics/of-replication.ts"
import { smallestEffectOn } from "../results/models/metric-facts.ts"
import type { Estimate, Trend } from "../results/models/run-model.ts"
import { studentTQuantile } from "../statistics/distributions/student-t.ts"
import { holmAdjusted } from "../statistics/inference/holm.ts"
import type { DifferenceOfMeans } from "../statistics/inference/difference-of-means.ts"
import { comparePairs } from "../statistics/inference/difference-of-means.ts"
import type { SkewedInterval } from "../statistics/inference/skewed-interval.ts"
import { skewedInterval } from "../statistics/inference/skewed-interval.ts"
import { restrictedMean } from "../statistics/samples/kaplan-meier.ts"

/** The probability that any of a run's metrics is said to move that does not. */
const trendError = 0.05

/** By metric, in the registry's order; those that no replication has are left out. */
export const estimates = (
  metrics: ReadonlyArray<Metric>,
  replications: ReadonlyArray<ReplicationMetrics>,
): Readonly<Record<string, Estimate>> => {
  const trends = trendsOf(metrics, replications)
  return Object.fromEntries(
    metrics.flatMap((metric) => {
      const values = replications.flatMap(({ values: own }) => own[metric.name] ?? [])
      if (values.length === 0) return []
      const interval =
        metric.endsWith === undefined
          ? skewedInterval(values, metric)
          : watchedInterval(metric, metric.endsWith, replications)
      const estimate = { ...interval, trend: trends.get(metric.name) ?? null, ...factsOf(metric) }
      return [[metric.name, estimate]]
    }),
  )
}

/** Of times that the end of the run may have cut short. */
const watchedInterval = (
  { name, least, most }: Metric,
  endsWith: string,
  replications: ReadonlyArray<ReplicationMetrics>,
): SkewedInterval => {
  const times = replications.flatMap(({ values }) =>
    name in values ? [{ time: values[name], isSeen: values[endsWith] === 1 }] : [],
  )
  const { mean, standardError } = restrictedMean(times)
  const n = times.length
  const none = { mean, low: null, high: null, halfWidth: null, n }
  if (n < 2) return { ...none, basis: "one" }
  if (standardError === 0) return { ...none, low: mean, high: mean, halfWidth: 0, basis: "same" }
  const half = studentTQuantile(0.975, n - 1) * standardError
  const low = Math.max(mean - half, least ?? -Infinity)
  const high = Math.min(mean + half, most ?? Infinity)
  return { mean, low, high, halfWidth: (high - low) / 2, n, basis: "interval" }
}

/**
 * Metrics whose second half differs from the first by more than chance does and by more than matters:
 * a paired test for each, Holm's procedure over all of them.
 */
const trendsOf = (
  metrics: ReadonlyArray<Metric>,
  replications: ReadonlyArray<ReplicationMetrics>,
): ReadonlyMap<string, Trend> => {
  const compared = metrics.flatMap((metric) => {
    const pairs = replications.flatMap(({ halves: [first, second] }) =>
      metric.name in first && metric.name in second
        ? [{ baseline: first[metric.name], variant: second[metric.name] }]
        : [],
    )
    const comparison = pairs.length < 2 ? null : comparePairs(pairs)
    return comparison === null || comparison.difference === 0 ? [] : [{ metric, comparison }]
  })
  const adjusted = holmAdjusted(compared.map(({ comparison }) => comparison.p ?? 1))
  return new Map(
    compared.flatMap(({ metric, comparison }, at) =>
      adjusted[at] <= trendError && matters(metric, comparison)
        ? [
            [
              metric.name,
              { difference: comparison.difference, halfWidth: comparison.halfWidth ?? 0 },
            ] as const,
          ]
        : [],
    ),
  )
}

const matters = (metric: Metric, { baseline, variant, difference }: DifferenceOfMeans): boolean =>
  Math.abs(difference) > smallestEffectOn(metric, (baseline + variant) / 2)

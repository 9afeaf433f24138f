/**
 * Interval coverage on a market, where no theory knows the truth: a scenario is run many times over, each
 * time with a few replications and draws of its own, and every run makes its interval of every metric as
 * `evenkeel run` does. The truth that they are held against is the mean of all replications of all runs. Its
 * own error is that of one interval divided by √runs, so with a hundred runs it is a tenth of a half-width.
 *
 * A metric that moves over the run is not a steady state's. Its interval is for the mean over that stretch,
 * and covers that all the same; the table says so.
 */
import type { Finished } from "../recording/replicated.ts"
import type { MetricFacts } from "../results/models/metric-facts.ts"
import type { Estimate } from "../results/models/run-model.ts"
import type { Scenario } from "../scenarios/schema.ts"
import { wilsonInterval } from "../statistics/distributions/binomial.ts"
import { tallyOf } from "../statistics/samples/tally.ts"
import type { ReplicationMetrics } from "../metrics/of-replication.ts"
import { metricsOfReplication, metricsOfScenario } from "../metrics/of-replication.ts"
import { estimates } from "../summary/estimates.ts"

/** Below this share of covering intervals a metric is said to be missed. */
export const LEAST_SHARE = 0.92

/** Intervals of fewer runs than this prove nothing of a metric that is rarely there. */
const leastIntervals = 20

/**
 * `same`: it never varies, or hardly ever does, so that there are no intervals to count. `skewed`: missed,
 * while replications lie so far to one side that no interval of so few of them can cover.
 */
export type MarketVerdict = "ok" | "missed" | "skewed" | "same"

export interface MarketCoverage extends MetricFacts {
  readonly metric: string
  /** Mean of all replications. */
  readonly mean: number
  /** Of the replications: how far they lie to one side. */
  readonly skewness: number
  /** Runs that gave an interval, how many of those cover, and that share with Wilson's 95% interval. */
  readonly intervals: number
  readonly covered: number
  readonly share: number
  readonly low: number
  readonly high: number
  /** Mean half-width as a share of the mean's size. */
  readonly relativeHalfWidth: number
  /** Share of the runs in which it was said to move. */
  readonly movingShare: number
  readonly verdict: MarketVerdict
}

/** What a run leaves for the count: a few hundred numbers. */
export interface CoverageRun {
  readonly values: ReadonlyArray<Readonly<Record<string, number>>>
  readonly estimates: Readonly<Record<string, Estimate>>
}

/** One run, from its replications. */
export const coverageRun = (scenario: Scenario, finished: ReadonlyArray<Finished>): CoverageRun => {
  const measured = finished.map((one): ReplicationMetrics => metricsOfReplication(scenario, one))
  const strategies = finished[0]?.result.mixedStrategies ?? []
  return {
    values: measured.map(({ values }) => values),
    estimates: estimates(metricsOfScenario(scenario, strategies), measured),
  }
}

/** Every metric that any of the runs has. O(metrics · replications). */
export const coverageOfMarket = (
  facts: Readonly<Record<string, MetricFacts>>,
  runs: ReadonlyArray<CoverageRun>,
): ReadonlyArray<MarketCoverage> =>
  Object.entries(facts).flatMap(([metric, own]) => {
    const values = runs.flatMap((run) => run.values.flatMap((one) => one[metric] ?? []))
    if (values.length === 0) return []
    const { mean, deviation } = tallyOf(values)
    const made = runs.flatMap((run) => run.estimates[metric] ?? [])
    const given = made.flatMap(({ low, high, halfWidth, basis }) =>
      basis !== "interval" || low === null || high === null || halfWidth === null
        ? []
        : [{ low, high, halfWidth }],
    )
    const covered = given.filter(({ low, high }) => low <= mean && mean <= high).length
    const { share, low, high } =
      given.length === 0 ? noInterval : wilsonInterval(covered, given.length)
    const s = deviation ?? 0
    const skewness =
      s === 0
        ? 0
        : values.reduce((sum, value) => sum + ((value - mean) / s) ** 3, 0) / values.length
    return [
      {
        ...own,
        metric,
        mean,
        skewness,
        intervals: given.length,
        covered,
        share,
        low,
        high,
        relativeHalfWidth:
          given.reduce((sum, { halfWidth }) => sum + halfWidth, 0) / given.length / Math.abs(mean),
        movingShare: made.filter(({ trend }) => trend !== null).length / made.length,
        verdict: verdictOf(given.length, share, high, skewness),
      },
    ]
  })

const noInterval = { share: NaN, low: NaN, high: NaN }

/** So skewed are replications of which a handful cannot tell the mean, whatever is made of them. */
const extremeSkewness = 3

const verdictOf = (
  intervals: number,
  share: number,
  high: number,
  skewness: number,
): MarketVerdict => {
  if (intervals < leastIntervals) return "same"
  if (share >= LEAST_SHARE || high >= LEAST_SHARE) return "ok"
  return Math.abs(skewness) >= extremeSkewness ? "skewed" : "missed"
}

/**
 * The registry: every metric that a scenario has, in the order in which they are shown, and the values
 * that a replication gives them.
 */
import { Struct } from "effect"
import { MetricFacts } from "../results/models/metric-facts.ts"
import { batchMetrics } from "./batch-metrics.ts"
import type { Metric } from "./metric.ts"
import type { CataloguedHours } from "./hours-metrics.ts"
import { hoursMetrics } from "./hours-metrics.ts"
import type { OfferedModel } from "./model-metrics.ts"
import { modelMetrics } from "./model-metrics.ts"
import { moneyMetrics, surplusMetrics, welfareMetrics } from "./money-metrics.ts"
import { newcomerMetrics } from "./newcomer-metrics.ts"
import { partyMetrics } from "./party-metrics.ts"
import { fairnessMetrics, payMetrics, strategyMetrics } from "./pay-metrics.ts"
import { priceMetrics } from "./price-metrics.ts"
import type { CataloguedQueue } from "./queue-metrics.ts"
import { queueMetrics } from "./queue-metrics.ts"
import { serviceMetrics } from "./service-metrics.ts"
import { supplyMetrics } from "./supply-metrics.ts"
import type { Window } from "./window.ts"

/** What the registry depends on of a scenario. */
export interface Catalogued {
  readonly models: ReadonlyArray<OfferedModel>
  /** Does the scenario say what calls are worth? */
  readonly isWorthKnown?: boolean
  readonly parties: ReadonlyArray<string>
  /** Strategies that it mixes. */
  readonly strategies: ReadonlyArray<string>
  /** Price strategies that it mixes; absent: the platform sets the prices. */
  readonly prices?: ReadonlyArray<string>
  /** Absent: nobody sells hours. */
  readonly hours?: CataloguedHours
  /** Are batches handed in? */
  readonly hasBatches?: boolean
  /** Absent: no call waits. */
  readonly queue?: CataloguedQueue
  /** Can parties gain by more than their profit: by what they rent, or have answered? */
  readonly hasGain?: boolean
}

export const metricsFor = ({
  models,
  isWorthKnown = true,
  parties,
  strategies,
  prices,
  hours,
  hasBatches = false,
  queue,
  hasGain = false,
}: Catalogued): ReadonlyArray<Metric> => [
  ...serviceMetrics,
  ...supplyMetrics,
  ...moneyMetrics,
  ...(isWorthKnown ? surplusMetrics : []),
  // Of batches and hours it is not known here what they are worth.
  ...(isWorthKnown && hours === undefined && !hasBatches ? welfareMetrics : []),
  ...payMetrics,
  ...fairnessMetrics,
  ...newcomerMetrics,
  ...modelMetrics(models),
  ...(prices === undefined
    ? []
    : priceMetrics(
        models.map(({ name }) => name),
        prices,
      )),
  ...(hours === undefined ? [] : hoursMetrics(hours)),
  ...(hasBatches ? batchMetrics : []),
  ...(queue === undefined ? [] : queueMetrics(queue)),
  ...strategyMetrics(strategies),
  ...partyMetrics(parties, hasGain),
]

/** The metrics of a stretch of a replication; those that it saw nothing of are left out. */
export const metricValues = (
  metrics: ReadonlyArray<Metric>,
  window: Window,
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    metrics
      .map(({ name, valueOf }) => [name, valueOf(window)] as const)
      .filter(([, value]) => Number.isFinite(value)),
  )

/** Every metric of such a scenario: what it is, by name. */
export const metricFacts = (catalogued: Catalogued): Readonly<Record<string, MetricFacts>> =>
  Object.fromEntries(metricsFor(catalogued).map((metric) => [metric.name, factsOf(metric)]))

const factFields = Struct.keys(MetricFacts.fields)

/** What the metric is, without how it is taken or what it came to. */
export const factsOf = (metric: MetricFacts): MetricFacts => Struct.pick(metric, ...factFields)

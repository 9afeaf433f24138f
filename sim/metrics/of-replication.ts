/** The metrics of one replication, as its scenario has them: after the warm-up, and in either half of that. */
import type { Finished } from "../recording/replicated.ts"
import { nodesIn } from "../recording/node-marks.ts"
import type { BinRange } from "../recording/warm-up-cut.ts"
import { firstBinAfter, halvesAfter, warmupSecondsOf } from "../recording/warm-up-cut.ts"
import type { NodeOutcome } from "../results/models/run-model.ts"
import { areBatchesAsked } from "../scenarios/batches-together.ts"
import { areCallsQueued, noTierName } from "../scenarios/queue-together.ts"
import { areHoursSold } from "../scenarios/hours-together.ts"
import type { Scenario } from "../scenarios/schema.ts"
import type { Catalogued } from "./catalogue.ts"
import { metricFacts, metricsFor, metricValues } from "./catalogue.ts"
import type { Metric } from "./metric.ts"
import type { OfferedModel } from "./model-metrics.ts"
import { windowOf } from "./window.ts"

export interface ReplicationMetrics {
  readonly values: Readonly<Record<string, number>>
  /** In the first and the second half; of metrics that the halves tell apart. */
  readonly halves: readonly [Readonly<Record<string, number>>, Readonly<Record<string, number>>]
  /** As they are after the warm-up. */
  readonly nodes: ReadonlyArray<NodeOutcome>
}

export const metricsOfReplication = (
  scenario: Scenario,
  finished: Finished,
): ReplicationMetrics => {
  const { recording } = finished.result
  const firstBin = firstBinAfter(recording, warmupSecondsOf(scenario))
  const metrics = metricsFor(cataloguedFrom(scenario, finished.result.mixedStrategies))
  const moving = metrics.filter(({ window }) => window === "after the warm-up")
  const [first, second] = halvesAfter(recording, firstBin)
  const whole = { first: firstBin, end: recording.bins }
  const nodes = nodesOf(finished, whole)
  return {
    values: valuesIn(scenario, finished, metrics, whole, nodes),
    halves: [
      valuesIn(scenario, finished, moving, first),
      valuesIn(scenario, finished, moving, second),
    ],
    nodes,
  }
}

/** The metrics of a replication after its warm-up. */
export const metricsAfter = (
  scenario: Scenario,
  finished: Finished,
): Readonly<Record<string, number>> => {
  const { recording, mixedStrategies } = finished.result
  return valuesIn(scenario, finished, metricsFor(cataloguedFrom(scenario, mixedStrategies)), {
    first: firstBinAfter(recording, warmupSecondsOf(scenario)),
    end: recording.bins,
  })
}

const valuesIn = (
  scenario: Scenario,
  finished: Finished,
  metrics: ReadonlyArray<Metric>,
  bins: BinRange,
  nodes = nodesOf(finished, bins),
): Readonly<Record<string, number>> => {
  const { recording, hours, strategies, priceStrategies, parties } = finished.result
  const window = windowOf(recording, nodes, bins, {
    hours,
    horizonSeconds: scenario.horizonDays * 86_400,
    scale: scenario.economy.money.scale,
    strategies,
    priceStrategies,
    parties,
  })
  return metricValues(metrics, window)
}

const nodesOf = ({ result: { nodes, marks, recording } }: Finished, bins: BinRange) =>
  nodesIn(nodes, marks, bins, recording)

/** Every metric that a replication of the scenario can have. */
export const metricFactsOf = (scenario: Scenario, strategies = mixedStrategies(scenario)) =>
  metricFacts(cataloguedFrom(scenario, strategies))

/** Every metric of the scenario, with how it is taken. */
export const metricsOfScenario = (
  scenario: Scenario,
  strategies: ReadonlyArray<string>,
): ReadonlyArray<Metric> => metricsFor(cataloguedFrom(scenario, strategies))

const mixedStrategies = ({ operators }: Scenario): ReadonlyArray<string> => [
  ...new Set(operators.strategies.map(({ strategy }) => strategy)),
]

const cataloguedFrom = (scenario: Scenario, strategies: ReadonlyArray<string>): Catalogued => ({
  models: offeredModels(scenario),
  isWorthKnown: scenario.models.every(({ worthPerMtok }) => worthPerMtok !== null),
  parties: scenario.parties.map(({ name }) => name),
  strategies,
  ...(scenario.economy.pricing.tokens === "host"
    ? { prices: [...new Set(scenario.operators.prices.map(({ strategy }) => strategy))] }
    : {}),
  ...(areHoursSold(scenario) ? { hours: cataloguedHours(scenario) } : {}),
  hasBatches: areBatchesAsked(scenario),
  ...(areCallsQueued(scenario) ? { queue: cataloguedQueue(scenario) } : {}),
  hasGain: scenario.economy.hours.areSold || areBatchesAsked(scenario),
})

const cataloguedQueue = (scenario: Scenario) => ({
  tiers: tiersOf(scenario),
  hasPreemption: scenario.economy.preempt.policy !== "none" && areBatchesAsked(scenario),
})

/** Those whose calls have a tier, and where not all have one, the others. */
const tiersOf = ({ consumers: { tiers } }: Scenario): ReadonlyArray<string> =>
  tiers.length === 0 ? [] : [...tiers.map(({ tier }) => tier), noTierName]

const cataloguedHours = ({ hours, parties }: Scenario) => ({
  has: {
    promises:
      hours.promises.share > 0 ||
      hours.contracts.perDay > 0 ||
      parties.some(({ hours: { lets } }) => lets?.promises === true),
    contracts: hours.contracts.perDay > 0,
    reservations:
      hours.reservations.holders > 0 || parties.some(({ hours: own }) => own.reserves !== null),
    ratings: hours.renters.ratesShare > 0,
    swarms: hours.swarms.share > 0,
  },
  regions: hours.regions.map(({ name }) => name),
  strategies:
    hours.listings.strategies.length === 0
      ? ["fixed"]
      : [...new Set(hours.listings.strategies.map(({ strategy }) => strategy))],
})

/** The models as metrics know them; a crowd that wants all models wants each. */
const offeredModels = ({ models, demand }: Scenario): ReadonlyArray<OfferedModel> =>
  models.map(({ name }) => {
    const hours = demand.flashCrowds.flatMap(({ atHours, model = name }) =>
      model === name ? [atHours] : [],
    )
    return { name, crowdSeconds: hours.length === 0 ? null : Math.min(...hours) * 3600 }
  })

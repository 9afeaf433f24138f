/**
 * What the replications of a run say together: means with Student-t intervals, checks, one digest.
 */
import { stringify } from "yaml"
import type { Finished } from "../recording/replicated.ts"
import type { Check, Estimate, ReplicationResult, RunResult } from "../results/models/run-model.ts"
import type { Scenario } from "../scenarios/schema.ts"
import { meanInterval } from "../statistics/inference/interval.ts"
import { meanSeries, warmUp } from "../statistics/samples/warm-up.ts"
import { metricFacts, metricsOf } from "./metrics.ts"
import type { OfferedModel } from "./model-metrics.ts"
import { nodesAfter } from "../recording/node-marks.ts"
import { firstBinAfter, firstDayAfter, fixedWarmupSeconds } from "../recording/warm-up-cut.ts"
import { secondsOfBin } from "../recording/recorder.ts"
import { histogramsOf, seriesOf } from "./series.ts"
import { digestOfTexts } from "./digest-of-texts.ts"
import { version } from "../../platform/package.ts"

const daySeconds = 86_400

export interface SummaryOptions {
  readonly replications: number
  readonly seed: string
  readonly command: string
}

/** `finished` in order of index; it may be short of what was asked for. */
export const summarise = (
  scenario: Scenario,
  finished: ReadonlyArray<Finished>,
  options: SummaryOptions,
  wallSeconds: number,
): RunResult => {
  const horizonSeconds = scenario.horizonDays * daySeconds
  const names = scenario.models.map(({ name }) => name)
  const warmupSeconds = warmupOf(scenario, finished)
  const scale = scenario.economy.money.scale
  const replications = finished.map((one): ReplicationResult => {
    const { index, wallSeconds: own, result } = one
    const { recording } = result
    const firstBin = firstBinAfter(recording, warmupSeconds)
    const nodes = nodesLeft(one, firstBin)
    return {
      index,
      digest: result.digest,
      requests: result.requests,
      events: result.events,
      wallSeconds: own,
      metrics: metricsAfter(scenario, one, warmupSeconds, nodes),
      checks: result.checks,
      series: seriesOf(recording, names),
      histograms: histogramsOf(recording, nodes, firstDayAfter(recording, firstBin)),
      nodes,
    }
  })
  const total = (of: (one: ReplicationResult) => number) =>
    replications.reduce((sum, one) => sum + of(one), 0)
  return {
    version,
    scenario: scenario.name,
    title: scenario.title,
    scenarioYaml: stringify(asWritten(scenario)),
    economy: scenario.economy.name,
    scale,
    seed: options.seed,
    command: options.command,
    horizonSeconds,
    warmupSeconds,
    replicationsAsked: options.replications,
    digest: digestOfTexts(replications.map(({ digest }) => digest)),
    requests: total(({ requests }) => requests),
    events: total(({ events }) => events),
    wallSeconds,
    metrics: estimates(replications, metricFactsOf(scenario, finished[0]?.result.mixedStrategies)),
    checks: joinChecks(replications),
    replications,
  }
}

/** The nodes as they are after the warm-up, which leaves `firstBin` whole. */
const nodesLeft = ({ result: { nodes, marks, recording } }: Finished, firstBin: number) =>
  nodesAfter(nodes, marks, firstBin * recording.binSeconds)

/** The metrics of one replication after a warm-up. */
export const metricsAfter = (
  scenario: Scenario,
  finished: Finished,
  warmupSeconds: number,
  nodes = nodesLeft(finished, firstBinAfter(finished.result.recording, warmupSeconds)),
): Readonly<Record<string, number>> =>
  metricsOf(finished.result.recording, nodes, {
    warmupSeconds,
    horizonSeconds: scenario.horizonDays * daySeconds,
    models: offeredModels(scenario),
    scale: scenario.economy.money.scale,
    strategies: finished.result.strategies,
    mixedStrategies: finished.result.mixedStrategies,
    parties: finished.result.parties,
  })

/** Without the horizon that a trace gives: a scenario with a trace may not set one. */
const asWritten = ({ horizonDays, ...scenario }: Scenario) =>
  scenario.demand.trace === null ? { ...scenario, horizonDays } : scenario

/** Every metric that a replication of the scenario can have. */
export const metricFactsOf = (scenario: Scenario, strategies = mixedStrategies(scenario)) =>
  metricFacts(
    offeredModels(scenario),
    scenario.parties.map(({ name }) => name),
    strategies,
  )

const mixedStrategies = ({ operators }: Scenario): ReadonlyArray<string> => [
  ...new Set(operators.strategies.map(({ strategy }) => strategy)),
]

/** The models as metrics know them; a crowd that wants all models wants each. */
const offeredModels = ({ models, demand }: Scenario): ReadonlyArray<OfferedModel> =>
  models.map(({ name }) => {
    const hours = demand.flashCrowds.flatMap(({ atHours, model = name }) =>
      model === name ? [atHours] : [],
    )
    return { name, crowdSeconds: hours.length === 0 ? null : Math.min(...hours) * 3600 }
  })

/**
 * Fixed by the scenario, or the MSER-5 truncation of the mean series of requests in flight; half of
 * the run at most, either way.
 */
export const warmupOf = (scenario: Scenario, finished: ReadonlyArray<Finished>): number => {
  const fixed = fixedWarmupSeconds(scenario)
  if (fixed !== null) return fixed
  if (finished.length === 0) return 0
  const inFlight = finished.map(({ result: { recording } }) =>
    recording.sums.inFlightSeconds
      .subarray(0, recording.bins)
      .map((seconds, bin) => seconds / secondsOfBin(recording, bin)),
  )
  return warmUp(meanSeries(inFlight)).truncated * finished[0].result.recording.binSeconds
}

const estimates = (
  replications: ReadonlyArray<ReplicationResult>,
  facts: ReturnType<typeof metricFacts>,
): Readonly<Record<string, Estimate>> =>
  Object.fromEntries(
    Object.entries(facts).flatMap(([name, { unit, meaning }]) => {
      const values = replications.flatMap(({ metrics }) => (name in metrics ? [metrics[name]] : []))
      return values.length === 0 ? [] : [[name, { ...meanInterval(values), unit, meaning }]]
    }),
  )

/** A check holds when it held in every replication; what did not hold says where. */
const joinChecks = (
  replications: ReadonlyArray<ReplicationResult>,
): Readonly<Record<string, Check>> => {
  const names = Object.keys(replications[0]?.checks ?? {})
  return Object.fromEntries(
    names.map((name) => {
      const failed = replications.filter(({ checks }) => !checks[name].ok)
      const detail =
        failed.length === 0
          ? `held in ${replications.length} of ${replications.length} replications; replication 0: ${replications[0].checks[name].detail}`
          : failed
              .map(({ index, checks }) => `replication ${index}: ${checks[name].detail}`)
              .join("; ")
      return [name, { ok: failed.length === 0, detail }]
    }),
  )
}

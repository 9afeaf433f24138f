/**
 * What the replications of a run say together: means with intervals, checks, one digest.
 */
import { stringify } from "yaml"
import type { Finished } from "../recording/replicated.ts"
import type { Check, ReplicationResult, RunResult } from "../results/models/run-model.ts"
import type { Scenario } from "../scenarios/schema.ts"
import { metricsOfReplication, metricsOfScenario } from "../metrics/of-replication.ts"
import { firstBinAfter, firstDayAfter, warmupSecondsOf } from "../recording/warm-up-cut.ts"
import { estimates } from "./estimates.ts"
import { hoursSeries } from "./hours-series.ts"
import { histogramsOf, seriesOf } from "./series.ts"
import { digestOfTexts } from "./digest-of-texts.ts"
import { version } from "../../platform/package.ts"

const daySeconds = 86_400

export interface SummaryOptions {
  readonly replications: number
  readonly seed: string
  readonly command: string
  /** By default now. */
  readonly finishedAt?: Date
}

/** `finished` in order of index; it may be short of what was asked for. */
export const summarise = (
  scenario: Scenario,
  finished: ReadonlyArray<Finished>,
  options: SummaryOptions,
  wallSeconds: number,
): RunResult => {
  const names = scenario.models.map(({ name }) => name)
  const warmupSeconds = warmupSecondsOf(scenario)
  const measured = finished.map((one) => metricsOfReplication(scenario, one))
  const replications = finished.map(
    ({ index, wallSeconds: own, result }, at): ReplicationResult => {
      const { recording } = result
      const { values, nodes } = measured[at]
      const firstDay = firstDayAfter(recording, firstBinAfter(recording, warmupSeconds))
      return {
        index,
        digest: result.digest,
        requests: result.requests,
        events: result.events,
        wallSeconds: own,
        metrics: values,
        checks: result.checks,
        series: [
          ...seriesOf(recording, names),
          ...hoursSeries(result.hours, recording, firstBinAfter(recording, warmupSeconds)),
        ],
        histograms: histogramsOf(recording, nodes, firstDay),
        nodes,
      }
    },
  )
  const total = (of: (one: ReplicationResult) => number) =>
    replications.reduce((sum, one) => sum + of(one), 0)
  const strategies = finished[0]?.result.mixedStrategies ?? []
  return {
    version,
    scenario: scenario.name,
    title: scenario.title,
    about: scenario.about,
    scenarioYaml: scenarioYamlOf(scenario),
    economy: scenario.economy.name,
    scale: scenario.economy.money.scale,
    creditUsd: scenario.operators.creditUsd,
    seed: options.seed,
    command: options.command,
    horizonSeconds: scenario.horizonDays * daySeconds,
    warmupSeconds,
    replicationsAsked: options.replications,
    digest: digestOfTexts(replications.map(({ digest }) => digest)),
    requests: total(({ requests }) => requests),
    events: total(({ events }) => events),
    wallSeconds,
    finishedAt: (options.finishedAt ?? new Date()).toISOString(),
    metrics: estimates(metricsOfScenario(scenario, strategies), measured),
    checks: joinChecks(replications),
    replications,
  }
}

/** The whole scenario as YAML: enough to run it again. One with a trace may not set a horizon: the trace does. */
export const scenarioYamlOf = ({ horizonDays, ...scenario }: Scenario): string =>
  stringify(scenario.demand.trace === null ? { ...scenario, horizonDays } : scenario)

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

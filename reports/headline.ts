/**
 * The answer of a run before its details: a sentence or two, and a dozen figures. All of them are the
 * run's metrics, as its table shows them.
 */
import type { Estimate, RunResult } from "../sim/results/models/run-model.ts"
import { estimateText, figureText } from "./estimate-text.ts"
import { counted, formatDuration } from "./number-format.ts"

const mostParties = 3

/** The figures that a report begins with; those that the run has not, or that tell of no request, are left out. */
export const headlineMetrics = ({
  metrics,
  requests,
}: RunResult): Readonly<Record<string, Estimate>> => {
  const worst = worstSupplied(metrics)
  const parties = Object.keys(metrics)
    .filter((name) => /^party\..*\.profit$/.test(name))
    .slice(0, mostParties)
  const names = [
    ...(requests > 0 ? ["requests.servedShare", "ttft.p50", "ttft.p99"] : []),
    "hours.soldShare",
    "hours.fillRate",
    "hours.realisedRate",
    "nodes.online",
    ...(requests > 0 ? ["utilisation.all"] : []),
    "credits.grossPerDay",
    "credits.perMtok",
    "platform.marginPerDay",
    "profit.consumer",
    "profit.datacenter",
    "profit.apple",
    "earnings.gini",
    "newcomer.payFirstWeek",
    ...(worst === undefined ? [] : [worst]),
    ...parties,
  ]
  return Object.fromEntries(
    names.flatMap((name) => (name in metrics ? [[name, metrics[name]] as const] : [])),
  )
}

/** The model that is short the longest, where any is. */
const worstSupplied = (metrics: RunResult["metrics"]): string | undefined =>
  Object.entries(metrics)
    .filter(([name, { mean }]) => name.startsWith("shortage.") && mean > 0)
    .reduce<readonly [string, number] | undefined>(
      (worst, [name, { mean }]) => (worst === undefined || mean > worst[1] ? [name, mean] : worst),
      undefined,
    )?.[0]

/** What happened, in two or three sentences. */
export const headlineSentences = ({ metrics, requests, creditUsd }: RunResult): string => {
  const figure = (name: string) => (name in metrics ? figureText(metrics[name]) : undefined)
  const served = requests > 0 ? figure("requests.servedShare") : undefined
  const soon = figure("ttft.p50")
  const parts = ["consumer", "datacenter", "apple"].flatMap((name) => {
    const estimate = metrics[`profit.${name}`]
    return estimate === undefined ? [] : [`${estimateText(estimate, creditUsd).usd} (${name})`]
  })
  const inUse = figure("hours.fillRate")
  const sold = figure("hours.soldShare")
  const worst = worstSupplied(metrics)
  const gini = metrics["earnings.gini"]
  return [
    served === undefined
      ? ""
      : `${served} of the requests were served${soon === undefined ? "" : `, half of them with a first token within ${soon}`}.`,
    inUse === undefined || sold === undefined
      ? ""
      : `${inUse} of the hours on offer were in use, and ${sold} of the orders were sold.`,
    worst === undefined
      ? ""
      : `${worst.slice("shortage.".length)} was short of supply ${figure(worst)} of the time.`,
    parts.length === 0
      ? ""
      : `A day leaves a host ${parts.join(", ")} after electricity or rent${
          gini === undefined
            ? ""
            : `; pay by the hour is ${equality(gini)} (Gini ${figureText(gini)})`
        }.`,
  ]
    .filter((sentence) => sentence !== "")
    .join(" ")
}

/** In plain words; the bounds are a reader's help, no result. */
const equality = ({ mean }: Estimate): string =>
  mean < 0.1
    ? "nearly equal"
    : mean < 0.3
      ? "fairly equal"
      : mean < 0.5
        ? "unequal"
        : "very unequal"

/** What every figure is of: replications, days, warm-up, the worth of a credit. */
export const scopeWords = (result: RunResult): string => {
  const { replications, horizonSeconds, warmupSeconds, creditUsd } = result
  const warmup =
    warmupSeconds === 0
      ? "nothing is cut off as warm-up"
      : `the first ${formatDuration(warmupSeconds)} of each are warm-up, which no figure counts unless it says so`
  return `Means over ${counted(replications.length, "replication")} of ${formatDuration(horizonSeconds)}; ${warmup}. 1 credit = $${creditUsd}.`
}

/** What a reader must bear in mind: too few replications, figures that are no steady state's. */
export const cautions = (result: RunResult): ReadonlyArray<string> => {
  const n = result.replications.length
  const moving = Object.entries(result.metrics).filter(([, { trend }]) => trend !== null)
  return [
    ...(n === 1
      ? ["One replication gives no interval: what is chance is not told from what is not."]
      : n < fewReplications
        ? [
            `${n} replications leave intervals several times as wide as 8 would; differences between such runs are mostly chance.`,
          ]
        : []),
    ...(moving.length === 0
      ? []
      : [
          `${counted(moving.length, "figure")} still moved over the run (↗, ↘): their means describe this stretch, not a steady state; a longer warmupDays and horizonDays tell more.`,
        ]),
  ]
}

const fewReplications = 5

/** Where calls wait for room: for how long, of which tier, who is served of those, and why calls are given up. */
import { bandsOf } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { estimateText, figureOf } from "../estimate-text.ts"
import { intervalChart } from "../interval-chart.ts"
import type { IntervalRow } from "../interval-chart.ts"
import { counted } from "../number-format.ts"
import { daysOf, linesInWords, timeLines, timeNotes } from "../time-lines.ts"
import type { RunResult } from "../../sim/results/models/run-model.ts"
import { chartByName } from "./by-name.ts"
import { noSeries } from "./missing.ts"
import { afterWarmup } from "./warm-up-words.ts"

export const queueOverTime: ChartOf = (result) => {
  const id = "queue-over-time"
  const name = "Wait for room over time"
  const bands = bandsOf(result, "queue.wait")
  if (bands === undefined) return noSeries(id, name, "queue.wait")
  const waited = figureOf(result, "queue.waitedShare")
  const keys = bands.lines.map(({ key }) => key)
  return {
    id,
    name,
    title: waited === undefined ? "How long calls wait for room" : `${waited} of the calls waited`,
    notes: timeNotes(bands),
    alternative: `Mean wait over time. ${linesInWords(bands)}.`,
    legend: keys.length > 1 ? keys : [],
    isOverTime: true,
    spec: timeLines({
      bands,
      xTitle: "days since the start",
      yTitle: "mean wait of calls that began, s",
      days: daysOf(result.horizonSeconds),
      warmupDays: daysOf(result.warmupSeconds),
      keys,
      linked: true,
    }),
  }
}

const means = "queue.wait.mean"
const slowest = "queue.wait.p99"
const ofAll = "all calls"

export const queueWaits: ChartOf = (result) => {
  const id = "queue-waits"
  const name = "Wait for room by tier"
  const rows = [...rowsOf(result, means, "mean"), ...rowsOf(result, slowest, "slowest 1%")]
  const overall = result.metrics[means]
  if (rows.length === 0 || overall === undefined)
    return { id, name, reason: `The run recorded no metrics ${means}.` }
  const { mean } = estimateText(overall, result.creditUsd)
  return intervalChart({
    id,
    name,
    title: `Calls wait for ${mean} s on average`,
    notes: [
      `Of calls that began, those included that waited for nothing; means over ${counted(result.replications.length, "replication")}${afterWarmup(result)}.`,
    ],
    rows,
    keys: ["mean", "slowest 1%"],
    xTitle: "seconds",
    bounds: [],
  })
}

const rowsOf = (
  { metrics }: RunResult,
  metric: string,
  series: string,
): ReadonlyArray<IntervalRow> =>
  Object.entries(metrics).flatMap(([name, estimate]) => {
    if (name !== metric && !name.startsWith(`${metric}.by.`)) return []
    return [{ label: name.slice(`${metric}.by.`.length) || ofAll, series, estimate }]
  })

export const queueServed = chartByName({
  id: "queue-served",
  name: "Calls served by tier",
  metric: "queue.servedShare.by.",
  xTitle: "percent of the calls made",
  titleOf: (tier, mean) => `Of the calls of tier ${tier}, most are served: ${mean} %`,
  note: "of the calls of each tier; none: calls of no tier",
  bounds: [],
  factor: 100,
  missing: "The run recorded no metrics queue.servedShare.by.….",
})

export const queueRefused = chartByName({
  id: "queue-refused",
  name: "Why calls that could wait are given up",
  metric: "queue.refused.",
  xTitle: "percent of the calls made",
  labelAfter: "Given up: ",
  titleOf: (reason, mean) => `Given up most often, ${mean} % of the calls: ${reason}`,
  note: "of all calls, after they came back as often as they do",
  bounds: [],
  factor: 100,
  missing: "The run recorded no metrics queue.refused.….",
})

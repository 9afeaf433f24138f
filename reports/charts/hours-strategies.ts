/** Where hours of machines are sold: what listings of each strategy earn, how steadily, and why orders come to nothing. */
import type { ChartOf } from "../chart.ts"
import { estimateText } from "../estimate-text.ts"
import { intervalChart } from "../interval-chart.ts"
import { counted } from "../number-format.ts"
import type { Estimate, RunResult } from "../../sim/results/models/run-model.ts"

interface ByName {
  readonly id: string
  readonly name: string
  /** What the metrics' names begin with; what follows is the row's label. */
  readonly metric: string
  readonly xTitle: string
  readonly titleOf: (label: string, mean: string) => string
  readonly note: string
  readonly bounds: ReadonlyArray<{ readonly at: number; readonly label: string }>
  /** From the metric's unit to the axis's. */
  readonly factor: number
}

const byName =
  ({ id, name, metric, xTitle, titleOf, note, bounds, factor }: ByName): ChartOf =>
  ({ metrics, replications, creditUsd }: RunResult) => {
    const found = Object.entries(metrics).flatMap(([own, estimate]) =>
      own.startsWith(metric) && estimate.high !== 0
        ? [{ label: own.slice(metric.length), estimate }]
        : [],
    )
    if (found.length === 0 || replications.length === 0)
      return { id, name, reason: `The run recorded no metrics ${metric}….` }
    const most = found.reduce((one, other) =>
      other.estimate.mean > one.estimate.mean ? other : one,
    )
    return intervalChart({
      id,
      name,
      title: titleOf(most.label, estimateText(most.estimate, creditUsd).mean),
      notes: [
        `Means over ${counted(replications.length, "replication")}, after the warm-up; ${note}.`,
      ],
      rows: found.map(({ label, estimate }) => ({
        label,
        series: "mean",
        estimate: scaled(estimate, factor),
      })),
      keys: ["mean"],
      xTitle,
      bounds,
    })
  }

const scaled = ({ mean, low, high, n }: Estimate, factor: number) => ({
  mean: factor * mean,
  low: low === null ? null : factor * low,
  high: high === null ? null : factor * high,
  n,
})

export const hoursEarnings = byName({
  id: "hours-earnings",
  name: "Earnings of hours by strategy",
  metric: "hours.earningsPerDay.by.",
  xTitle: "credits a listing and day",
  titleOf: (strategy, mean) => `A listing earns the most by ${strategy}: ${mean} credits a day`,
  note: "provider shares for hours, before electricity or rent",
  bounds: [],
  factor: 1,
})

export const hoursUnsteadiness = byName({
  id: "hours-unsteadiness",
  name: "How steadily hours earn, by strategy",
  metric: "hours.earningsCv.by.",
  xTitle: "coefficient of variation from week to week",
  titleOf: (strategy, mean) => `Earnings vary the most from week to week by ${strategy}: ${mean}`,
  note: "of each listing's weekly earnings",
  bounds: [],
  factor: 1,
})

export const hoursDeclined = byName({
  id: "hours-declined",
  name: "Why orders of hours come to nothing",
  metric: "hours.declined.",
  xTitle: "percent of all orders",
  titleOf: (reason, mean) => `Of all orders, ${mean} % come to nothing for the reason ${reason}`,
  note: "of all orders of hours; reasons that never were are left out",
  bounds: [],
  factor: 100,
})

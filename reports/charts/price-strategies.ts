/** Where hosts set prices: what each price strategy sells, and what it leaves. */
import type { ChartOf } from "../chart.ts"
import { estimateText } from "../estimate-text.ts"
import { intervalChart } from "../interval-chart.ts"
import { counted } from "../number-format.ts"
import type { Estimate, RunResult } from "../../sim/results/models/run-model.ts"

export const priceShares: ChartOf = (result) =>
  byStrategy(result, {
    id: "price-shares",
    name: "Tokens sold by price strategy",
    metric: "price.share.by.",
    xTitle: "percent of all output tokens",
    titleOf: (most, text) => `Of all output tokens, ${most} sells the most: ${text} %`,
    note: "of all output tokens",
    bounds: [],
    factor: 100,
  })

export const priceProfits: ChartOf = (result) =>
  byStrategy(result, {
    id: "price-profits",
    name: "Profit by price strategy",
    metric: "price.profit.by.",
    xTitle: "credits a node and day",
    titleOf: (most, text) => `A node’s day leaves ${most} the most: ${text} credits`,
    note: "pay less electricity or rent, by the day on the books",
    bounds: [{ at: 0, label: "" }],
    factor: 1,
  })

interface ByStrategy {
  readonly id: string
  readonly name: string
  /** What the metrics' names begin with. */
  readonly metric: string
  readonly xTitle: string
  readonly titleOf: (strategy: string, mean: string) => string
  readonly note: string
  readonly bounds: ReadonlyArray<{ readonly at: number; readonly label: string }>
  /** From the metric's unit to the axis's. */
  readonly factor: number
}

const byStrategy = (
  { metrics, replications, creditUsd }: RunResult,
  { id, name, metric, xTitle, titleOf, note, bounds, factor }: ByStrategy,
): ReturnType<ChartOf> => {
  const found = Object.entries(metrics).flatMap(([own, estimate]) =>
    own.startsWith(metric) ? [{ label: own.slice(metric.length), estimate }] : [],
  )
  if (found.length === 0 || replications.length === 0)
    return { id, name, reason: "The run recorded no strategies of prices." }
  const most = found.reduce((one, other) => (other.estimate.mean > one.estimate.mean ? other : one))
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

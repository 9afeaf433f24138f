/** The chart of a family of metrics that differ by the last part of their names: a strategy, a reason. */
import type { ChartOf } from "../chart.ts"
import { estimateText } from "../estimate-text.ts"
import { intervalChart } from "../interval-chart.ts"
import { counted } from "../number-format.ts"
import type { Estimate, RunResult } from "../../sim/results/models/run-model.ts"

interface NamedMetrics {
  readonly id: string
  readonly name: string
  /** What the metrics' names begin with; what follows is the row's label, */
  readonly metric: string
  /** or what follows this in the metrics' labels, where the name is no word for readers. */
  readonly labelAfter?: string
  readonly xTitle: string
  readonly titleOf: (label: string, mean: string) => string
  readonly note: string
  readonly bounds: ReadonlyArray<{ readonly at: number; readonly label: string }>
  /** From the metric's unit to the axis's. */
  readonly factor: number
  /** Why there is no chart where there is no such metric. */
  readonly missing: string
  /** What never was anything but 0 has no row. */
  readonly leavesOutNever?: boolean
}

/** A bar with its interval for each metric of a family, by the rest of its name. */
export const chartByName =
  ({
    id,
    name,
    metric,
    labelAfter,
    xTitle,
    titleOf,
    note,
    bounds,
    factor,
    missing,
    leavesOutNever = false,
  }: NamedMetrics): ChartOf =>
  ({ metrics, replications, creditUsd }: RunResult) => {
    const found = Object.entries(metrics).flatMap(([own, estimate]) =>
      own.startsWith(metric) && !(leavesOutNever && estimate.high === 0)
        ? [
            {
              label:
                labelAfter === undefined
                  ? own.slice(metric.length)
                  : estimate.label.replace(labelAfter, ""),
              estimate,
            },
          ]
        : [],
    )
    if (found.length === 0 || replications.length === 0) return { id, name, reason: missing }
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

/**
 * Estimates with their intervals, a row each and a colour for each series, beside the bounds that they
 * are held against.
 */
import type { TopLevelSpec } from "vega-lite"
import type { Estimated } from "../sim/results/models/claims-model.ts"
import type { Chart, Layer } from "./chart.ts"
import { forChart } from "./number-format.ts"

export interface IntervalRow {
  readonly label: string
  readonly series: string
  readonly estimate: Estimated
}

export interface IntervalChart {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly notes: ReadonlyArray<string>
  readonly rows: ReadonlyArray<IntervalRow>
  /** Names of the series, in order. */
  readonly keys: ReadonlyArray<string>
  readonly xTitle: string
  /** Where the bounds are drawn, and what is written beside them. */
  readonly bounds: ReadonlyArray<{ readonly at: number; readonly label: string }>
}

/** Height of a row, pixels, for each series in it. */
const heightOfSeries = 17

export const intervalChart = (chart: IntervalChart): Chart => ({
  id: chart.id,
  name: chart.name,
  title: chart.title,
  notes: [...chart.notes, "A point is the estimate, the line through it the 95% interval."],
  alternative: `${chart.title}. ${chart.rows
    .map(({ label, series, estimate }) => `${label}, ${series}: ${inWords(estimate)}`)
    .join("; ")}.`,
  legend: [...chart.keys],
  isOverTime: false,
  spec: specOf(chart),
})

const inWords = ({ mean, low, high }: Estimated): string =>
  low === null || high === null
    ? `${forChart(mean)}`
    : `${forChart(mean)}, between ${forChart(low)} and ${forChart(high)}`

const specOf = ({ rows, keys, xTitle, bounds }: IntervalChart): TopLevelSpec => {
  const labels = [...new Set(rows.map(({ label }) => label))]
  const known = rows.filter(({ estimate }) => Number.isFinite(estimate.mean))
  const ends = [
    ...known.flatMap(({ estimate: { mean, low, high } }) => [mean, low ?? mean, high ?? mean]),
    ...bounds.map(({ at }) => at),
  ]
  const least = Math.min(...ends)
  const most = Math.max(...ends)
  const room = most > least ? 0.06 * (most - least) : Math.max(0.05, Math.abs(most) * 0.05)
  const x = {
    type: "quantitative" as const,
    scale: { domain: [least - room, most + room], zero: false, nice: false },
    axis: { title: xTitle },
  }
  // Of one experiment the title says all: its rows are the series.
  const isOne = labels.length === 1
  const y = {
    field: isOne ? "series" : "label",
    type: "nominal" as const,
    sort: isOne ? [...keys] : labels,
    axis: { title: null, labelLimit: 330, labelFontSize: 12 },
    scale: { paddingInner: 0.15 },
  }
  const offset = isOne
    ? {}
    : { yOffset: { field: "series", type: "nominal" as const, sort: [...keys] } }
  const color = {
    field: "series",
    type: "nominal" as const,
    sort: [...keys],
    scale: { domain: [...keys] },
    ...(isOne ? { legend: null } : {}),
  }
  const reference: ReadonlyArray<Layer> =
    bounds.length === 0
      ? []
      : [
          {
            data: { values: bounds.map(({ at, label }) => ({ at, label })) },
            mark: { type: "rule", style: "reference" },
            encoding: { x: { ...x, field: "at" } },
          },
          {
            data: { values: bounds.map(({ at, label }) => ({ at, label })) },
            mark: { type: "text", style: "note", dx: 4, dy: -3, y: 0 },
            encoding: { x: { ...x, field: "at" }, text: { field: "label" } },
          },
        ]
  const values = known.map(({ label, series, estimate: { mean, low, high } }) => ({
    label,
    series,
    mean: forChart(mean),
    low: forChart(low ?? mean),
    high: forChart(high ?? mean),
  }))
  return {
    width: "container",
    height: Math.max(2, labels.length * keys.length) * heightOfSeries + labels.length * 6,
    data: { values },
    layer: [
      ...reference,
      {
        mark: { type: "rule", strokeWidth: 2.5 },
        encoding: { y, ...offset, color, x: { ...x, field: "low" }, x2: { field: "high" } },
      },
      {
        mark: { type: "point", filled: true, size: 60, opacity: 1 },
        encoding: { y, ...offset, color, x: { ...x, field: "mean" } },
      },
    ],
  }
}

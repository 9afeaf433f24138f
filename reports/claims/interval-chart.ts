/**
 * Estimates with their intervals, a row each and a colour for each economy, beside the bound that they
 * are held against.
 */
import type { TopLevelSpec } from "vega-lite"
import type { Estimated } from "../../sim/results/claims-model.ts"
import type { Chart, Layer } from "../chart.ts"
import { forChart } from "../number-format.ts"

export interface IntervalRow {
  readonly label: string
  readonly economy: string
  readonly estimate: Estimated
}

export interface IntervalChart {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly notes: ReadonlyArray<string>
  readonly rows: ReadonlyArray<IntervalRow>
  readonly economies: ReadonlyArray<string>
  readonly xTitle: string
  /** Where the bounds are drawn, and what is written beside them. */
  readonly bounds: ReadonlyArray<{ readonly at: number; readonly label: string }>
}

/** Height of a row, pixels, for each economy in it. */
const heightOfEconomy = 17

export const intervalChart = (chart: IntervalChart): Chart => ({
  id: chart.id,
  name: chart.name,
  title: chart.title,
  notes: [...chart.notes, "A point is the estimate, the line through it the 95% interval."],
  alternative: `${chart.title}. ${chart.rows
    .map(({ label, economy, estimate }) => `${label}, ${economy}: ${inWords(estimate)}`)
    .join("; ")}.`,
  legend: [...chart.economies],
  isOverTime: false,
  spec: specOf(chart),
})

const inWords = ({ mean, low, high }: Estimated): string =>
  low === null || high === null
    ? `${forChart(mean)}`
    : `${forChart(mean)}, between ${forChart(low)} and ${forChart(high)}`

const specOf = ({ rows, economies, xTitle, bounds }: IntervalChart): TopLevelSpec => {
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
  // Of one experiment the title says all: its rows are the economies.
  const isOne = labels.length === 1
  const y = {
    field: isOne ? "economy" : "label",
    type: "nominal" as const,
    sort: isOne ? [...economies] : labels,
    axis: { title: null, labelLimit: 330, labelFontSize: 12 },
    scale: { paddingInner: 0.15 },
  }
  const offset = isOne
    ? {}
    : { yOffset: { field: "economy", type: "nominal" as const, sort: [...economies] } }
  const color = {
    field: "economy",
    type: "nominal" as const,
    sort: [...economies],
    scale: { domain: [...economies] },
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
  const values = known.map(({ label, economy, estimate: { mean, low, high } }) => ({
    label,
    economy,
    mean: forChart(mean),
    low: forChart(low ?? mean),
    high: forChart(high ?? mean),
  }))
  return {
    width: "container",
    height: Math.max(2, labels.length * economies.length) * heightOfEconomy + labels.length * 6,
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

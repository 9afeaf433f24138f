/**
 * Estimates with their intervals, a row each and a colour for each series, beside the bounds that they
 * are held against.
 */
import type { TopLevelSpec } from "vega-lite"
import type { Estimated } from "../sim/results/models/claims-model.ts"
import type { Chart, Layer } from "./chart.ts"
import { forChart } from "./number-format.ts"
import { wrapText } from "./text-width.ts"

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

/** Height of a row, pixels: of a line of a label, and of each estimate below it. */
const rowHeight = 17

const labelSize = 12
/** A line of a label is no longer than a picture on a phone is wide, pixels. */
const phoneWidth = 280

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
  const lines = isOne ? [] : labels.flatMap(labelLines)
  const laid = isOne
    ? [...keys]
    : labels.flatMap((label) => [
        ...labelLines(label).map(({ row }) => row),
        ...keys.map((series) => rowOf(label, series)),
      ])
  const y = {
    field: "row",
    type: "nominal" as const,
    sort: laid,
    axis: isOne ? { title: null } : null,
    scale: { domain: laid, paddingInner: 0.1 },
  }
  const color = {
    field: "series",
    type: "nominal" as const,
    sort: [...keys],
    scale: { domain: [...keys] },
    ...(isOne ? { legend: null } : {}),
  }
  const values = known.map(({ label, series, estimate: { mean, low, high } }) => ({
    row: isOne ? series : rowOf(label, series),
    series,
    mean: forChart(mean),
    low: forChart(low ?? mean),
    high: forChart(high ?? mean),
  }))
  return {
    width: "container",
    height: laid.length * rowHeight + (bounds.length === 0 ? 0 : rowHeight),
    data: { values },
    layer: [
      ...boundLayers(bounds, x, (least + most) / 2),
      ...(lines.length === 0
        ? []
        : [
            {
              data: { values: lines },
              mark: { type: "text" as const, align: "left" as const, fontSize: labelSize },
              encoding: { y, x: { value: 0 }, text: { field: "text" } },
            },
          ]),
      {
        mark: { type: "rule", strokeWidth: 2.5 },
        encoding: { y, color, x: { ...x, field: "low" }, x2: { field: "high" } },
      },
      {
        mark: { type: "point", filled: true, size: 60, opacity: 1 },
        encoding: { y, color, x: { ...x, field: "mean" } },
      },
    ],
  }
}

const rowOf = (label: string, series: string): string => `${label}: ${series}`

/** A label above its estimates, in as many lines as it takes: beside them it would be cut. */
const labelLines = (label: string) =>
  wrapText(label, labelSize, phoneWidth).map((text, line) => ({
    row: `${label}, line ${line}`,
    text,
  }))

/** The bounds, named on the side of them where there is room. */
const boundLayers = (
  bounds: IntervalChart["bounds"],
  x: object,
  middle: number,
): ReadonlyArray<Layer> =>
  bounds.flatMap(({ at, label }) => {
    const isRight = at > middle
    return [
      {
        data: { values: [{ at }] },
        mark: { type: "rule" as const, style: "reference" },
        encoding: { x: { ...x, field: "at" } },
      },
      {
        data: { values: [{ at, label }] },
        mark: {
          type: "text" as const,
          style: "note",
          align: isRight ? ("right" as const) : ("left" as const),
          dx: isRight ? -4 : 4,
          dy: -3,
          y: 0,
        },
        encoding: { x: { ...x, field: "at" }, text: { field: "label" } },
      },
    ] as ReadonlyArray<Layer>
  })

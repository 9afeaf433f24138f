/**
 * Distributions over a logarithmic axis: for each key a line of steps, the share of the observations
 * that falls in each bin. The bins are equally wide on this axis, so heights compare.
 */
import { chartHeight, pointerLayer } from "./chart.ts"
import type { Layer, Layered } from "./chart.ts"
import { quantileOf } from "./histogram-shares.ts"
import type { Shares, ShareLine } from "./histogram-shares.ts"
import { forChart, formatNumber, formatShare } from "./number-format.ts"
import { categoryLimit } from "./theme.ts"

export interface DistributionOptions {
  readonly shares: Shares
  readonly xTitle: string
  readonly yTitle: string
  /** As in time-lines.ts. Empty when there is one line without a key. */
  readonly keys: ReadonlyArray<string>
  /** A vertical line to compare with, and what it is called. */
  readonly reference?: { readonly at: number; readonly label: string }
}

export const distribution = (options: DistributionOptions): Layered => {
  const { shares, reference } = options
  const shown = shares.lines.map(({ key }) => key)
  const keys = options.keys.length <= categoryLimit ? options.keys : shown
  const isSplit = shown.some((key) => key !== "")
  const [from, to] = viewOf(shares, reference?.at)
  const x = {
    type: "quantitative" as const,
    scale: { type: "log" as const, domain: [from, to], nice: false },
    axis: { title: options.xTitle, values: [...logTicks(from, to)], format: "~g" },
  }
  const y = {
    type: "quantitative" as const,
    axis: { title: options.yTitle, format: "~%" },
  }
  const colour = isSplit
    ? {
        color: {
          field: "key",
          type: "nominal" as const,
          scale: { domain: [...keys] },
          legend: { values: keys.filter((key) => shown.includes(key)), symbolType: "stroke" },
        },
        opacity: { condition: { param: "picked", value: 1 }, value: 0.15 },
      }
    : {}
  const referenceLayer: ReadonlyArray<Layer> =
    reference === undefined
      ? []
      : [
          {
            data: { values: [{ at: reference.at }] },
            mark: { type: "rule", style: "reference" },
            encoding: { x: { ...x, field: "at" } },
          },
        ]
  const referenceNote = (style: "halo" | "note"): ReadonlyArray<Layer> =>
    reference === undefined
      ? []
      : [
          {
            data: { values: [{ at: reference.at, label: reference.label }] },
            mark: { type: "text", style, baseline: "top", dx: 5, dy: 2 },
            encoding: { x: { ...x, field: "at" }, y: { value: 0 }, text: { field: "label" } },
          },
        ]
  return {
    width: "container",
    height: chartHeight,
    layer: [
      {
        data: { values: shares.lines.flatMap((line) => stepRows(line, from, to)) },
        params: isSplit
          ? [{ name: "picked", select: { type: "point", fields: ["key"] }, bind: "legend" }]
          : [],
        mark: { type: "line", interpolate: "step-after", clip: true },
        encoding: { x: { ...x, field: "lower" }, y: { ...y, field: "share" }, ...colour },
      },
      ...referenceLayer,
      ...referenceNote("halo"),
      ...referenceNote("note"),
      {
        name: pointerLayer,
        data: { values: pointedRows(shares, from, to) },
        mark: { type: "rect", opacity: 0, tooltip: { content: "data" } },
        encoding: {
          x: { ...x, field: "from" },
          x2: { field: "to" },
          y: { value: 0 },
          y2: { value: "height" },
        },
      },
    ],
  }
}

export const distributionInWords = (shares: Shares): string =>
  shares.lines
    .map((line) => {
      const [p50, p99] = [quantileOf(line, 0.5), quantileOf(line, 0.99)].map(formatNumber)
      return (
        `${line.key === "" ? "" : `${line.key}: `}median ${p50} ${shares.unit}, ` +
        `99th percentile ${p99} ${shares.unit}`
      )
    })
    .join("; ")

/** From the first to the last bin that holds anything, and the reference. */
const viewOf = (shares: Shares, reference: number | undefined): readonly [number, number] => {
  const filled = shares.lines.flatMap(({ bins }) => bins.filter(({ mean }) => mean > 0))
  const edges = filled.flatMap(({ lower, upper }) =>
    [lower, upper].filter((edge) => edge > 0 && Number.isFinite(edge)),
  )
  const marks = reference === undefined ? edges : [...edges, reference * 0.8, reference * 1.25]
  return [Math.min(...marks), Math.max(...marks)]
}

/** Powers of ten between the ends, and where those are few their doubles and fives as well. */
const logTicks = (from: number, to: number): ReadonlyArray<number> => {
  const first = Math.floor(Math.log10(from))
  const last = Math.ceil(Math.log10(to))
  return Array.from({ length: last - first + 1 }, (_, at) => Number(`1e${first + at}`))
    .flatMap((power) => (last - first > 4 ? [power] : [power, 2 * power, 5 * power]))
    .filter((tick) => tick >= from && tick <= to)
}

const stepRows = ({ key, bins }: ShareLine, from: number, to: number) => {
  const rows = bins.map(({ lower, mean }) => ({
    key,
    lower: forChart(Math.max(lower, from)),
    share: forChart(mean),
  }))
  return [...rows, { key, lower: forChart(to), share: forChart(bins.at(-1)?.mean ?? 0) }].filter(
    (row) => row.lower >= forChart(from) && row.lower <= forChart(to),
  )
}

const pointedRows = (shares: Shares, first: number, last: number) => {
  const bins = shares.lines[0]?.bins ?? []
  return bins.flatMap(({ lower, upper }, at) => {
    const [from, to] = [Math.max(lower, first), Math.min(upper, last)]
    if (from >= to) return []
    const row: Record<string, number | string> = { from: forChart(from), to: forChart(to) }
    for (const line of shares.lines) {
      row[line.key === "" ? "share" : line.key] = formatShare(line.bins[at]?.mean ?? 0)
    }
    return [row]
  })
}

/**
 * Areas stacked over time: parts that add up to a whole. Means only: the bands of stacked parts
 * cannot be read, and the notes say so.
 */
import type { Bands, BandLine } from "./bands.ts"
import { chartHeight } from "./chart.ts"
import type { Layer, Layered } from "./chart.ts"
import { categoryLimit } from "./theme.ts"
import { formatDuration, formatWithUnit, forChart } from "./number-format.ts"
import { meanOf } from "./spread.ts"
import { pointerRule, stretchSelection, windowFilter } from "./time-lines.ts"

export interface TimeStackOptions {
  /** Its lines lie on one another, the last at the bottom: small parts keep a steady ground. */
  readonly bands: Bands
  readonly yTitle: string
  readonly days: number
  readonly warmupDays: number
}

export const timeStack = ({ bands, yTitle, days, warmupDays }: TimeStackOptions): Layered => {
  const keys = bands.lines.map((line) => line.key)
  const x = {
    type: "quantitative" as const,
    scale: {
      nice: false,
      zero: false,
      domainMin: { expr: "windowFrom" },
      domainMax: { expr: "windowTo" },
    },
    axis: { title: "days since the start" },
  }
  // The warm-up is under the areas, where shade would not be seen: it ends at a line instead.
  const warmupLayer: ReadonlyArray<Layer> =
    warmupDays > 0
      ? [
          {
            data: { values: [{ at: warmupDays }] },
            mark: { type: "rule", style: "reference", clip: true },
            encoding: { x: { ...x, field: "at" } },
          },
          // On its own halo: the areas may reach up to it.
          ...(["halo", "note"] as const).map((style) => ({
            data: { values: [{ at: warmupDays, label: "end of the warm-up" }] },
            mark: {
              type: "text" as const,
              style,
              clip: true,
              dx: 4,
              dy: 2,
              baseline: "top" as const,
            },
            encoding: { x: { ...x, field: "at" }, y: { value: 0 }, text: { field: "label" } },
          })),
        ]
      : []
  return {
    width: "container",
    height: chartHeight,
    datasets: { parts: partRows(bands.lines), pointed: pointedRows(bands) },
    params: [
      { name: "windowFrom", value: 0 },
      { name: "windowTo", value: days },
    ],
    layer: [
      {
        data: { name: "parts" },
        params: [
          { name: "picked", select: { type: "point", fields: ["key"] }, bind: "legend" },
          stretchSelection,
        ],
        transform: [windowFilter(bands)],
        mark: { type: "area", clip: true },
        encoding: {
          x: { ...x, field: "day" },
          y: { field: "mean", type: "quantitative", stack: "zero", axis: { title: yTitle } },
          color: { field: "key", type: "nominal", scale: { domain: keys } },
          order: { field: "order", type: "quantitative", sort: "descending" },
          opacity: { condition: { param: "picked", value: 0.9 }, value: 0.15 },
        },
      },
      ...warmupLayer,
      pointerRule("pointed", { ...x, field: "day" }),
    ],
  }
}

export const stackNotes = (bands: Bands): ReadonlyArray<string> => [
  `Means of ${bands.replications === 1 ? "1 replication" : `${bands.replications} replications`}, ` +
    `stacked; no band is drawn, because those of stacked parts cannot be read.`,
  `Each point is the mean over ${formatDuration(bands.pointSeconds)}.`,
]

/** The parts that are there at all, largest first; those beyond what can be told apart are added up as `rest`. */
export const foldedParts = (bands: Bands, rest: string): Bands => {
  const ranked = bands.lines
    .filter((line) => areaOf(line) > 0)
    .sort((a, b) => areaOf(b) - areaOf(a))
  if (ranked.length <= categoryLimit) return { ...bands, lines: ranked }
  const shown = ranked.slice(0, categoryLimit - 1)
  const sums = new Map<number, number>()
  for (const { points } of ranked.slice(categoryLimit - 1)) {
    for (const { day, mean } of points) sums.set(day, (sums.get(day) ?? 0) + mean)
  }
  const points = [...sums].map(([day, mean]) => ({ day, mean, low: null, high: null }))
  return { ...bands, lines: [...shown, { key: rest, points }] }
}

export const areaOf = (line: BandLine): number => meanOf(line.points.map((point) => point.mean))

const partRows = (lines: ReadonlyArray<BandLine>) =>
  lines.flatMap((line, order) =>
    line.points.map(({ day, mean }) => ({
      key: line.key,
      order,
      day: forChart(day),
      mean: forChart(mean),
    })),
  )

const pointedRows = (bands: Bands) => {
  const rows = new Map<number, Record<string, number | string>>()
  for (const line of bands.lines) {
    for (const { day, mean } of line.points) {
      const row = rows.get(day) ?? { day: forChart(day) }
      rows.set(day, row)
      row[line.key] = formatWithUnit(mean, bands.unit)
    }
  }
  return [...rows.values()]
}

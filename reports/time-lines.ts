/**
 * The chart that most of a report is made of: lines with bands over time, one line for each key.
 *
 * - The warm-up, which no metric counts, lies on a shaded ground.
 * - The time axis runs from `windowFrom` to `windowTo`, two signals that the page sets on all time
 *   charts together when the reader selects a stretch on one of them.
 * - Pointing shows every line's value at that time; clicking a key in the legend, or a name beside a line,
 *   picks it out.
 */
import type { Bands, BandLine } from "./bands.ts"
import { chartHeight, pointerLayer } from "./chart.ts"
import type { Layer, Layered } from "./chart.ts"
import { areNamed, nameData, nameLayers, nameRows } from "./line-names.ts"
import { categoryLimit } from "./theme.ts"
import {
  formatDuration,
  formatWithUnit,
  forChart,
  secondsPerDay,
  spreadInWords,
} from "./number-format.ts"
import { meanOf, spreadNote } from "./spread.ts"

export interface TimeLinesOptions {
  readonly bands: Bands
  readonly xTitle: string
  readonly yTitle: string
  /** Length of the time axis in days. */
  readonly days: number
  /** Days to shade at the start, 0 for none. */
  readonly warmupDays: number
  /**
   * Every key that may come up in charts of this kind, in the order that gives each its colour:
   * one key, one colour, in all charts. Empty when there is one line without a key.
   */
  readonly keys: ReadonlyArray<string>
  /**
   * Whether the vertical axis is one of ratios that have no upper end: linear next to 0, logarithmic above, so
   * that lines are seen whole and 1 is not pressed to the floor.
   */
  readonly isRatio?: true
  /** Pixels; {@link chartHeight} by default. */
  readonly height?: number
  /** Axis ends; by default from 0 to what the data needs. Lines beyond them run along the edge. */
  readonly yDomain?: readonly [number, number]
  /** A horizontal line to compare with, and what it is called. */
  readonly reference?: {
    readonly at: number
    readonly label: string
    readonly side: "left" | "right"
  }
  /** Keys whose lines are broken, so that one that lies beneath shows through. */
  readonly broken?: ReadonlyArray<string>
  /** Whether the time axis follows the selection made on other charts. */
  readonly linked: boolean
}

export const timeLines = (options: TimeLinesOptions): Layered => {
  const { bands, days, reference, linked, broken = [] } = options
  const present = bands.lines.map((line) => line.key)
  // With more keys than colours, one colour a key in all charts is not to be had.
  const labels = options.keys.length <= categoryLimit ? options.keys : present
  // Nothing but zeros would be an axis from 0 to 0.
  const yDomain = options.yDomain ?? (isAllZero(bands.lines) ? ([0, 1] as const) : undefined)
  const x = {
    type: "quantitative" as const,
    scale: {
      nice: false,
      zero: false,
      domainMin: { expr: "windowFrom" },
      domainMax: { expr: "windowTo" },
    },
    axis: { title: options.xTitle },
  }
  const y = {
    type: "quantitative" as const,
    scale:
      options.isRatio === true
        ? { type: "symlog" as const, constant: ratioUnit, domainMin: 0, nice: false }
        : yDomain === undefined
          ? { zero: true }
          : { domain: [...yDomain] },
    axis: {
      title: options.yTitle,
      ...(bands.unit === "share" ? { format: "~%" } : {}),
      ...(options.isRatio === true ? { values: [...ratioTicks] } : {}),
    },
  }
  const hasNames = areNamed(bands) && labels.length > 0
  const legend = hasNames
    ? null
    : { values: labels.filter((label) => present.includes(label)), symbolType: "stroke" }
  // A key that comes from a scenario is a value in the data here, never a part of an expression.
  const colour =
    labels.length === 0
      ? {}
      : {
          color: {
            field: "key",
            type: "nominal" as const,
            scale: { domain: [...labels] },
            legend,
          },
        }
  const faint = (rest: number) =>
    labels.length === 0
      ? {}
      : { opacity: { condition: { param: "picked", value: 1 }, value: rest } }

  const shadeLayer: ReadonlyArray<Layer> =
    options.warmupDays > 0
      ? [
          {
            data: { values: [{ from: 0, to: options.warmupDays }] },
            mark: { type: "rect", style: "shade", clip: true },
            encoding: { x: { ...x, field: "from" }, x2: { field: "to" } },
          },
        ]
      : []
  const shadeNote = (style: "haloOnShade" | "note"): ReadonlyArray<Layer> =>
    options.warmupDays > 0
      ? [
          {
            data: { values: [{ from: 0, label: "warm-up" }] },
            mark: { type: "text", style, clip: true, baseline: "top", dx: 4, dy: 4 },
            encoding: {
              x: { ...x, field: "from" },
              y: { value: 0 },
              text: { field: "label" },
            },
          },
        ]
      : []
  const referenceLayer: ReadonlyArray<Layer> =
    reference === undefined
      ? []
      : [
          {
            data: { values: [{ at: reference.at }] },
            mark: { type: "rule", style: "reference", clip: true },
            encoding: { y: { ...y, field: "at" } },
          },
        ]
  const referenceNote = (style: "halo" | "note"): ReadonlyArray<Layer> =>
    reference === undefined
      ? []
      : [
          {
            data: { values: [{ at: reference.at, label: reference.label }] },
            mark: {
              type: "text",
              style,
              align: reference.side,
              dy: -4,
              dx: reference.side === "left" ? 4 : -4,
            },
            encoding: {
              x: { value: reference.side === "left" ? 0 : "width" },
              y: { ...y, field: "at" },
              text: { field: "label" },
            },
          },
        ]

  const hasBand = bands.lines.some(({ points }) => points.some(({ low }) => low !== null))
  // The legend of all layers takes its parts from the first one with colours, which therefore must
  // be the one that answers clicks.
  const picking =
    labels.length === 0 || hasNames
      ? []
      : [
          {
            name: "picked",
            select: { type: "point" as const, fields: ["key"] },
            bind: "legend" as const,
          },
        ]
  const bandLayer: ReadonlyArray<Layer> = hasBand
    ? [
        {
          data: { name: "lines" },
          transform: [{ filter: "isValid(datum.low)" }, windowFilter(bands)],
          params: picking,
          mark: { type: "area", clip: true, fillOpacity: bands.lines.length > 2 ? 0.15 : 0.2 },
          encoding: {
            x: { ...x, field: "day" },
            y: { ...y, field: "low" },
            y2: { field: "high" },
            ...colour,
            ...faint(0.15),
          },
        },
      ]
    : []

  return {
    width: "container",
    height: options.height ?? chartHeight,
    datasets: {
      lines: lineRows(bands.lines, yDomain),
      pointed: pointedRows(bands),
      ...(hasNames
        ? { [nameData]: nameRows(bands, reference === undefined ? [] : [reference.at]) }
        : {}),
    },
    params: [
      { name: "windowFrom", value: 0 },
      { name: "windowTo", value: days },
    ],
    layer: [
      ...shadeLayer,
      ...referenceLayer,
      ...bandLayer,
      {
        data: { name: "lines" },
        transform: [windowFilter(bands)],
        mark: { type: "line", clip: true },
        params: [...(hasBand ? [] : picking), ...(linked ? [stretchSelection] : [])],
        encoding: {
          x: { ...x, field: "day" },
          y: { ...y, field: "mean" },
          ...colour,
          ...faint(0.15),
          ...(broken.length === 0
            ? {}
            : {
                strokeDash: {
                  field: "key",
                  type: "nominal" as const,
                  scale: {
                    domain: [...labels],
                    range: labels.map((label) => (broken.includes(label) ? [7, 5] : [1, 0])),
                  },
                  legend,
                },
              }),
        },
      },
      ...shadeNote("haloOnShade"),
      ...shadeNote("note"),
      ...referenceNote("halo"),
      ...referenceNote("note"),
      ...(hasNames ? nameLayers(bands, { x, y, color: colour }) : []),
      pointerRule("pointed", { ...x, field: "day" }),
    ],
  }
}

/** Below this, an axis of ratios is about linear. */
const ratioUnit = 0.25
/** Where an axis of ratios has its marks; those beyond its end are left out. */
const ratioTicks = [
  0,
  0.5,
  ...[1, 10, 100, 1000, 10_000].flatMap((tens) => [tens, 2 * tens, 5 * tens]),
]

/**
 * Only what the window shows, and one point beyond each end for the lines to run to: so that the
 * vertical axis fits what is seen.
 */
export const windowFilter = ({ pointSeconds }: Bands) => {
  const margin = daysOf(pointSeconds)
  return { filter: `datum.day >= windowFrom - ${margin} && datum.day <= windowTo + ${margin}` }
}

/**
 * Selecting a stretch of time by dragging. Not by touch: there, dragging scrolls the page, and the
 * page has fields for the same purpose.
 */
export const stretchSelection = {
  name: "stretch",
  select: {
    type: "interval" as const,
    encodings: ["x" as const],
    on: "[pointerdown[event.pointerType !== 'touch'], window:pointerup] > window:pointermove!",
    translate: false,
    zoom: false,
  },
}

/** A rule that follows the pointer along x and tells the fields of the nearest row of `dataset`. */
export const pointerRule = (dataset: string, x: Readonly<Record<string, unknown>>): Layer => ({
  name: pointerLayer,
  data: { name: dataset },
  params: [
    {
      name: "pointer",
      select: {
        type: "point",
        fields: [String(x["field"])],
        nearest: true,
        on: "pointermove",
        clear: "pointerout",
      },
    },
  ],
  mark: { type: "rule", style: "cursor", tooltip: { content: "data" }, clip: true },
  encoding: {
    x,
    opacity: { condition: { param: "pointer", empty: false, value: 1 }, value: 0 },
  },
})

/** The lines in the order of `keys`, which is that of their colours and of the legend. */
export const inOrder = (bands: Bands, keys: ReadonlyArray<string>): Bands => ({
  ...bands,
  lines: [...bands.lines].sort((a, b) => keys.indexOf(a.key) - keys.indexOf(b.key)),
})

/** Where more lines exist than can be told apart, those that `rank` puts first, and a sentence. */
export const fittingLines = (
  bands: Bands,
  many: string,
  rank: (line: BandLine) => number,
  ranking: string,
): { readonly bands: Bands; readonly notes: ReadonlyArray<string> } => {
  if (bands.lines.length <= categoryLimit) return { bands, notes: [] }
  const chosen = new Set(
    bands.lines
      .map((line) => ({ line, rank: rank(line) }))
      .sort((a, b) => a.rank - b.rank)
      .slice(0, categoryLimit)
      .map(({ line }) => line),
  )
  return {
    bands: { ...bands, lines: bands.lines.filter((line) => chosen.has(line)) },
    notes: [`${categoryLimit} of ${bands.lines.length} ${many} are shown: ${ranking}.`],
  }
}

/** The notes that every chart of this kind needs. */
export const timeNotes = (bands: Bands): ReadonlyArray<string> => [
  spreadNote(bands.replications),
  `Each point is the mean over ${formatDuration(bands.pointSeconds)}.`,
]

/** Each line's mean and range in words: "consumer: mean 61.0%, from 30.1% to 88.2%". */
export const linesInWords = (bands: Bands): string =>
  bands.lines
    .map((line) => {
      const means = line.points.map((point) => point.mean)
      const [mean, low, high] = [meanOf(means), Math.min(...means), Math.max(...means)].map(
        (value) => formatWithUnit(value, bands.unit),
      )
      const words = `mean ${mean}, from ${low} to ${high}`
      return line.key === "" ? words : `${line.key}: ${words}`
    })
    .join("; ")

const lineRows = (lines: ReadonlyArray<BandLine>, ends: readonly [number, number] | undefined) => {
  // What is never negative has no band below zero, whatever Student's t says.
  const [least, most] = ends ?? [isNatural(lines) ? 0 : -Infinity, Infinity]
  const within = (value: number): number => forChart(Math.min(most, Math.max(least, value)))
  return lines.flatMap((line) =>
    line.points.map(({ day, mean, low, high }) => ({
      ...(line.key === "" ? {} : { key: line.key }),
      day: forChart(day),
      mean: within(mean),
      ...(low === null || high === null ? {} : { low: within(low), high: within(high) }),
    })),
  )
}

const isAllZero = (lines: ReadonlyArray<BandLine>): boolean =>
  lines.every(({ points }) => points.every(({ mean, high }) => mean === 0 && (high ?? 0) === 0))

const isNatural = (lines: ReadonlyArray<BandLine>): boolean =>
  lines.every(({ points }) => points.every(({ mean }) => mean >= 0))

/** One row a time with a field for each line, as the pointer shows it. */
const pointedRows = (bands: Bands) => {
  const rows = new Map<number, Record<string, number | string>>()
  const floored = isNatural(bands.lines) ? (low: number) => Math.max(0, low) : (low: number) => low
  for (const line of bands.lines) {
    for (const { day, mean, low, high } of line.points) {
      const row = rows.get(day) ?? { day: forChart(day) }
      rows.set(day, row)
      row[line.key === "" ? "mean" : line.key] = spreadInWords(
        { mean, low: low === null ? null : floored(low), high },
        bands.unit,
      )
    }
  }
  return [...rows.values()]
}

/** Days as the axis counts them. */
export const daysOf = (seconds: number): number => seconds / secondsPerDay

/** An axis title with the unit: "demand (requests/s)"; shares say so by their per cent signs. */
export const titleWithUnit = (title: string, unit: string): string =>
  unit === "" || unit === "share" ? title : `${title} (${unit})`

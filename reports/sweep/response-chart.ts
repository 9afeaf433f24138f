/**
 * A metric against one factor, with 95% intervals: one line, or one for each value of a second factor.
 */
import type { TopLevelSpec } from "vega-lite"
import type { MetricFacts } from "../../sim/results/models/metric-facts.ts"
import type { FactorValue } from "../../sim/results/models/sweep-model.ts"
import type { Chart, Layer } from "../chart.ts"
import { chartHeight, pointerLayer } from "../chart.ts"
import { forChart, formatNumber, formatWithUnit, spreadInWords } from "../number-format.ts"
import type { Spread } from "../spread.ts"
import { titleWithUnit } from "../time-lines.ts"

export interface ResponsePoint {
  readonly at: FactorValue
  readonly spread: Spread
}

export interface ResponseLine {
  /** The second factor with its value; "" where there is none. */
  readonly key: string
  readonly points: ReadonlyArray<ResponsePoint>
}

export interface ResponseOptions {
  readonly id: string
  readonly metric: string
  readonly facts: MetricFacts
  readonly factor: string
  /** Whether the factor's values are spaced by ratio. */
  readonly isLogarithmic: boolean
  /** What the factors do to the metric, told from chance, as the rest of a sentence; "": not known. */
  readonly finding: string
  readonly lines: ReadonlyArray<ResponseLine>
  /** Single points behind the line, where it sums up many. */
  readonly cloud: ReadonlyArray<{ readonly at: FactorValue; readonly mean: number }>
  readonly notes: ReadonlyArray<string>
}

export const responseChart = (given: ResponseOptions): Chart => {
  const options = { ...given, lines: withinReason(given) }
  const { id, metric, facts, factor, lines, notes } = options
  return {
    id,
    name: `${metric} by ${factor}`,
    title: titleOf(options),
    notes: [`${facts.meaning}.`, ...notes],
    alternative: `${metric} against ${factor}. ${lines
      .map(
        ({ key, points }) =>
          (key === "" ? "" : `${key}: `) +
          points
            .map(({ at, spread }) => `${valueText(at)}: ${spreadInWords(spread, facts.unit)}`)
            .join(", "),
      )
      .join("; ")}.`,
    legend: lines.length > 1 ? lines.map(({ key }) => key) : [],
    isOverTime: false,
    spec: specOf(options),
  }
}

/** What is never negative has no interval below zero, whatever Student's t says, and no share is above 1. */
const withinReason = ({ lines, facts }: ResponseOptions): ReadonlyArray<ResponseLine> => {
  const isNatural = lines.every(({ points }) => points.every(({ spread }) => spread.mean >= 0))
  const [least, most] = [isNatural ? 0 : -Infinity, facts.unit === "share" ? 1 : Infinity]
  return lines.map(({ key, points }) => ({
    key,
    points: points.map(({ at, spread: { mean, low, high } }) => ({
      at,
      spread: {
        mean,
        low: low === null ? null : Math.max(least, low),
        high: high === null ? null : Math.min(Math.max(most, mean), high),
      },
    })),
  }))
}

const valueText = (value: FactorValue): string =>
  typeof value === "number" ? formatNumber(value) : value

/** What happens from one end of the factor to the other, or between the extremes of a choice. */
const titleOf = ({ facts, factor, finding, lines }: ResponseOptions): string => {
  const { label } = facts
  if (finding !== "") return `${label}: ${finding}`
  const words = ({ at, spread }: ResponsePoint) => ({
    at: valueText(at),
    value: estimateInWords(spread, facts.unit),
  })
  const all = lines.flatMap(({ key, points }) => points.map((point) => ({ key, ...point })))
  const isNumeric = all.every(({ at }) => typeof at === "number")
  if (lines.length === 1 && isNumeric) {
    const points = lines[0].points
    const [from, to] = [words(points[0]), words(points[points.length - 1])]
    const [a, b] = [points[0].spread, points[points.length - 1].spread]
    const verb = !areApart(a, b)
      ? `shows no clear change, ${from.value} and ${to.value},`
      : `${b.mean > a.mean ? "rises" : "falls"} from ${from.value} to ${to.value}`
    return `${label} ${verb} as ${factor} goes from ${from.at} to ${to.at}`
  }
  const sorted = all.toSorted((a, b) => a.spread.mean - b.spread.mean)
  const [least, most] = [sorted[0], sorted[sorted.length - 1]]
  const place = ({ key, at }: (typeof all)[number]) =>
    `${factor} ${valueText(at)}${key === "" ? "" : `, ${key}`}`
  const value = ({ spread }: ResponsePoint) => estimateInWords(spread, facts.unit)
  return areApart(least.spread, most.spread)
    ? `${label} is lowest, ${value(least)}, with ${place(least)}; highest, ${value(most)}, with ${place(most)}`
    : `${label} shows no clear difference: ${value(least)} to ${value(most)}`
}

/** Whether two intervals have nothing in common; without intervals, whether the means differ. */
const areApart = (a: Spread, b: Spread): boolean => {
  const [lower, upper] = a.mean < b.mean ? [a, b] : [b, a]
  return (lower.high ?? lower.mean) < (upper.low ?? upper.mean)
}

/** "71.2% (69.0% to 73.4%)", or the value alone. */
const estimateInWords = (spread: Spread, unit: string): string =>
  spread.low === null || spread.high === null || spread.high === spread.low
    ? formatWithUnit(spread.mean, unit)
    : spreadInWords(spread, unit)

const specOf = ({
  metric,
  facts,
  factor,
  isLogarithmic,
  lines,
  cloud,
}: ResponseOptions): TopLevelSpec => {
  const rows = lines.flatMap(({ key, points }) =>
    points.map(({ at, spread }) => ({
      key,
      at: typeof at === "number" ? forChart(at) : at,
      mean: forChart(spread.mean),
      low: forChart(spread.low ?? spread.mean),
      high: forChart(spread.high ?? spread.mean),
      [metric]: spreadInWords(spread, facts.unit),
    })),
  )
  const isNumeric = rows.every(({ at }) => typeof at === "number")
  const isMany = lines.length > 1
  const x = isNumeric
    ? {
        field: "at",
        type: "quantitative" as const,
        scale: { zero: false, ...(isLogarithmic ? { type: "log" as const } : {}), nice: false },
        axis: { title: factor },
      }
    : {
        field: "at",
        type: "nominal" as const,
        sort: null,
        axis: { title: factor, labelAngle: 0 },
      }
  const y = {
    type: "quantitative" as const,
    scale: { zero: false },
    axis: {
      title: titleWithUnit(facts.label, facts.unit),
      ...(facts.unit === "share" ? { format: "~%" } : {}),
    },
  }
  const colour = isMany
    ? {
        color: {
          field: "key",
          type: "nominal" as const,
          scale: { domain: lines.map(({ key }) => key) },
          legend: { symbolType: "stroke" },
        },
      }
    : {}
  // Beside each other, or the intervals of one choice would hide those of another.
  const beside = isMany && !isNumeric ? { xOffset: { field: "key", sort: null } } : {}
  const cloudLayer: ReadonlyArray<Layer> =
    cloud.length === 0
      ? []
      : [
          {
            data: {
              values: cloud.map(({ at, mean }) => ({
                at: typeof at === "number" ? forChart(at) : at,
                mean: forChart(mean),
              })),
            },
            mark: { type: "circle", opacity: 0.3, size: 18 },
            encoding: { x, y: { ...y, field: "mean" } },
          },
        ]
  const lineLayer: ReadonlyArray<Layer> = isNumeric
    ? [{ mark: { type: "line" }, encoding: { x, y: { ...y, field: "mean" }, ...colour } }]
    : []
  return {
    width: "container",
    height: chartHeight,
    data: { values: rows },
    layer: [
      ...cloudLayer,
      ...lineLayer,
      {
        mark: { type: "rule", strokeWidth: 2 },
        encoding: {
          x,
          y: { ...y, field: "low" },
          y2: { field: "high" },
          ...(isMany ? colour : {}),
          ...beside,
        },
      },
      {
        mark: { type: "point", filled: true, size: 46, opacity: 1 },
        encoding: { x, y: { ...y, field: "mean" }, ...colour, ...beside },
      },
      {
        name: pointerLayer,
        mark: { type: "point", filled: true, size: 300, opacity: 0, tooltip: { content: "data" } },
        encoding: { x, y: { ...y, field: "mean" }, ...beside },
      },
    ],
  }
}

/**
 * What a metric does over a sweep: its mean and 95% interval at each point, or, where many factors
 * vary, along each of them.
 */
import { cellsByPoint, valuesOf } from "../../sim/results/export/sweep-export.ts"
import type { MainEffects } from "../../sim/results/models/main-effects.ts"
import { movingMetrics, primaryMetrics } from "../../sim/results/models/main-effects.ts"
import type { FactorValue, SweepResult } from "../../sim/results/models/sweep-model.ts"
import type { Spread } from "../spread.ts"
import { meanOf, spreadOf } from "../spread.ts"

export interface Response {
  readonly values: ReadonlyArray<FactorValue>
  readonly spread: Spread
  /** Replications that have the metric. */
  readonly n: number
}

/** The metric at each point that has it; intervals are over replications. */
export const responsesOf = (result: SweepResult, metric: string): ReadonlyArray<Response> =>
  cellsByPoint(result).flatMap(({ point, cells }) => {
    const values = valuesOf(cells, metric)
    const spread = spreadOf(values)
    return spread === undefined ? [] : [{ values: point.values, spread, n: values.length }]
  })

export interface Step {
  /** The factor's value, or the middle of a stretch of values. */
  readonly at: FactorValue
  readonly spread: Spread
  /** Points that the step sums up. */
  readonly n: number
}

const mostSteps = 8
/** Fewer points make intervals that say nothing. */
const leastPointsOfStep = 8

/**
 * The metric along one factor, whatever the others are: mean and 95% interval over the points that
 * share a value of it or, where there are many values, lie in the same one of equal parts of them.
 */
export const stepsAlong = (
  responses: ReadonlyArray<Response>,
  factor: number,
): ReadonlyArray<Step> => {
  const valueOf = (response: Response) => response.values[factor]
  const isNumeric = responses.every((response) => typeof valueOf(response) === "number")
  const sorted = isNumeric
    ? responses.toSorted((a, b) => Number(valueOf(a)) - Number(valueOf(b)))
    : responses
  const groups = new Map<FactorValue, Array<Response>>()
  for (const response of sorted) {
    const own = groups.get(valueOf(response))
    if (own === undefined) groups.set(valueOf(response), [response])
    else own.push(response)
  }
  const parts = groups.size <= mostSteps || !isNumeric ? [...groups.values()] : partsOf(sorted)
  return parts.map((own) => ({
    at: isNumeric ? meanOf(own.map((one) => Number(valueOf(one)))) : valueOf(own[0]),
    spread: spreadOf(own.map(({ spread }) => spread.mean)) ?? own[0].spread,
    n: own.length,
  }))
}

const partsOf = (sorted: ReadonlyArray<Response>): ReadonlyArray<ReadonlyArray<Response>> => {
  const count = Math.min(mostSteps, Math.max(2, Math.floor(sorted.length / leastPointsOfStep)))
  return Array.from({ length: count }, (_, part) =>
    sorted.slice(
      Math.floor((part * sorted.length) / count),
      Math.floor(((part + 1) * sorted.length) / count),
    ),
  )
}

/**
 * The metrics that are most worth a chart: of a grid with replications those that a factor moves, told
 * from chance; otherwise those of which the points explain most of the variance (the correlation ratio
 * η², or the range where there is one replication). The primary ones first.
 */
export const respondingMetrics = (
  result: SweepResult,
  effects: ReadonlyArray<MainEffects>,
  most: number,
): ReadonlyArray<string> => {
  const responding =
    effects.length > 0 && result.definition.replications > 1
      ? [...new Set(effects.flatMap((own) => movingMetrics(own).map(({ metric }) => metric)))]
      : Object.keys(result.metrics)
          .map((metric) => ({ metric, weight: weightOf(result, metric) }))
          .filter(({ weight }) => weight > leastWeight)
          .toSorted((a, b) => b.weight - a.weight)
          .map(({ metric }) => metric)
  const first = primaryMetrics.filter((metric) => responding.includes(metric))
  return [...first, ...responding.filter((metric) => !first.includes(metric))].slice(0, most)
}

/** Below it, a metric's differences between points are a matter of digits. */
const leastWeight = 1e-9

const weightOf = (result: SweepResult, metric: string): number => {
  const groups = cellsByPoint(result).map(({ cells }) => valuesOf(cells, metric))
  const values = groups.flat()
  if (groups.length < 2 || groups.some((own) => own.length === 0)) return 0
  const mean = meanOf(values)
  const size = Math.max(...values.map(Math.abs))
  const squares = (own: ReadonlyArray<number>, centre: number) =>
    own.reduce((sum, value) => sum + (value - centre) * (value - centre), 0)
  const total = squares(values, mean)
  // All the same, but for the last digits.
  if (total <= values.length * (1e-9 * size) ** 2) return 0
  const within = groups.reduce((sum, own) => sum + squares(own, meanOf(own)), 0)
  return values.length > groups.length
    ? 1 - within / total
    : Math.sqrt(total / values.length) / size
}

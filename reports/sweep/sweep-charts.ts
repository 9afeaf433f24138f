/**
 * The charts of a sweep. One factor: a line. Two in a grid: a line for each value of one of them, or a
 * map where both have many. More, or sampled: each metric along each factor.
 */
import { changeSentence } from "../../sim/results/models/effect-words.ts"
import type { MetricEffect } from "../../sim/results/models/main-effects.ts"
import { mainEffects } from "../../sim/results/models/main-effects.ts"
import type { FactorValue, SweepResult } from "../../sim/results/models/sweep-model.ts"
import type { Chart } from "../chart.ts"
import { spreadNote } from "../spread.ts"
import { categoryLimit } from "../theme.ts"
import { responseChart } from "./response-chart.ts"
import { responseMap } from "./response-map.ts"
import type { Response } from "./responses.ts"
import { respondingMetrics, responsesOf, stepsAlong } from "./responses.ts"
import { slugOf } from "./sensitivity-chart.ts"

const mostCharts = 16
const fewestMetrics = 2

/** Charts of the metrics that respond most. O(cells · metrics · factors). */
export const sweepCharts = (result: SweepResult): ReadonlyArray<Chart> => {
  const { factors, definition } = result
  const effects = mainEffects(result)
  const isDirect = definition.design === "grid" && factors.length <= 2
  const each = isDirect || factors.length === 1 ? 1 : factors.length
  const most = Math.max(fewestMetrics, Math.floor((isDirect ? 10 : mostCharts) / each))
  return respondingMetrics(result, effects, most).flatMap((metric) => {
    const responses = responsesOf(result, metric)
    const own = effects.map(({ factor, metrics }) => ({
      factor,
      effect: metrics.find((one) => one.metric === metric),
    }))
    const finding = findingOf(own, result.metrics[metric].unit)
    // Where a factor makes no difference at all, one of its values shows what the others do.
    const moving = factors.flatMap((_, at) => (own[at]?.effect?.effect === "identical" ? [] : [at]))
    if (!isDirect) return alongEach(result, metric, responses, moving)
    const [only = 0] = moving
    return moving.length <= 1
      ? [alongOne(result, metric, only, alone(responses, only), finding)]
      : [overTwo(result, metric, responses, finding)]
  })
}

interface FactorEffect {
  readonly factor: string
  readonly effect: MetricEffect | undefined
}

/** What each factor does to the metric, as the rest of a sentence; "" where it was not compared. */
const findingOf = (effects: ReadonlyArray<FactorEffect>, unit: string): string =>
  effects
    .flatMap(({ factor, effect }) => {
      if (effect === undefined || effect.most.n < 2) return []
      if (effect.effect === "moves") return [changeSentence(factor, effect.most, unit)]
      return [
        effect.effect === "identical"
          ? `is the same at every ${factor}`
          : effect.effect === "negligible"
            ? `differs by less than matters by ${factor}`
            : `shows no difference by ${factor}`,
      ]
    })
    .join("; ")

/** The responses at the first values of all factors but one. */
const alone = (responses: ReadonlyArray<Response>, factor: number): ReadonlyArray<Response> => {
  const [first] = responses
  return responses.filter(({ values }) =>
    values.every((value, at) => at === factor || value === first.values[at]),
  )
}

const distinct = (responses: ReadonlyArray<Response>, factor: number) => [
  ...new Set(responses.map(({ values }) => values[factor])),
]

const isLogarithmic = ({ definition }: SweepResult, factor: number): boolean =>
  /=\s*log\(/.test(definition.vary[factor])

const replicationsNote = ({ definition }: SweepResult): string =>
  spreadNote(definition.replications)
    .replace("no band can", "no interval can")
    .replace("the band", "the whisker")

const sharedNote =
  "All points share their random numbers, so that their differences, which the title is about, are surer than these intervals suggest."

const alongOne = (
  result: SweepResult,
  metric: string,
  factor: number,
  responses: ReadonlyArray<Response>,
  finding: string,
): Chart =>
  responseChart({
    id: `response-${slugOf(metric)}`,
    metric,
    facts: result.metrics[metric],
    factor: result.factors[factor],
    isLogarithmic: isLogarithmic(result, factor),
    finding,
    lines: [
      { key: "", points: responses.map(({ values, spread }) => ({ at: values[factor], spread })) },
    ],
    cloud: [],
    notes: [replicationsNote(result), sharedNote],
  })

const overTwo = (
  result: SweepResult,
  metric: string,
  responses: ReadonlyArray<Response>,
  finding: string,
): Chart => {
  const levels = [distinct(responses, 0), distinct(responses, 1)]
  const isNumeric = levels.map((own) => own.every((value) => typeof value === "number"))
  const id = `response-${slugOf(metric)}`
  const facts = result.metrics[metric]
  if (levels.every(({ length }) => length > categoryLimit))
    return responseMap({
      id,
      metric,
      facts,
      factors: [result.factors[0], result.factors[1]],
      finding,
      responses,
      notes: [sharedNote],
    })
  // A choice is told by colour rather than a number, fewer values rather than more.
  const byColour =
    isNumeric[0] !== isNumeric[1] && levels[isNumeric[0] ? 1 : 0].length <= categoryLimit
      ? isNumeric[0]
        ? 1
        : 0
      : levels[0].length < levels[1].length
        ? 0
        : 1
  const along = 1 - byColour
  const keyOf = (value: FactorValue) => `${result.factors[byColour]} ${value}`
  return responseChart({
    id,
    metric,
    facts,
    factor: result.factors[along],
    isLogarithmic: isLogarithmic(result, along),
    finding,
    lines: levels[byColour].map((value) => ({
      key: keyOf(value),
      points: responses
        .filter(({ values }) => values[byColour] === value)
        .map(({ values, spread }) => ({ at: values[along], spread })),
    })),
    cloud: [],
    notes: [
      replicationsNote(result),
      sharedNote,
      ...(isCoinciding(responses, along) ? ["Lines that coincide hide each other."] : []),
    ],
  })
}

/** Whether somewhere the second factor makes no difference that could be seen. */
const isCoinciding = (responses: ReadonlyArray<Response>, along: number): boolean => {
  const means = responses.map(({ spread }) => spread.mean)
  const visible = (Math.max(...means) - Math.min(...means)) / 200
  return responses.some(
    (one, at) =>
      responses.findIndex(
        (other) =>
          other.values[along] === one.values[along] &&
          Math.abs(other.spread.mean - one.spread.mean) < visible,
      ) < at,
  )
}

const alongEach = (
  result: SweepResult,
  metric: string,
  responses: ReadonlyArray<Response>,
  factors: ReadonlyArray<number>,
): ReadonlyArray<Chart> =>
  factors.map((at) => {
    const factor = result.factors[at]
    return responseChart({
      id: `response-${slugOf(metric)}-${slugOf(factor)}`,
      metric,
      facts: result.metrics[metric],
      factor,
      isLogarithmic: isLogarithmic(result, at),
      finding: "",
      lines: [{ key: "", points: stepsAlong(responses, at) }],
      cloud: responses.map(({ values, spread }) => ({ at: values[at], mean: spread.mean })),
      notes: [
        "Each faint dot is a point of the design; the line joins means over points of about the same value, whatever the other settings are, with 95% Student-t intervals over those points.",
      ],
    })
  })

/**
 * Morris' elementary effects: which factors matter, from few runs. M. D. Morris, "Factorial sampling
 * plans for preliminary computational experiments", Technometrics 33 (1991); μ* after Campolongo,
 * Cariboni and Saltelli, "An effective screening design for sensitivity analysis of large models",
 * Environmental Modelling & Software 22 (2007).
 *
 * A trajectory starts at a random place of a grid of 4 levels and moves one factor after the other, in
 * random order, by Δ = 2/3 of its range. The elementary effect of a factor is the change of the
 * response divided by ±Δ: a response per whole range.
 *
 *   μ*  mean of |effect|: how much the factor matters
 *   μ   mean of the effects: in which direction
 *   σ   their standard deviation: how much that depends on the other factors, or on the place
 *
 * Trajectories are independent, and so are their random numbers, while the points of one trajectory
 * share theirs: so Student-t intervals over trajectories also cover the chance in the simulation. The
 * interval of σ is the jackknife's of log σ² (Miller, "Jackknifing variances", Annals of Mathematical
 * Statistics 39, 1968), which needs no normal distribution.
 */
import { drawBelow, openStream } from "../../engine/index.ts"
import type { Bounded } from "../results/models/sensitivity-model.ts"
import { meanInterval } from "../statistics/inference/interval.ts"
import { studentTQuantile } from "../statistics/distributions/student-t.ts"
import { tallyOf } from "../statistics/samples/tally.ts"

const levels = 4
const delta = levels / (2 * (levels - 1))

/** `count` trajectories of `dimensions` + 1 points each, one after the other. */
export const morrisPoints = (
  count: number,
  dimensions: number,
  seed: string,
): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: count }, (_, trajectory) => {
    const stream = openStream(seed, "design.morris", trajectory)
    const order = Array.from({ length: dimensions }, (__, at) => at)
    for (let last = dimensions - 1; last > 0; last--) {
      const other = drawBelow(stream, last + 1)
      ;[order[last], order[other]] = [order[other], order[last]]
    }
    let place: ReadonlyArray<number> = order.map(() => drawBelow(stream, levels) / (levels - 1))
    return [
      place,
      ...order.map((factor) => {
        const from = place[factor]
        // Of the four levels, the lower two can only go up, and the upper two only down.
        place = place.with(factor, from < 0.5 ? from + delta : from - delta)
        return place
      }),
    ]
  }).flat()

export interface ElementaryEffects {
  /** Mean of the effects' sizes, in the response's unit per whole range. */
  readonly muStar: Bounded
  readonly mu: Bounded
  readonly sigma: Bounded
  readonly trajectories: number
}

/** The effects of each factor, from the responses at `morrisPoints`. O(points · dimensions). */
export const elementaryEffects = (
  points: ReadonlyArray<ReadonlyArray<number>>,
  responses: ReadonlyArray<number>,
): ReadonlyArray<ElementaryEffects> => {
  const dimensions = points[0]?.length ?? 0
  const effects: ReadonlyArray<Array<number>> = Array.from({ length: dimensions }, () => [])
  for (let at = 0; at < points.length; at += dimensions + 1)
    for (let step = at; step < at + dimensions; step++) {
      const [from, to] = [points[step], points[step + 1]]
      const factor = to.findIndex((coordinate, index) => coordinate !== from[index])
      effects[factor].push((responses[step + 1] - responses[step]) / (to[factor] - from[factor]))
    }
  return effects.map((own) => ({
    muStar: meanBounded(own.map(Math.abs), 0),
    mu: meanBounded(own, -Infinity),
    sigma: deviationBounded(own),
    trajectories: own.length,
  }))
}

const meanBounded = (values: ReadonlyArray<number>, least: number): Bounded => {
  const { mean, halfWidth } = meanInterval(values)
  return halfWidth === null
    ? { value: mean, low: null, high: null }
    : { value: mean, low: Math.max(least, mean - halfWidth), high: mean + halfWidth }
}

const rounding = 1e-12

const deviationBounded = (values: ReadonlyArray<number>): Bounded => {
  const n = values.length
  const { deviation, min, max } = tallyOf(values)
  if (deviation === null) return { value: NaN, low: null, high: null }
  // All effects equal, but for the last digits: a linear factor.
  if (deviation <= rounding * Math.max(Math.abs(min), Math.abs(max)))
    return { value: 0, low: 0, high: 0 }
  if (n < 3) return { value: deviation, low: null, high: null }
  const whole = Math.log(deviation * deviation)
  const pseudo = values.map((_, left) => {
    const { variance } = tallyOf(values.filter((__, at) => at !== left))
    return n * whole - (n - 1) * Math.log(Math.max(variance ?? 0, Number.MIN_VALUE))
  })
  const { mean, deviation: spread } = tallyOf(pseudo)
  const half = (studentTQuantile(0.975, n - 1) * (spread ?? 0)) / Math.sqrt(n)
  return {
    value: deviation,
    low: Math.exp((mean - half) / 2),
    high: Math.exp((mean + half) / 2),
  }
}

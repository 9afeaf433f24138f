/**
 * Flash crowds: spans in which one model, or every model, is wanted more than usual.
 *
 * From the models' popularities and the crowds come steps: spans in which the wish for each model is
 * constant. A crowd for one model adds to the whole; it takes nothing from the others.
 */

/** In [at, at + duration) the wish for `model` (`null`: for all) is multiplied. */
export interface FlashCrowd {
  readonly atMicros: number
  readonly durationMicros: number
  readonly multiplier: number
  readonly model: number | null
}

/** From `fromMicros` until the next step begins. */
export interface DemandStep {
  readonly fromMicros: number
  /** By model: popularity times the multipliers of the crowds that are there for it. */
  readonly weights: Float64Array
  /** Demand as a whole, relative to that without crowds: Σ weights ÷ Σ popularities. */
  readonly factor: number
}

/**
 * Steps in order of time; the first is from 0. Where crowds overlap, they multiply. The popularities
 * are 0 or more and not all 0. Cost: O(crowds² · models).
 */
export const demandSteps = (
  popularities: ReadonlyArray<number>,
  crowds: ReadonlyArray<FlashCrowd>,
): ReadonlyArray<DemandStep> => {
  const edges = new Set([0])
  for (const { atMicros, durationMicros } of crowds) {
    edges.add(atMicros).add(atMicros + durationMicros)
  }
  const usual = sumOf(popularities)
  return [...edges]
    .sort((one, other) => one - other)
    .map((fromMicros) => {
      const weights = Float64Array.from(
        popularities,
        (popularity, model) => popularity * multiplierAt(crowds, model, fromMicros),
      )
      return { fromMicros, weights, factor: sumOf(weights) / usual }
    })
}

const multiplierAt = (crowds: ReadonlyArray<FlashCrowd>, model: number, micros: number): number =>
  crowds.reduce((product, crowd) => {
    const isThere = crowd.atMicros <= micros && micros < crowd.atMicros + crowd.durationMicros
    return isThere && (crowd.model ?? model) === model ? product * crowd.multiplier : product
  }, 1)

const sumOf = (values: Iterable<number>): number => {
  let sum = 0
  for (const value of values) sum += value
  return sum
}

/** The step at a time from 0: the last that has begun. O(steps), from the first. */
export const stepIndexAt = (steps: ReadonlyArray<DemandStep>, micros: number): number => {
  let index = 0
  while (index + 1 < steps.length && steps[index + 1].fromMicros <= micros) index++
  return index
}

/**
 * Sobol' indices: which part of a response's variance a factor makes, alone and with all others.
 *
 *   S_i  = V[E(Y | x_i)] ÷ V(Y)           estimated by mean of B·(AB_i − A) ÷ V
 *   ST_i = E[V(Y | all but x_i)] ÷ V(Y)   estimated by mean of (A − AB_i)² ÷ 2V
 *
 * Saltelli et al., "Variance based sensitivity analysis of model output", Computer Physics
 * Communications 181 (2010), (b) and (f) of table 2; the second is Jansen's (1999). A and B are two
 * samples of N rows; AB_i is A with the column of factor i from B. Responses are centred first, which
 * changes no index and takes most of the estimators' own variance away.
 *
 * The random numbers of the simulation are one more factor, "chance": a row of A has its own, a row of
 * B has others, AB_i those of A, and AB_chance those of B at the factors of A. So chance has indices as
 * any factor has, and the indices of the factors are not mistaken for it.
 *
 * Intervals are percentiles of a bootstrap over rows (Efron and Tibshirani, "An Introduction to the
 * Bootstrap", 1993, chapter 13). It takes rows for independent draws; rows of a Sobol sequence do
 * better than that, so the intervals are on the wide side.
 */
import { drawBelow, openStream } from "../../engine/index.ts"
import type { Bounded } from "../results/models/sensitivity-model.ts"
import { sobolPoints } from "./sobol-sequence.ts"

export interface SaltelliPoint {
  readonly coordinates: ReadonlyArray<number>
  /** Points of one block share the simulation's random numbers. */
  readonly block: number
}

/** Row after row: A, B, AB_1 … AB_d, AB_chance. */
export const saltelliPoints = (
  rows: number,
  dimensions: number,
  seed: string,
): ReadonlyArray<SaltelliPoint> =>
  sobolPoints(rows, 2 * dimensions, seed).flatMap((pair, row) => {
    const a = pair.slice(0, dimensions)
    const b = pair.slice(dimensions)
    return [
      { coordinates: a, block: 2 * row },
      { coordinates: b, block: 2 * row + 1 },
      ...a.map((_, factor) => ({ coordinates: a.with(factor, b[factor]), block: 2 * row })),
      { coordinates: a, block: 2 * row + 1 },
    ]
  })

export interface SobolIndices {
  readonly first: Bounded
  readonly total: Bounded
}

const resamples = 1_000

/**
 * First-order and total indices of each factor, and of chance as the last one, from the responses at
 * `saltelliPoints`. All NaN where the response never varies. O(resamples · responses).
 */
export const sobolIndices = (
  responses: ReadonlyArray<number>,
  dimensions: number,
  seed: string,
): ReadonlyArray<SobolIndices> => {
  const width = dimensions + 3
  const rows = Math.floor(responses.length / width)
  const sources = dimensions + 1
  const all = Array.from({ length: rows }, (_, row) => row)
  const estimate = indicesOf(responses, width, all)
  const drawn = Array.from({ length: 2 * sources }, () => new Float64Array(resamples))
  const stream = openStream(seed, "design.bootstrap", 0)
  for (let sample = 0; sample < resamples; sample++) {
    const indices = indicesOf(
      responses,
      width,
      all.map(() => drawBelow(stream, rows)),
    )
    indices.forEach((value, at) => {
      drawn[at][sample] = value
    })
  }
  const bounded = (at: number): Bounded => {
    const sorted = drawn[at].filter(Number.isFinite).sort()
    if (rows < 2 || sorted.length < resamples || !Number.isFinite(estimate[at]))
      return { value: estimate[at], low: null, high: null }
    return {
      value: estimate[at],
      low: sorted[Math.floor(0.025 * resamples)],
      high: sorted[Math.ceil(0.975 * resamples) - 1],
    }
  }
  return Array.from({ length: sources }, (_, source) => ({
    first: bounded(source),
    total: bounded(sources + source),
  }))
}

/** S of each source, then ST of each, from these rows. */
const indicesOf = (
  responses: ReadonlyArray<number>,
  width: number,
  rows: ReadonlyArray<number>,
): Float64Array => {
  const sources = width - 2
  const n = rows.length
  let sum = 0
  for (const row of rows) sum += responses[row * width] + responses[row * width + 1]
  const mean = sum / (2 * n)
  let squares = 0
  const result = new Float64Array(2 * sources)
  for (const row of rows) {
    const at = row * width
    const a = responses[at] - mean
    const b = responses[at + 1] - mean
    squares += a * a + b * b
    for (let source = 0; source < sources; source++) {
      const ab = responses[at + 2 + source] - mean
      result[source] += b * (ab - a)
      result[sources + source] += ((a - ab) * (a - ab)) / 2
    }
  }
  const variance = squares / (2 * n)
  const isVaried = variance > 1e-24 * mean * mean
  for (let at = 0; at < result.length; at++)
    result[at] = isVaried ? result[at] / (n * variance) : NaN
  return result
}

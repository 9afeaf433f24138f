/**
 * A distribution-free interval for a quantile, from one sample: two order statistics.
 *
 * Of n independent values the number below the q-quantile is Binomial(n, q), whatever their
 * distribution. With ranks counted from 1, [X(low), X(high)] therefore covers the quantile with
 * probability P(low ≤ B < high), B ~ Binomial(n, q) (David and Nagaraja, "Order Statistics", 3rd ed.
 * 2003, section 7.1).
 *
 * Which interval for a quantile is sound where:
 *
 * - Independent values (draws of a fitted distribution, one figure of each replication): this one.
 * - Values of one run, such as the waits of consecutive requests: not this one. They depend on each
 *   other, so that the count below the quantile varies far more than a binomial. Take the quantile of
 *   each replication, and Student's t over the replications (interval.ts), as every metric of a run
 *   does. `evenkeel coverage` measures both.
 */
import { binomialTerms } from "../distributions/binomial.ts"
import type { QuantileSketch } from "../samples/quantile-sketch.ts"

export interface OrderStatistics {
  /** Ranks of the interval's ends, counted from 1. */
  readonly low: number
  readonly high: number
  /** The probability that the interval covers the quantile: `level` at least. */
  readonly covers: number
}

/**
 * The ranks whose order statistics enclose the q-quantile of n independent values with probability
 * `level` at least, at most half of the rest on either side. `null` where n values are too few for
 * that: even the least and the greatest do not. O(√n).
 */
export const quantileRanks = (n: number, q: number, level = 0.95): OrderStatistics | null => {
  if (!(level > 0 && level < 1)) throw new RangeError(`a level lies in 0 … 1, not ${level}`)
  const { first, probabilities } = binomialTerms(n, q)
  const tail = (1 - level) / 2
  // low is the greatest rank with P(B < low) ≤ tail, high the least with P(B ≥ high) ≤ tail.
  let low = first
  let below = 0
  for (const probability of probabilities) {
    if (below + probability > tail) break
    below += probability
    low += 1
  }
  let high = first + probabilities.length
  let above = 0
  for (const probability of probabilities.toReversed()) {
    if (above + probability > tail) break
    above += probability
    high -= 1
  }
  return low < 1 || high > n ? null : { low, high, covers: 1 - below - above }
}

export interface QuantileInterval {
  readonly estimate: number
  readonly low: number
  readonly high: number
  /** The error of the sketch, as a share of a value: the ends are that much wider. */
  readonly relativeError: number
}

/**
 * The interval for the q-quantile of the independent values that a sketch took in, widened by what
 * the sketch may be off; `null` where they are too few. O(buckets + √n).
 */
export const sketchQuantileInterval = (
  sketch: QuantileSketch,
  q: number,
  level = 0.95,
): QuantileInterval | null => {
  const ranks = quantileRanks(sketch.n, q, level)
  if (ranks === null) return null
  const { relativeError } = sketch
  return {
    estimate: sketch.quantile(q),
    low: sketch.valueOfRank(ranks.low - 1) / (1 + relativeError),
    high: sketch.valueOfRank(ranks.high - 1) / (1 - relativeError),
    relativeError,
  }
}

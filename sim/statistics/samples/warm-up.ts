/**
 * Where the warm-up ends: MSER-5.
 *
 * White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69
 * (1997), on batches of 5 as in White, Cobb and Spratt, "A comparison of five steady-state
 * truncation heuristics for simulation", WSC 2000: cut off the d batch means that minimise the
 * marginal standard error of the rest,
 *
 *   MSER(d) = Σ_{j > d} (Y_j − mean of the rest)² ÷ (k − d)².
 *
 * It is applied to the pointwise mean of the replications, which shows the transient better than
 * any one of them. A minimum in the second half of the series says that the series is too short to
 * tell a transient from noise: then `settled` is false, and the run should be longer. The last
 * five batches are never a candidate, since a handful of points may lie close by chance.
 */

/** Observations of a batch: a truncation is a multiple of it. */
export const BATCH = 5
const LEAST_KEPT = 5

export interface WarmUp {
  /** How many observations from the start to leave out; a multiple of 5, at most half of them. */
  readonly truncated: number
  /** False where the minimum lay past the half, or the series was too short to look for one. */
  readonly settled: boolean
}

/** The warm-up of a series of observations in order of time. O(n). */
export const warmUp = (series: ArrayLike<number>): WarmUp => {
  const means = batchMeans(series)
  const k = means.length
  let best = -1
  let least = Infinity
  // From the end to the start, so that the mean and the squares of the rest build up in one pass.
  let mean = 0
  let squares = 0
  for (let kept = 1; kept <= k; kept++) {
    const value = means[k - kept]
    const before = value - mean
    mean += before / kept
    squares += before * (value - mean)
    const criterion = squares / (kept * kept)
    // Among equals the earliest cut wins: it keeps the most.
    if (kept > LEAST_KEPT && criterion <= least) {
      least = criterion
      best = k - kept
    }
  }
  const half = Math.floor(k / 2)
  return best >= 0 && best <= half
    ? { truncated: best * BATCH, settled: true }
    : { truncated: half * BATCH, settled: false }
}

/** The pointwise mean of replications, as long as the shortest of them. */
export const meanSeries = (replications: ReadonlyArray<ArrayLike<number>>): Float64Array => {
  const length = replications.reduce((least, series) => Math.min(least, series.length), Infinity)
  const mean = new Float64Array(Number.isFinite(length) ? length : 0)
  for (const series of replications) {
    for (let i = 0; i < mean.length; i++) mean[i] += series[i] / replications.length
  }
  return mean
}

/** The means of consecutive batches of 5; what does not fill a batch is left out. */
const batchMeans = (series: ArrayLike<number>): Float64Array => {
  const means = new Float64Array(Math.floor(series.length / BATCH))
  for (let j = 0; j < means.length; j++) {
    let sum = 0
    for (let i = 0; i < BATCH; i++) sum += series[j * BATCH + i]
    means[j] = sum / BATCH
  }
  return means
}

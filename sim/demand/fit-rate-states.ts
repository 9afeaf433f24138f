/**
 * Fits the two states of a Markov-modulated Poisson process to the arrival times of a trace.
 *
 * What is met is the index of dispersion for counts, I(T) = Var N(T) / E N(T), the usual measure of
 * how bursty arrivals are at the time scale T (Gusella, IEEE JSAC 9, 1991). With two equally likely
 * states of mean spell s, rates λ(1 ± a), and correlation time τ = s/2:
 *
 *   I(T) = 1 + 2 a² λ τ · (1 − (τ/T)(1 − e^(−T/τ)))
 *
 * (Fischer and Meier-Hellstern, Performance Evaluation 18, 1993). For a given τ, the amplitude a
 * follows from I(10 s), which is met exactly; τ is the one that comes nearest to I at 1 to 60 s.
 */
import type { RateState } from "./arrivals.ts"

const MATCHED_SECONDS = 10
const SCALES_SECONDS = [1, 3, 10, 30, 60]

export interface RateFit {
  readonly requestsPerSecond: number
  readonly states: readonly [RateState, RateState]
  /** Measured and fitted I at each scale. */
  readonly scales: ReadonlyArray<{
    readonly seconds: number
    readonly measured: number
    readonly fitted: number
  }>
}

/**
 * I(T) of arrivals at `times` (microseconds from 0, ascending), over the whole windows of
 * `seconds` that fit into them. O(n).
 */
export const dispersionOfCounts = (times: Float64Array, seconds: number): number => {
  const windows = Math.floor(times[times.length - 1] / 1e6 / seconds)
  const counts = new Float64Array(windows)
  for (const micros of times) {
    const window = Math.floor(micros / 1e6 / seconds)
    if (window < windows) counts[window]++
  }
  const mean = counts.reduce((sum, count) => sum + count, 0) / windows
  const squares = counts.reduce((sum, count) => sum + (count - mean) * (count - mean), 0)
  return squares / windows / mean
}

/** O(n). Arrivals less bursty than Poisson at 10 s give two states of the same rate. */
export const fitRateStates = (times: Float64Array): RateFit => {
  const requestsPerSecond = (times.length - 1) / (times[times.length - 1] / 1e6)
  const measured = SCALES_SECONDS.map((seconds) => dispersionOfCounts(times, seconds))
  const matched = Math.max(1, measured[SCALES_SECONDS.indexOf(MATCHED_SECONDS)])
  // I(T) − 1 is proportional to a² λ; `shape` is what it is proportional to.
  const fittedAt = (seconds: number, tau: number): number =>
    1 + ((matched - 1) * shape(seconds, tau)) / shape(MATCHED_SECONDS, tau)
  const misfit = (tau: number): number =>
    SCALES_SECONDS.reduce((sum, seconds, i) => {
      const ratio = Math.log(fittedAt(seconds, tau) / measured[i])
      return sum + ratio * ratio
    }, 0)
  const amplitudeAt = (tau: number): number =>
    Math.sqrt((matched - 1) / (2 * requestsPerSecond * shape(MATCHED_SECONDS, tau)))
  const tau = candidateTaus()
    .filter((candidate) => amplitudeAt(candidate) <= 1)
    .reduce((best, candidate) => (misfit(candidate) < misfit(best) ? candidate : best))
  const amplitude = amplitudeAt(tau)
  return {
    requestsPerSecond,
    states: [
      { rate: 1 - amplitude, meanSeconds: 2 * tau },
      { rate: 1 + amplitude, meanSeconds: 2 * tau },
    ],
    scales: SCALES_SECONDS.map((seconds, i) => ({
      seconds,
      measured: measured[i],
      fitted: fittedAt(seconds, tau),
    })),
  }
}

const shape = (seconds: number, tau: number): number =>
  tau * (1 - (tau / seconds) * (1 - Math.exp(-seconds / tau)))

/** From one second to an hour, 2% apart. */
const candidateTaus = (): ReadonlyArray<number> => {
  const taus: Array<number> = []
  for (let tau = 1; tau <= 3600; tau *= 1.02) taus.push(tau)
  return taus
}

/**
 * Times of which some are censored: the watch ended before what it waited for came. Leaving those out, or
 * taking them for the time itself, makes the mean too short.
 *
 * The survival function is Kaplan and Meier's ("Nonparametric estimation from incomplete observations",
 * Journal of the American Statistical Association 53, 1958):
 *
 *   S(t) = Π over times t_i ≤ t at which d_i of the n_i still at risk ended of (1 − d_i ÷ n_i).
 *
 * Its restricted mean is the area below it up to the longest time watched, with Greenwood's variance
 * (Klein and Moeschberger, "Survival Analysis", 2nd ed. 2003, section 4.5):
 *
 *   Σ over those times of (area from t_i on)² · d_i ÷ (n_i · (n_i − d_i)).
 */

export interface WatchedTime {
  readonly time: number
  /** Whether what was waited for came then; otherwise the watch ended. */
  readonly isSeen: boolean
}

export interface RestrictedMean {
  /** NaN of none. */
  readonly mean: number
  /** Of the mean; 0 where the times ended all at once. */
  readonly standardError: number
  /** Up to which time the mean is taken: the longest watched. */
  readonly until: number
  /** The least time by which half have ended; `null`: fewer have. */
  readonly median: number | null
}

/** O(n log n). */
export const restrictedMean = (times: ReadonlyArray<WatchedTime>): RestrictedMean => {
  const until = Math.max(...times.map(({ time }) => time))
  const ends = [...new Set(times.flatMap(({ time, isSeen }) => (isSeen ? [time] : [])))].sort(
    (a, b) => a - b,
  )
  let survival = 1
  let from = 0
  let median: number | null = null
  const steps = ends.map((at) => {
    const atRisk = times.filter(({ time }) => time >= at).length
    const ended = times.filter(({ time, isSeen }) => isSeen && time === at).length
    const areaBefore = survival * (at - from)
    survival *= 1 - ended / atRisk
    from = at
    if (median === null && survival <= 0.5) median = at
    return { areaBefore, atRisk, ended }
  })
  const rest = survival * (until - from)
  let areaAfter = times.length === 0 ? NaN : rest
  let variance = 0
  for (const { areaBefore, atRisk, ended } of steps.toReversed()) {
    if (atRisk > ended) variance += (areaAfter * areaAfter * ended) / (atRisk * (atRisk - ended))
    areaAfter += areaBefore
  }
  return { mean: areaAfter, standardError: Math.sqrt(variance), until, median }
}

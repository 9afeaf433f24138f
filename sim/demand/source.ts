/**
 * Where requests come from: the next arrival's time, and what is asked for when it has come.
 */
export interface ArrivalSource {
  /** Time of the next arrival, µs; +∞ when there is none. Each call is the next arrival. */
  readonly nextMicros: () => number
  /** Draws the request that arrives now, into the three fields. */
  readonly read: () => void
  readonly model: number
  readonly inputTokens: number
  readonly outputTokens: number
}

/**
 * Where requests come from: the next arrival's time, and what is asked for when it has come.
 */
export interface ArrivalSource {
  /**
   * Time of the next arrival, whole µs of virtual time and no earlier than the last; +∞ when there is
   * none. Called once for each arrival.
   */
  readonly nextMicros: () => number
  /** The arrival has come: says what is asked for, in the three fields. */
  readonly read: () => void
  /** Number of a model, in the scenario's order. */
  readonly model: number
  readonly inputTokens: number
  readonly outputTokens: number
}

/** What an operator believes of a node: moving averages of what it earned. */

/** NaN: never seen. */
export interface Beliefs {
  /** By model: credits a day online. */
  readonly byModel: Float64Array
  /** By hour of the day: credits an hour online. */
  readonly byHour: Float64Array
}

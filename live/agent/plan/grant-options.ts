/** How access to hours is given, as a host's operator says it. */

/**
 * `{booking_id}`, `{end}`, `{jobs}` and `{memory_gib}` stand for the booking's own; programs have them as
 * EVENKEEL_BOOKING_ID … in their environment, too.
 */
export interface GrantOptions {
  /** What the consumer is given, such as `https://gpu.example/{booking_id}`. */
  readonly endpoint?: string
  /** A program and its words; what it writes on stdout is what the consumer is given. */
  readonly start?: ReadonlyArray<string>
  readonly stop?: ReadonlyArray<string>
  /** Where what was granted answers while it is up; default: what the consumer is given, where that is an address. */
  readonly probeUrl?: string
}

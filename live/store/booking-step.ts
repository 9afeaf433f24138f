/** A step in the life of a booking, as its parties are told of it. */

export interface BookingStep {
  /** µs since the market was opened. */
  readonly at: number
  readonly booking: number
  readonly listing: number
  /** Accounts. */
  readonly consumer: number
  readonly provider: number
  /** Such as `granted`. */
  readonly kind: string
  /** What belongs to it, as its owner writes it: JSON. */
  readonly figures: string
}

export interface StoredBookingStep extends BookingStep {
  /** Rises with each step. */
  readonly id: number
}

/** All that is given has to fit. */
export interface BookingStepQuery {
  readonly booking?: number
  readonly listing?: number
  /** Its consumer's or its provider's. */
  readonly account?: number
  readonly kind?: string
  readonly fromMicros?: number
  /** Steps after the one of this id. */
  readonly afterId: number
  readonly count: number
}

/** Hours that are sold, as those see them who are there: what was really delivered, and what its renter means to do. */

/** What a renter does with what it has booked; what is left out is honest. */
export interface Manner {
  /** Leaves so long after the start, µs; +Infinity: stays to the end. */
  readonly leavesAfterMicros: number
  readonly isSilent: boolean
  /** Disputes whatever it was given; never; or where it is to pay for what was not delivered. */
  readonly disputes: "always" | "never" | "whenShort"
  /** Breaks the machine so long before the end, µs; 0: does not. */
  readonly breaksBeforeMicros: number
  /** How many stars it gives: by what was delivered, always as many, or none. */
  readonly stars: "byDelivery" | number | null
}

/** An order at the listing's rate, terms that a host has offered, or capacity that is kept for a fee. */
export type RentalKind = "order" | "contract" | "reservation"

export interface Rental {
  readonly id: number
  readonly kind: RentalKind
  /** Is it promised to be up? */
  readonly isPromised: boolean
  readonly node: number
  readonly account: number
  /** Number of the party that rents it; 0: of none. */
  readonly renterParty: number
  readonly startAt: number
  readonly endAt: number
  readonly jobs: number
  /** What it costs, minor units, and what an hour of one job is worth to the renter, credits. */
  readonly price: number
  readonly worthPerHour: number
  readonly manner: Manner
  phase: "held" | "active" | "over"
  /** Does the machine really do what was sold? */
  isServed: boolean
  /** Has somebody outside of the market what is left of it? A box answers then. */
  isSoldOn: boolean
  /** Of a reservation: what its holder used of it, µs. */
  usedMicros: number
  /** When delivery really began, and since when it has stopped; −1: has not. */
  startedAt: number
  downSince: number
  /** Not delivered since the start, until `downSince` where it has stopped. */
  downMicros: number
  /** When access ended; −1: has not, or was never given. */
  endedAt: number
  wasLost: boolean
  /** What was not paid for as it was disputed, and what had been, minor units; `null`: it was not. */
  disputed: { readonly unpaid: number; readonly drawn: number } | null
}

/** What was not delivered by a time, µs of the time since the start. */
const missingMicros = (rental: Rental, now: number): number => {
  const { startAt, startedAt, downMicros, downSince, isServed } = rental
  const until = Math.min(now, rental.endAt)
  if (startedAt < 0 || !isServed) return Math.max(0, until - startAt)
  return downMicros + (downSince < 0 ? 0 : Math.max(0, until - downSince))
}

/** How much of the hours until their end, early or not, was missing, 0 … 1. */
export const missingShare = (rental: Rental, now: number): number => {
  const { startAt, endAt, endedAt } = rental
  const ended = endedAt < 0 ? Math.min(now, endAt) : endedAt
  return ended <= startAt ? 0 : Math.min(1, missingMicros(rental, ended) / (ended - startAt))
}

/** What was really delivered, µs. */
export const deliveredMicros = (rental: Rental): number =>
  rental.endedAt < 0
    ? 0
    : Math.max(0, rental.endedAt - rental.startAt - missingMicros(rental, rental.endedAt))

/** How much of what its renter was to have it got, 0 … 1; a machine that is lost ends nobody's wish to have it. */
export const deliveredShare = (rental: Rental): number => {
  const { startAt, endAt, endedAt, wasLost } = rental
  if (endedAt < 0) return 0
  const until = wasLost ? endAt : endedAt
  return until <= startAt ? 1 : Math.min(1, deliveredMicros(rental) / (until - startAt))
}

/** Stays to the end, and says what is so. */
export const plainManner: Manner = {
  leavesAfterMicros: Infinity,
  isSilent: false,
  disputes: "whenShort",
  breaksBeforeMicros: 0,
  stars: "byDelivery",
}

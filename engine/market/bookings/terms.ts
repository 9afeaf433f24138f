/** What a booking was ordered at, and what it costs by that. */
import type { HourTerms } from "../../rules/hours/hourly-price.ts"
import { costUntil } from "../../rules/hours/hourly-price.ts"
import { feeUntil } from "../../rules/hours/reservations.ts"
import type { Room } from "../../rules/hours/calendar.ts"
import type { Spans } from "../../rules/hours/spans.ts"
import type { Market } from "../state/market-state.ts"

/** What a booking is, in its column. */
export const hoursKind = 0
export const contractKind = 1
export const reservationKind = 2

const termsOf = ({ bookings: { columns } }: Market, booking: number): HourTerms => ({
  startAt: columns.startAt[booking],
  endAt: columns.endAt[booking],
  jobs: columns.jobs[booking],
  ratePerHour: columns.ratePerHour[booking],
  peakBps: columns.peakBps[booking],
  bulkBps: columns.bulkBps[booking],
  isInDemand: columns.isInDemand[booking] === 1,
})

/** What its hours cost from its start to a time, minor units: never more than its price. */
export const costOf = (market: Market, booking: number, until: number): number => {
  const { endAt, kind, price, startAt } = market.bookings.columns
  if (kind[booking] === reservationKind)
    return feeUntil(price[booking], startAt[booking], endAt[booking], until)
  return costUntil(market.rules, termsOf(market, booking), peaksOf(market, booking), until)
}

const peaksOf = ({ bookings, listings, peaks }: Market, booking: number): Spans =>
  peaks[listings.columns.region[bookings.columns.listing[booking]]]

/** What of it is paid for by periods: nothing where it was paid for at once. */
export const payableOf = (market: Market, booking: number, until: number): number =>
  isPaidAtOnce(market, booking) ? 0 : costOf(market, booking, until)

const isPaidAtOnce = ({ bookings, rules }: Market, booking: number): boolean =>
  rules.isFeeAtOnce && bookings.columns.kind[booking] === reservationKind

/**
 * What it costs in all where its consumer ends it: a contract that is left early is no longer one, and costs what the
 * hours used would have cost at the listing's price when it was accepted, if that is more, and no more than all of it.
 */
export const costWhenLeft = (market: Market, booking: number, until: number): number => {
  const { columns } = market.bookings
  const cost = payableOf(market, booking, until)
  if (columns.kind[booking] !== contractKind || until >= columns.endAt[booking]) return cost
  const asListed = {
    ...termsOf(market, booking),
    endAt: until,
    ratePerHour: columns.earlyRate[booking],
    peakBps: columns.earlyPeakBps[booking],
    bulkBps: columns.earlyBulkBps[booking],
    isInDemand: columns.isEarlyInDemand[booking] === 1,
  }
  const listed = costUntil(market.rules, asListed, peaksOf(market, booking), until)
  return Math.max(cost, Math.min(columns.price[booking], listed))
}

export const roomFor = ({ bookings: { columns } }: Market, booking: number): Room => ({
  jobs: columns.jobs[booking],
  memoryMib: columns.memoryMib[booking],
})

/** The account that sells it. */
export const providerOf = ({ bookings, listings }: Market, booking: number): number =>
  listings.columns.account[bookings.columns.listing[booking]]

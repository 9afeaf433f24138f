/** What a booking was ordered at, and what it costs by that. */
import type { HourTerms } from "../../rules/hours/hourly-price.ts"
import { costUntil } from "../../rules/hours/hourly-price.ts"
import type { Room } from "../../rules/hours/calendar.ts"
import type { Market } from "../state/market-state.ts"

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
  const region = market.listings.columns.region[market.bookings.columns.listing[booking]]
  return costUntil(market.rules, termsOf(market, booking), market.peaks[region], until)
}

export const roomFor = ({ bookings: { columns } }: Market, booking: number): Room => ({
  jobs: columns.jobs[booking],
  memoryMib: columns.memoryMib[booking],
})

/** The account that sells it. */
export const providerOf = ({ bookings, listings }: Market, booking: number): number =>
  listings.columns.account[bookings.columns.listing[booking]]

/**
 * Orders of hours (docs/rules.md#bookings): sold where the listing is open and has room throughout, the consumer
 * accepts and can pay the price, and the provider can stand for it. The price is held, and never changes.
 */
import { insert, slotOf } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"
import { spendableOf } from "../../ledger/accounts.ts"
import { hold, holdOwn, ownOf, voidHold } from "../../ledger/holds.ts"
import { open } from "../../machines/listing.ts"
import type { DeclineReason, Rejection } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import type { EventOf, PriceStrategy } from "../../protocol/event.ts"
import { priceStrategies } from "../../protocol/event.ts"
import type { Room } from "../../rules/hours/calendar.ts"
import { earliestFit, fits, forgetPast, take } from "../../rules/hours/calendar.ts"
import type { HourTerms } from "../../rules/hours/hourly-price.ts"
import { costUntil } from "../../rules/hours/hourly-price.ts"
import type { SlaTerms } from "../../rules/hours/sla.ts"
import { covers, spanAfter } from "../../rules/hours/spans.ts"
import { roomOf } from "../listings/listings.ts"
import { isInDemand } from "../listings/repricing.ts"
import { openLevel, promiseOf } from "../sla/levels.ts"
import type { Market } from "../state/market-state.ts"
import { hoursKind } from "./terms.ts"
import { wakeBooking } from "./wakes.ts"

/** Deposits are held under twice the number of a booking. */
export const mostBooking = 2 ** 52 - 1
/** The mean length of what a listing sells follows the latest bookings. */
const soldMemory = 20

/** What is asked for of a listing. */
export interface HoursAsked {
  readonly startAt: number
  readonly endAt: number
  readonly jobs: number
  readonly memoryMib: number
  readonly latestStart?: number
}

export const onBookingRequested = (
  market: Market,
  event: EventOf<"BookingRequested">,
): Rejection | undefined => {
  const { booking, maxPrice } = event
  if (!isWhole(booking) || booking > mostBooking || !areHours(event)) return "InvalidQuantity"
  if (maxPrice !== undefined && !isWhole(maxPrice)) return "InvalidQuantity"
  if (booking <= market.lastBooking) return "DuplicateBooking"
  const account = slotOf(market.accounts, event.account)
  if (account < 0) return "UnknownAccount"
  const listing = slotOf(market.listings, event.listing)
  if (listing < 0) return "UnknownListing"
  market.lastBooking = booking
  forgetPast(market.calendars[listing], market.now)
  const startAt = placeOf(market, listing, event)
  if (typeof startAt === "string") return decline(market, booking, startAt)
  const terms = termsAsked(market, listing, event, startAt)
  const price = priceOf(market, listing, terms)
  if (price > (maxPrice ?? Infinity)) return decline(market, booking, "PriceTooHigh")
  if (!(price <= spendableOf(market.ledger, account)))
    return decline(market, booking, "InsufficientCredits")
  const bond = bondOf(market, listing, terms, price)
  if (!holdBoth(market, booking, account, listing, price, bond))
    return decline(market, booking, "BondMissing")
  sell(market, booking, account, listing, terms, event.memoryMib, price, {
    kind: hoursKind,
    early: terms,
    promise: promiseOf(market, listing),
  })
  const { endAt } = terms
  emit(market.sink, { _tag: "Book", booking, startAt, endAt, price, bond })
  return undefined
}

/** Are the quantities of an order what they should be? */
export const areHours = ({ startAt, endAt, jobs, memoryMib, latestStart }: HoursAsked): boolean =>
  [startAt, endAt, jobs, memoryMib].every(isWhole) &&
  startAt < endAt &&
  jobs + memoryMib > 0 &&
  jobs < 2 ** 31 &&
  memoryMib < 2 ** 31 &&
  (latestStart === undefined || (isWhole(latestStart) && latestStart >= startAt))

export const decline = (market: Market, booking: number, reason: DeclineReason): undefined => {
  emit(market.sink, { _tag: "Decline", booking, reason })
  return undefined
}

/** When the hours start, or why they cannot be had. */
export const placeOf = (
  market: Market,
  listing: number,
  { startAt, endAt, jobs, memoryMib, latestStart = startAt }: HoursAsked,
): number | DeclineReason => {
  const { rules, now } = market
  const micros = endAt - startAt
  if (startAt < now) return "InThePast"
  if (micros < rules.minBookingMicros) return "TooShort"
  if (micros > rules.maxBookingMicros) return "TooLong"
  if (latestStart + micros > now + rules.maxAheadMicros) return "TooFarAhead"
  if (market.listings.columns.phase[listing] !== open) return "NotOpen"
  const from = Math.max(startAt, earliestStart(market, listing))
  if (from > latestStart) return "Offline"
  const wanted = { jobs, memoryMib }
  return latestStart === startAt
    ? placeAt(market, listing, startAt, endAt, wanted)
    : placeWithin(market, listing, from, latestStart, micros, wanted)
}

/** A machine that is not heard of is given as long to come back as one has to give access. */
const earliestStart = ({ listings, nodes, now, rules }: Market, listing: number): number =>
  nodes.columns.isOnline[listings.columns.node[listing]] === 1 ? now : now + rules.startGraceMicros

const placeAt = (
  market: Market,
  listing: number,
  startAt: number,
  endAt: number,
  wanted: Room,
): number | DeclineReason => {
  if (!covers(market.schedules[listing], startAt, endAt)) return "OffSchedule"
  const isFree = fits(market.calendars[listing], startAt, endAt, wanted, roomOf(market, listing))
  return isFree ? startAt : "NoCapacity"
}

/** The earliest start within a window at which the listing is open for long enough, and has room. */
const placeWithin = (
  market: Market,
  listing: number,
  startAt: number,
  latestStart: number,
  micros: number,
  wanted: Room,
): number | DeclineReason => {
  const schedule = market.schedules[listing]
  const room = roomOf(market, listing)
  let isEverOpen = false
  for (let span = spanAfter(schedule, startAt); span < schedule.from.length; span++) {
    const from = Math.max(startAt, schedule.from[span])
    const close = schedule.until[span]
    if (from > latestStart) break
    if (from + micros > close) continue
    isEverOpen = true
    const calendar = market.calendars[listing]
    const start = earliestFit(calendar, from, latestStart, micros, close, wanted, room)
    if (start !== undefined) return start
  }
  return isEverOpen ? "NoCapacity" : "OffSchedule"
}

/** What the hours would be sold at now. */
export const termsAsked = (
  market: Market,
  listing: number,
  { startAt, endAt, jobs }: HoursAsked,
  placed: number,
): HourTerms => {
  const { columns } = market.listings
  // A rate that has its peaks already has no further ones.
  const hasOwnPeaks = strategyOf(market, listing) === "peakMaximizer"
  return {
    startAt: placed,
    endAt: placed + endAt - startAt,
    jobs,
    ratePerHour: columns.rate[listing],
    peakBps: hasOwnPeaks ? 10_000 : columns.peakBps[listing],
    bulkBps: columns.bulkBps[listing],
    isInDemand: isInDemand(market, columns.region[listing]),
  }
}

const strategyOf = ({ listings }: Market, listing: number): PriceStrategy =>
  priceStrategies[listings.columns.strategy[listing]]

export const priceOf = (market: Market, listing: number, terms: HourTerms): number => {
  const peaks = market.peaks[market.listings.columns.region[listing]]
  return costUntil(market.rules, terms, peaks, terms.endAt)
}

/** What the provider stands for: the price of the first hours, or all of it. */
export const bondOf = (
  market: Market,
  listing: number,
  terms: HourTerms,
  price: number,
): number => {
  const { bondMicros } = market.rules
  if (bondMicros === 0) return 0
  const peaks = market.peaks[market.listings.columns.region[listing]]
  return Math.min(price, costUntil(market.rules, terms, peaks, terms.startAt + bondMicros))
}

/** Holds the price and the bond, or nothing where the provider cannot stand for it. */
export const holdBoth = (
  market: Market,
  booking: number,
  account: number,
  listing: number,
  price: number,
  bond: number,
): boolean => {
  const { ledger } = market
  const { bookings, bonds } = ledger.holds
  const provider = market.listings.columns.account[listing]
  // Who books of itself has to have both.
  hold(ledger, bookings, booking, account, price)
  if (ownOf(ledger, provider) < bond) {
    voidHold(ledger, bookings, slotOf(bookings, booking))
    return false
  }
  if (bond > 0) holdOwn(ledger, bonds, booking, provider, bond)
  return true
}

export interface Sale {
  readonly kind: number
  /** What its hours cost where a contract is left early. */
  readonly early: HourTerms
  readonly promise: SlaTerms | undefined
}

export const sell = (
  market: Market,
  id: number,
  account: number,
  listing: number,
  terms: HourTerms,
  memoryMib: number,
  price: number,
  { kind, early, promise }: Sale,
): void => {
  const booking = insert(market.bookings, id)
  const { columns } = market.bookings
  columns.account[booking] = account
  columns.listing[booking] = listing
  columns.startAt[booking] = terms.startAt
  columns.endAt[booking] = terms.endAt
  columns.jobs[booking] = terms.jobs
  columns.memoryMib[booking] = memoryMib
  columns.periodFrom[booking] = terms.startAt
  columns.price[booking] = price
  columns.ratePerHour[booking] = terms.ratePerHour
  columns.peakBps[booking] = terms.peakBps
  columns.bulkBps[booking] = terms.bulkBps
  columns.isInDemand[booking] = terms.isInDemand ? 1 : 0
  columns.kind[booking] = kind
  columns.earlyRate[booking] = early.ratePerHour
  columns.earlyPeakBps[booking] = early.peakBps
  columns.earlyBulkBps[booking] = early.bulkBps
  columns.isEarlyInDemand[booking] = early.isInDemand ? 1 : 0
  take(market.calendars[listing], terms.startAt, terms.endAt, { jobs: terms.jobs, memoryMib })
  const ofListing = market.listings.columns
  ofListing.bookings[listing] += 1
  ofListing.sold[listing] = Math.min(soldMemory, ofListing.sold[listing] + 1)
  ofListing.soldMicros[listing] +=
    (terms.endAt - terms.startAt - ofListing.soldMicros[listing]) / ofListing.sold[listing]
  if (promise !== undefined) openLevel(market, booking, promise)
  wakeBooking(market, booking)
}

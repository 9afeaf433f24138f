/** What is sold by the hour: listings, regions, and what hours would cost. Money in minor units. */
import type { AccountId, ListingId, RegionId } from "../../core/ids.ts"
import { slotOf } from "../../core/table.ts"
import { listingColumn } from "../../machines/listing.ts"
import type { DeclineReason } from "../../protocol/command.ts"
import type { PriceStrategy } from "../../protocol/event.ts"
import { priceStrategies } from "../../protocol/event.ts"
import { nextTurn, pairsOf, within } from "../../rules/hours/spans.ts"
import type { HoursAsked } from "../bookings/orders.ts"
import { areHours, placeOf, priceOf, termsAsked } from "../bookings/orders.ts"
import { roomOf } from "../listings/listings.ts"
import { isInDemand } from "../listings/repricing.ts"
import { isOffered } from "../listings/use.ts"
import type { Market, MarketHandle } from "../state/market-state.ts"
import { open } from "../state/market-state.ts"

export type ListingPhase = "draft" | "open" | "paused" | "closed"

export interface ListingView {
  readonly listing: ListingId
  readonly account: AccountId
  readonly region: RegionId
  readonly phase: ListingPhase
  /** What can be sold of it at once. */
  readonly jobs: number
  readonly memoryMib: number
  /** Jobs of bookings that run now; bookings that are not over. */
  readonly busyJobs: number
  readonly bookings: number
  readonly strategy: PriceStrategy
  readonly baseRate: number
  readonly leastRate: number
  /** Minor units an hour for each job, now: the base rate times the strategy's multiplier. */
  readonly ratePerHour: number
  readonly multiplierBps: number
  readonly peakBps: number
  readonly bulkBps: number
  /** Of a dynamic rate: the use from which it rises, and the most that it rises to. */
  readonly thresholdBps: number
  readonly mostBps: number
  /** Is it open by its phase and its schedule, and its node there? */
  readonly isOffered: boolean
  /** When its schedule next opens or closes it, µs; +Infinity: never. */
  readonly nextTurnAt: number
  /** Past it nothing is known of its schedule, µs; +Infinity: it is always open. */
  readonly scheduleUntil: number
}

/** A listing as it stands, or `undefined`. */
export const listingView = (handle: MarketHandle, id: ListingId): ListingView | undefined => {
  const market = open(handle)
  const listing = slotOf(market.listings, id)
  return listing < 0 ? undefined : viewOf(market, listing)
}

/** Every listing, by number. O(listings). */
export const listingViews = (handle: MarketHandle): ReadonlyArray<ListingView> => {
  const market = open(handle)
  return [...market.listings.slots.keys()]
    .toSorted((a, b) => a - b)
    .map((id) => viewOf(market, slotOf(market.listings, id)))
}

const viewOf = (market: Market, listing: number): ListingView => {
  const { columns, ids } = market.listings
  const { jobs, memoryMib } = roomOf(market, listing)
  return {
    listing: ids[listing],
    account: market.accounts.ids[columns.account[listing]],
    region: market.regions.ids[columns.region[listing]],
    phase: listingColumn.states[columns.phase[listing]] as ListingPhase,
    jobs,
    memoryMib,
    busyJobs: columns.busyJobs[listing],
    bookings: columns.bookings[listing],
    strategy: priceStrategies[columns.strategy[listing]],
    baseRate: columns.baseRate[listing],
    leastRate: columns.leastRate[listing],
    ratePerHour: columns.rate[listing],
    multiplierBps: columns.multiplierBps[listing],
    peakBps: columns.peakBps[listing],
    bulkBps: columns.bulkBps[listing],
    thresholdBps: columns.thresholdBps[listing],
    mostBps: columns.mostBps[listing],
    isOffered: isOffered(market, listing),
    nextTurnAt: nextTurn(market.schedules[listing], market.now),
    scheduleUntil: columns.scheduleUntil[listing],
  }
}

/** A part of a listing's calendar: how much is sold from `from` until the next one begins. */
export interface CalendarStep {
  readonly from: number
  readonly jobs: number
  readonly memoryMib: number
}

/** What of a listing is sold from now on, in steps. O(steps). */
export const calendarView = (
  handle: MarketHandle,
  id: ListingId,
): ReadonlyArray<CalendarStep> | undefined => {
  const market = open(handle)
  const listing = slotOf(market.listings, id)
  if (listing < 0) return undefined
  const { at, jobs, memoryMib, used } = market.calendars[listing]
  return Array.from({ length: used }, (_, step) => ({
    from: at[step],
    jobs: jobs[step],
    memoryMib: memoryMib[step],
  })).filter(
    ({ from }, step) => step + 1 === used || at[step + 1] > market.now || from > market.now,
  )
}

/** When a listing is open, within an interval. O(spans). */
export const openSpans = (
  handle: MarketHandle,
  id: ListingId,
  from: number,
  until: number,
): ReadonlyArray<readonly [from: number, until: number]> => {
  const market = open(handle)
  const listing = slotOf(market.listings, id)
  if (listing < 0) return []
  return pairsOf(within(market.schedules[listing], from, until))
}

/** Its maintenance within an interval, as far as it is known. O(log spans + those). */
export const maintenanceSpans = (
  handle: MarketHandle,
  id: ListingId,
  from: number,
  until: number,
): ReadonlyArray<readonly [from: number, until: number]> => {
  const market = open(handle)
  const listing = slotOf(market.listings, id)
  return listing < 0 ? [] : pairsOf(within(market.maintenance[listing], from, until))
}

export interface HoursQuote {
  readonly startAt: number
  readonly endAt: number
  readonly ratePerHour: number
  /** What the hours would cost in all, were they ordered now. */
  readonly price: number
  /** Is the region in demand, so that what demand makes dearer is in the price? */
  readonly isInDemand: boolean
}

/** What hours of a listing would cost, or why they cannot be had. `undefined`: no such listing, or no hours. */
export const quoteHours = (
  handle: MarketHandle,
  id: ListingId,
  asked: HoursAsked,
): HoursQuote | DeclineReason | undefined => {
  const market = open(handle)
  const listing = slotOf(market.listings, id)
  if (listing < 0 || !areHours(asked)) return undefined
  const startAt = placeOf(market, listing, asked)
  if (typeof startAt === "string") return startAt
  const terms = termsAsked(market, listing, asked, startAt)
  return {
    startAt,
    endAt: terms.endAt,
    ratePerHour: terms.ratePerHour,
    price: priceOf(market, listing, terms),
    isInDemand: terms.isInDemand,
  }
}

export interface RegionView {
  readonly region: RegionId
  /** Use of its capacity when rates were last set, and its mean over a week, 0 … 1. */
  readonly use: number
  readonly meanUse: number
  readonly isInDemand: boolean
  /** Past it its peak hours are not known, µs. */
  readonly peaksUntil: number
}

/** Every region, in the order in which they were set. */
export const regionViews = (handle: MarketHandle): ReadonlyArray<RegionView> => {
  const market = open(handle)
  const { columns, ids, used } = market.regions
  return Array.from({ length: used }, (_, region) => ({
    region: ids[region],
    use: columns.use[region],
    meanUse: columns.meanUse[region],
    isInDemand: isInDemand(market, region),
    peaksUntil: columns.peaksUntil[region],
  }))
}

/**
 * Listings (docs/rules.md#listings): what a node sells by the hour, at what rate, and when it is open. A
 * listing has the number of its node, and goes with it.
 */
import { invariant } from "../../core/invariant.ts"
import { advance } from "../../core/machine.ts"
import { insert, remove, slotOf } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"
import { wakeAt } from "../../core/wake-queue.ts"
import { closed, listingColumn } from "../../machines/listing.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { priceStrategies } from "../../protocol/event.ts"
import type { Room } from "../../rules/hours/calendar.ts"
import { forgetPast, makeCalendar, mostFrom } from "../../rules/hours/calendar.ts"
import { always, never } from "../../rules/hours/spans.ts"
import { forLatency, forThroughput } from "../admission/balance.ts"
import { lookAgainAtNode } from "../admission/probes.ts"
import { moveOffersOfNode } from "../pricing/offers.ts"
import { setTiers } from "../queue/tiers.ts"
import type { Market } from "../state/market-state.ts"
import { ofListings } from "../state/market-state.ts"
import { countUse } from "./use.ts"
import { setMultiplier } from "./repricing.ts"
import { setOffSchedule } from "./schedules.ts"

/** Jobs fit a table's column, and a price its safe range for as long as anything may be booked. */
const mostJobs = 1024
const mostMemoryMib = 2 ** 30
export const mostRate = 1e15
const mostFactorBps = 1_000_000
const one = 10_000

export const onListingSet = (
  market: Market,
  event: EventOf<"ListingSet">,
): Rejection | undefined => {
  if (!market.rules.areHoursSold) return "HoursNotSold"
  const node = slotOf(market.nodes, event.listing)
  if (node < 0) return "UnknownNode"
  const region = slotOf(market.regions, event.region)
  if (region < 0) return "UnknownRegion"
  if (!areTerms(event)) return "InvalidQuantity"
  const known = slotOf(market.listings, event.listing)
  const rejection = known >= 0 ? refuseChange(market, known, region, event) : undefined
  if (rejection !== undefined) return rejection
  const listing = known >= 0 ? known : enlist(market, event.listing, node, region)
  const { columns } = market.listings
  if (columns.phase[listing] === closed)
    advance(listingColumn, columns.phase, listing, "listedAgain")
  countUse(market, listing)
  // What is over may have been more than there is from now on.
  forgetPast(market.calendars[listing], market.now)
  columns.region[listing] = region
  columns.maxJobs[listing] = event.maxJobs
  columns.memoryMib[listing] = event.memoryMib
  columns.peakBps[listing] = event.peakBps
  columns.bulkBps[listing] = event.bulkBps
  columns.thresholdBps[listing] = event.thresholdBps
  columns.mostBps[listing] = event.mostBps
  columns.leastRate[listing] = event.leastRate
  columns.baseRate[listing] = event.baseRate
  const strategy = priceStrategies.indexOf(event.strategy)
  if (known < 0 || columns.strategy[listing] !== strategy) columns.multiplierBps[listing] = one
  columns.strategy[listing] = strategy
  setMultiplier(market, listing, columns.multiplierBps[listing])
  // Jobs in use are another part of what it has now.
  lookAgainAtNode(market, node)
  return undefined
}

/** May so much be asked for an hour of a job? */
export const isRate = (rate: number): boolean => isWhole(rate) && rate <= mostRate

const areTerms = (event: EventOf<"ListingSet">): boolean =>
  isWhole(event.maxJobs) &&
  event.maxJobs >= 1 &&
  event.maxJobs <= mostJobs &&
  isWhole(event.memoryMib) &&
  event.memoryMib <= mostMemoryMib &&
  isRate(event.baseRate) &&
  isRate(event.leastRate) &&
  priceStrategies.includes(event.strategy) &&
  [event.peakBps, event.mostBps].every(
    (bps) => isWhole(bps) && bps >= one && bps <= mostFactorBps,
  ) &&
  isWhole(event.bulkBps) &&
  event.bulkBps <= one &&
  isWhole(event.thresholdBps) &&
  event.thresholdBps >= 1 &&
  event.thresholdBps < one

/** What is sold stays sold: a listing shrinks to that at least, and keeps its region's clock. */
const refuseChange = (
  market: Market,
  listing: number,
  region: number,
  { maxJobs, memoryMib }: EventOf<"ListingSet">,
): Rejection | undefined => {
  const { columns } = market.listings
  if (columns.region[listing] !== region && columns.bookings[listing] > 0) return "Booked"
  const sold = mostFrom(market.calendars[listing], market.now)
  return sold.jobs > maxJobs || sold.memoryMib > memoryMib ? "Booked" : undefined
}

const enlist = (market: Market, id: number, node: number, region: number): number => {
  const listing = insert(market.listings, id)
  const { columns } = market.listings
  columns.node[listing] = node
  columns.account[listing] = market.nodes.columns.account[node]
  columns.region[listing] = region
  columns.scheduleUntil[listing] = Infinity
  columns.idleSince[listing] = market.now
  columns.countedAt[listing] = market.now
  market.nodes.columns.listing[node] = listing + 1
  market.calendars[listing] = makeCalendar()
  market.schedules[listing] = always
  market.maintenance[listing] = never
  market.running[listing] = []
  market.tiers[listing] = []
  return listing
}

export const onListingPhaseSet = (
  market: Market,
  event: EventOf<"ListingPhaseSet">,
): Rejection | undefined => {
  const listing = slotOf(market.listings, event.listing)
  if (listing < 0) return "UnknownListing"
  const { phase } = market.listings.columns
  if (phase[listing] === closed && event.phase !== "closed") return "WrongPhase"
  countUse(market, listing)
  const input = { open: "opened", paused: "paused", closed: "closed" } as const
  advance(listingColumn, phase, listing, input[event.phase])
  // Where time is charged, calls go to what is open.
  if (market.rules.pricing.isByTime) lookAgainAtNode(market, market.listings.columns.node[listing])
  return undefined
}

export const onBalanceSet = (
  market: Market,
  event: EventOf<"BalanceSet">,
): Rejection | undefined => {
  const listing = slotOf(market.listings, event.listing)
  if (listing < 0) return "UnknownListing"
  const { balance, node } = market.listings.columns
  balance[listing] = event.target === "latency" ? forLatency : forThroughput
  if (market.rules.isAdaptive) lookAgainAtNode(market, node[listing])
  return undefined
}

export const onListingMeasured = (
  market: Market,
  event: EventOf<"ListingMeasured">,
): Rejection | undefined => {
  const listing = slotOf(market.listings, event.listing)
  if (listing < 0) return "UnknownListing"
  const { maxJobs, memoryMib } = event
  if (!isWhole(maxJobs) || maxJobs > mostJobs) return "InvalidQuantity"
  if (!isWhole(memoryMib) || memoryMib > mostMemoryMib) return "InvalidQuantity"
  const { columns } = market.listings
  columns.measuredJobs[listing] = maxJobs
  columns.measuredMemoryMib[listing] = memoryMib
  return undefined
}

/** What can be sold of a listing: declared, or the lesser of it and what was measured. */
export const roomOf = (market: Market, listing: number): Room => {
  const { maxJobs, memoryMib, measuredJobs, measuredMemoryMib } = market.listings.columns
  const declared = { jobs: maxJobs[listing], memoryMib: memoryMib[listing] }
  if (!market.rules.isListingMeasured) return declared
  return {
    jobs: Math.min(declared.jobs, measuredJobs[listing]),
    memoryMib: Math.min(declared.memoryMib, measuredMemoryMib[listing]),
  }
}

/** A node that goes takes its listing along; one whose hours are sold stays. */
export const isNodeBooked = (market: Market, node: number): boolean => {
  const listing = market.nodes.columns.listing[node] - 1
  return listing >= 0 && market.listings.columns.bookings[listing] > 0
}

export const delist = (market: Market, node: number): void => {
  const listing = market.nodes.columns.listing[node] - 1
  if (listing < 0) return
  invariant(
    market.listings.columns.bookings[listing] === 0,
    "a listing goes after its last booking",
  )
  setOffSchedule(market, listing, false)
  wakeAt(market.wakes[ofListings], listing, Infinity)
  market.calendars[listing] = makeCalendar()
  market.schedules[listing] = always
  market.maintenance[listing] = never
  market.running[listing] = []
  if (market.tiers[listing].length > 0) setTiers(market, listing, [])
  market.nodes.columns.listing[node] = 0
  remove(market.listings, listing)
  moveOffersOfNode(market, node)
}

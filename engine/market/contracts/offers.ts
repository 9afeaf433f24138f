/**
 * Contracts and reservations on offer (docs/rules.md#contracts): a host offers one client terms of its own for hours of
 * its listing, and the calendar keeps them until the client has answered or the time for it is over. No money moves
 * before that.
 */
import { invariant } from "../../core/invariant.ts"
import { advance } from "../../core/machine.ts"
import { insert, remove, slotOf } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"
import { wakeAt } from "../../core/wake-queue.ts"
import { contractColumn } from "../../machines/contract.ts"
import { open } from "../../machines/listing.ts"
import type { ContractOutcome, OfferDecline, Rejection } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { fits, forgetPast, giveBack, take } from "../../rules/hours/calendar.ts"
import type { Room } from "../../rules/hours/calendar.ts"
import { areCovering } from "../../rules/hours/spans.ts"
import { mostBooking } from "../bookings/orders.ts"
import { contractKind, reservationKind } from "../bookings/terms.ts"
import { mostRate, roomOf } from "../listings/listings.ts"
import type { Market } from "../state/market-state.ts"
import { ofContracts, partyOf } from "../state/market-state.ts"
import { isShareTaken } from "./region-share.ts"

type Offered = EventOf<"ContractOffered">

export const onContractOffered = (market: Market, event: Offered): Rejection | undefined => {
  if (!market.rules.areHoursSold) return "HoursNotSold"
  if (!areTerms(event)) return "InvalidQuantity"
  const { contract } = event
  if (contract <= market.lastContract) return "DuplicateContract"
  const listing = slotOf(market.listings, event.listing)
  if (listing < 0) return "UnknownListing"
  const client = slotOf(market.accounts, event.client)
  const by = slotOf(market.accounts, event.by)
  if (client < 0 || by < 0) return "UnknownAccount"
  if (market.listings.columns.account[listing] !== by) return "NotParty"
  const extended = event.extends === undefined ? -1 : slotOf(market.bookings, event.extends)
  if (event.extends !== undefined) {
    const rejection = refuseExtension(market, extended, listing, client, event)
    if (rejection !== undefined) return rejection
  }
  market.lastContract = contract
  forgetPast(market.calendars[listing], market.now)
  const span = spanOf(market, event, extended)
  const reason =
    refuseParty(market, by, client) ??
    refusePlace(market, listing, event, span) ??
    refuseTerms(market, extended, event) ??
    refuseShare(market, listing, client, event, span)
  if (reason === undefined) keep(market, listing, client, event, span)
  else emit(market.sink, { _tag: "DeclineOffer", contract, reason })
  return undefined
}

const areTerms = (event: Offered): boolean => {
  const { availabilityBps, contract, fee, jobs, memoryMib, micros, ratePerHour, startAt } = event
  const price = fee ?? ratePerHour
  return (
    isWhole(contract) &&
    contract <= mostBooking &&
    (fee === undefined) !== (ratePerHour === undefined) &&
    price !== undefined &&
    isWhole(price) &&
    price <= mostRate &&
    [jobs, memoryMib, micros].every(isWhole) &&
    micros > 0 &&
    jobs + memoryMib > 0 &&
    jobs < 2 ** 31 &&
    memoryMib < 2 ** 31 &&
    isWhole(availabilityBps) &&
    availabilityBps <= 10_000 &&
    (startAt === undefined || (isWhole(startAt) && event.extends === undefined))
  )
}

/** An extension goes on with the same thing, for the same client. */
const refuseExtension = (
  { bookings: { columns } }: Market,
  extended: number,
  listing: number,
  client: number,
  { fee, jobs, memoryMib }: Offered,
): Rejection | undefined => {
  if (extended < 0) return "UnknownBooking"
  if (columns.listing[extended] !== listing || columns.account[extended] !== client)
    return "NotParty"
  const kind = fee === undefined ? contractKind : reservationKind
  const isSame =
    columns.kind[extended] === kind &&
    columns.jobs[extended] === jobs &&
    columns.memoryMib[extended] === memoryMib
  return isSame ? undefined : "InvalidQuantity"
}

/** In place of the time at which a contract starts: as soon as its client accepts it. */
export const onAcceptance = -1

interface Span {
  /** When it starts; −1: when it is accepted. */
  readonly startAt: number
  readonly deadline: number
  /** What the calendar keeps meanwhile. */
  readonly from: number
  readonly until: number
}

/** Whoever may accept later starts later: the calendar is kept for the latest of it. */
const spanOf = (
  { bookings, now, rules }: Market,
  { micros, startAt }: Offered,
  extended: number,
): Span => {
  const deadline = now + rules.offerMicros
  const start = extended < 0 ? startAt : bookings.columns.endAt[extended]
  if (start === undefined)
    return { startAt: onAcceptance, deadline, from: now, until: deadline + micros }
  return {
    startAt: start,
    deadline: Math.min(deadline, start),
    from: start,
    until: start + micros,
  }
}

const refuseParty = (market: Market, by: number, client: number): OfferDecline | undefined => {
  const { rules } = market
  if (!rules.areLinkedOffered && partyOf(market, by) === partyOf(market, client))
    return "LinkedClient"
  return openOffersOf(market, by) >= rules.mostOffers ? "LimitReached" : undefined
}

/** Open offers of an account's party. O(open offers). */
const openOffersOf = (market: Market, by: number): number => {
  const { contracts, listings } = market
  const party = partyOf(market, by)
  let count = 0
  for (let contract = 0; contract < contracts.used; contract++) {
    if (contracts.ids[contract] === -1) continue
    const account = listings.columns.account[contracts.columns.listing[contract]]
    if (partyOf(market, account) === party) count++
  }
  return count
}

const refusePlace = (
  market: Market,
  listing: number,
  { jobs, memoryMib, micros }: Offered,
  { from, startAt, until }: Span,
): OfferDecline | undefined => {
  const { calendars, maintenance, now, rules, schedules } = market
  if (startAt !== onAcceptance && startAt <= now) return "InThePast"
  if (micros < rules.minBookingMicros) return "TooShort"
  if (micros > rules.maxBookingMicros) return "TooLong"
  if (until > now + rules.maxAheadMicros) return "TooFarAhead"
  if (market.listings.columns.phase[listing] !== open) return "NotOpen"
  // A run of many hours goes on through maintenance.
  if (!areCovering(schedules[listing], maintenance[listing], from, until)) return "OffSchedule"
  const isFree = fits(calendars[listing], from, until, { jobs, memoryMib }, roomOf(market, listing))
  return isFree ? undefined : "NoCapacity"
}

/** An extension costs the same by the hour, or less. */
const refuseTerms = (
  { bookings: { columns } }: Market,
  extended: number,
  { fee, micros, ratePerHour }: Offered,
): OfferDecline | undefined => {
  if (extended < 0) return undefined
  const before = columns.endAt[extended] - columns.startAt[extended]
  const isDearer =
    fee === undefined
      ? (ratePerHour ?? 0) > columns.ratePerHour[extended]
      : BigInt(fee) * BigInt(before) > BigInt(columns.price[extended]) * BigInt(micros)
  return isDearer ? "PriceTooHigh" : undefined
}

const refuseShare = (
  market: Market,
  listing: number,
  client: number,
  { fee, jobs, memoryMib }: Offered,
  { from, until }: Span,
): OfferDecline | undefined => {
  if (fee === undefined) return undefined
  const wanted = { jobs, memoryMib }
  return isShareTaken(market, listing, client, wanted, from, until) ? "LimitReached" : undefined
}

const keep = (
  market: Market,
  listing: number,
  client: number,
  event: Offered,
  { deadline, from, startAt, until }: Span,
): void => {
  const contract = insert(market.contracts, event.contract)
  const { columns } = market.contracts
  columns.listing[contract] = listing
  columns.client[contract] = client
  columns.startAt[contract] = startAt
  columns.micros[contract] = event.micros
  columns.jobs[contract] = event.jobs
  columns.memoryMib[contract] = event.memoryMib
  columns.isReservation[contract] = event.fee === undefined ? 0 : 1
  columns.price[contract] = event.fee ?? event.ratePerHour ?? 0
  columns.availabilityBps[contract] = event.availabilityBps
  columns.hasPenalties[contract] = event.hasPenalties ? 1 : 0
  columns.keptFrom[contract] = from
  columns.keptUntil[contract] = until
  columns.deadline[contract] = deadline
  take(market.calendars[listing], from, until, roomKept(market, contract))
  wakeAt(market.wakes[ofContracts], contract, deadline)
  emit(market.sink, { _tag: "Offer", contract: event.contract, untilMicros: deadline })
}

const roomKept = ({ contracts: { columns } }: Market, contract: number): Room => ({
  jobs: columns.jobs[contract],
  memoryMib: columns.memoryMib[contract],
})

/** What was kept of the calendar is free again. */
export const letGo = (market: Market, contract: number): void => {
  const { keptFrom, keptUntil, listing } = market.contracts.columns
  const from = Math.max(market.now, keptFrom[contract])
  giveBack(
    market.calendars[listing[contract]],
    from,
    keptUntil[contract],
    roomKept(market, contract),
  )
}

/** An offer is over; its capacity was let go before. */
export const closeOffer = (
  market: Market,
  contract: number,
  input: "accepted" | "declined" | "withdrawn" | "ranOut",
): void => {
  const { contracts, sink, wakes } = market
  advance(contractColumn, contracts.columns.phase, contract, input)
  const outcome = contractColumn.states[contracts.columns.phase[contract]] as ContractOutcome
  emit(sink, { _tag: "CloseOffer", contract: contracts.ids[contract], outcome })
  wakeAt(wakes[ofContracts], contract, Infinity)
  remove(contracts, contract)
}

/** The client declines, or the host withdraws. */
export const onContractClosed = (
  market: Market,
  event: EventOf<"ContractClosed">,
): Rejection | undefined => {
  const contract = slotOf(market.contracts, event.contract)
  if (contract < 0) return "UnknownContract"
  const by = slotOf(market.accounts, event.by)
  if (by < 0) return "UnknownAccount"
  const { client, listing } = market.contracts.columns
  const isClient = client[contract] === by
  if (!isClient && market.listings.columns.account[listing[contract]] !== by) return "NotParty"
  letGo(market, contract)
  closeOffer(market, contract, isClient ? "declined" : "withdrawn")
  return undefined
}

/** The wake of an offer: nobody has answered. */
export const expireOffer = (market: Market, contract: number): void => {
  invariant(
    market.contracts.columns.deadline[contract] <= market.now,
    "an offer runs out when its time is over",
  )
  letGo(market, contract)
  closeOffer(market, contract, "ranOut")
}

/** A node goes, and with it what it has offered. */
export const withdrawOffers = (market: Market, node: number): void => {
  const listing = market.nodes.columns.listing[node] - 1
  const { contracts } = market
  for (let contract = 0; contract < contracts.used; contract++) {
    if (contracts.ids[contract] === -1 || contracts.columns.listing[contract] !== listing) continue
    letGo(market, contract)
    closeOffer(market, contract, "withdrawn")
  }
}

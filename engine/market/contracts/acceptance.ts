/**
 * A contract that is accepted is a booking (docs/rules.md#contracts): at its own fixed rate, without peak and discount,
 * with the availability that was guaranteed. A reservation's price is its fee.
 */
import { slotOf } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"
import { spendableOf } from "../../ledger/accounts.ts"
import type { Rejection } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { forgetPast } from "../../rules/hours/calendar.ts"
import type { HourTerms } from "../../rules/hours/hourly-price.ts"
import { feeUntil } from "../../rules/hours/reservations.ts"
import type { SlaTerms } from "../../rules/hours/sla.ts"
import { release } from "../bookings/escrow.ts"
import {
  bondOf,
  decline,
  holdBoth,
  mostBooking,
  priceOf,
  sell,
  termsAsked,
} from "../bookings/orders.ts"
import { contractKind, reservationKind } from "../bookings/terms.ts"
import { promiseOf } from "../sla/levels.ts"
import type { Market } from "../state/market-state.ts"
import { partyOf } from "../state/market-state.ts"
import { closeOffer, letGo, onAcceptance } from "./offers.ts"

export const onContractAccepted = (
  market: Market,
  event: EventOf<"ContractAccepted">,
): Rejection | undefined => {
  const { booking } = event
  if (!isWhole(booking) || booking > mostBooking) return "InvalidQuantity"
  const contract = slotOf(market.contracts, event.contract)
  if (contract < 0) return "UnknownContract"
  const by = slotOf(market.accounts, event.by)
  if (by < 0) return "UnknownAccount"
  const { columns } = market.contracts
  if (columns.client[contract] !== by) return "NotParty"
  if (booking <= market.lastBooking) return "DuplicateBooking"
  const listing = columns.listing[contract]
  const provider = market.listings.columns.account[listing]
  // They may have been found to be one party since.
  if (!market.rules.areLinkedOffered && partyOf(market, provider) === partyOf(market, by))
    return "LinkedClient"
  market.lastBooking = booking
  forgetPast(market.calendars[listing], market.now)
  const isReservation = columns.isReservation[contract] === 1
  const terms = termsOf(market, contract)
  const price = priceOfOffer(market, contract)
  if (!(price <= spendableOf(market.ledger, by)))
    return decline(market, booking, "InsufficientCredits")
  const bond = isReservation
    ? bondOfFee(market, terms, price)
    : bondOf(market, listing, terms, price)
  if (!holdBoth(market, booking, by, listing, price, bond))
    return decline(market, booking, "BondMissing")
  letGo(market, contract)
  const { startAt, endAt } = terms
  const { memoryMib } = columns
  sell(market, booking, by, listing, terms, memoryMib[contract], price, {
    kind: isReservation ? reservationKind : contractKind,
    early: termsAsked(market, listing, terms, startAt),
    promise: promiseOfOffer(market, contract),
  })
  emit(market.sink, { _tag: "Book", booking, startAt, endAt, price, bond })
  closeOffer(market, contract, "accepted")
  if (isReservation && market.rules.isFeeAtOnce)
    release(market, slotOf(market.bookings, booking), price, price)
  return undefined
}

const one = 10_000

/** No peak, no discount: the rate is the contract's own. */
const termsOf = ({ contracts: { columns }, now }: Market, contract: number) => {
  const startAt = columns.startAt[contract] === onAcceptance ? now : columns.startAt[contract]
  return {
    startAt,
    endAt: startAt + columns.micros[contract],
    jobs: columns.jobs[contract],
    memoryMib: columns.memoryMib[contract],
    ratePerHour: columns.isReservation[contract] === 1 ? 0 : columns.price[contract],
    peakBps: one,
    bulkBps: one,
    isInDemand: false,
  } satisfies HourTerms & { readonly memoryMib: number }
}

/** All that it costs, were it accepted now, minor units. */
export const priceOfOffer = (market: Market, contract: number): number => {
  const { isReservation, listing, price } = market.contracts.columns
  return isReservation[contract] === 1
    ? price[contract]
    : priceOf(market, listing[contract], termsOf(market, contract))
}

const bondOfFee = ({ rules }: Market, { startAt, endAt }: HourTerms, fee: number): number =>
  rules.bondMicros === 0 ? 0 : feeUntil(fee, startAt, endAt, startAt + rules.bondMicros)

/** The guaranteed availability takes the place of the listing's; without penalties nothing is promised. */
export const promiseOfOffer = (market: Market, contract: number): SlaTerms | undefined => {
  const { availabilityBps, hasPenalties, listing } = market.contracts.columns
  if (hasPenalties[contract] === 0) return undefined
  const ofListing = promiseOf(market, listing[contract])
  return {
    completionBps: ofListing?.completionBps ?? 0,
    responseMicros: ofListing?.responseMicros ?? 0,
    penaltyBps: ofListing?.penaltyBps ?? market.rules.contractPenaltyBps,
    availabilityBps: availabilityBps[contract],
  }
}

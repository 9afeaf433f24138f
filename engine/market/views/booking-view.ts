/** Bookings that are not over. Money in minor units, time in µs. */
import type { AccountId, BookingId, ListingId } from "../../core/ids.ts"
import { slotOf } from "../../core/table.ts"
import { heldAmount } from "../../ledger/holds.ts"
import { bookingColumn } from "../../machines/booking.ts"
import { consumer } from "../bookings/parties.ts"
import { providerOf } from "../bookings/terms.ts"
import { dueOf } from "../bookings/wakes.ts"
import type { Market, MarketHandle } from "../state/market-state.ts"
import { open } from "../state/market-state.ts"

export type BookingPhase = "held" | "active" | "delivered" | "disputed"

export interface BookingView {
  readonly booking: BookingId
  readonly listing: ListingId
  readonly consumer: AccountId
  readonly provider: AccountId
  readonly phase: BookingPhase
  /** Has access been asked for? */
  readonly isGranted: boolean
  /** Active: is it being delivered now? */
  readonly isDown: boolean
  readonly startAt: number
  readonly endAt: number
  readonly jobs: number
  readonly memoryMib: number
  /** Calls inside it that are under way. */
  readonly inFlight: number
  readonly ratePerHour: number
  readonly price: number
  /** Paid out so far, and the fee in it. */
  readonly drawn: number
  readonly fee: number
  /** Periods that are over: what they cost, what of it is due, and until when the first can be disputed. */
  readonly unpaid: number
  readonly due: number
  readonly confirmBy: number | undefined
  /** Of the provider's credits, held for it. */
  readonly bond: number
  readonly disputedBy: "consumer" | "provider" | undefined
  readonly isAnswered: boolean
  /** When whoever is to start, to answer or to rule has to. */
  readonly deadline: number | undefined
}

/** A booking as it stands, or `undefined`: there is none, or it is over. */
export const bookingView = (handle: MarketHandle, id: BookingId): BookingView | undefined => {
  const market = open(handle)
  const booking = slotOf(market.bookings, id)
  return booking < 0 ? undefined : viewOf(market, booking)
}

/** Every booking that is not over, by number. O(bookings). */
export const bookingViews = (handle: MarketHandle): ReadonlyArray<BookingView> => {
  const market = open(handle)
  return [...market.bookings.slots.keys()]
    .toSorted((a, b) => a - b)
    .map((id) => viewOf(market, slotOf(market.bookings, id)))
}

const viewOf = (market: Market, booking: number): BookingView => {
  const { columns, ids } = market.bookings
  const id = ids[booking]
  const { bonds } = market.ledger.holds
  const bond = slotOf(bonds, id)
  const due = dueOf(market, booking)
  const disputedBy = columns.disputedBy[booking]
  const isWaiting = columns.isGranted[booking] === 1 && columns.phase[booking] === 0
  return {
    booking: id,
    listing: market.listings.ids[columns.listing[booking]],
    consumer: market.accounts.ids[columns.account[booking]],
    provider: market.accounts.ids[providerOf(market, booking)],
    phase: bookingColumn.states[columns.phase[booking]] as BookingPhase,
    isGranted: columns.isGranted[booking] === 1,
    isDown: columns.down[booking] !== 0,
    startAt: columns.startAt[booking],
    endAt: columns.endAt[booking],
    jobs: columns.jobs[booking],
    memoryMib: columns.memoryMib[booking],
    inFlight: columns.inFlight[booking],
    ratePerHour: columns.ratePerHour[booking],
    price: columns.price[booking],
    drawn: columns.drawn[booking],
    fee: columns.fee[booking],
    unpaid: due.reduce((sum, { price }) => sum + price, 0),
    due: due.reduce((sum, one) => sum + one.due, 0),
    confirmBy: due[0]?.confirmBy,
    bond: bond < 0 ? 0 : heldAmount(bonds, bond),
    disputedBy: disputedBy === 0 ? undefined : disputedBy === consumer ? "consumer" : "provider",
    isAnswered: columns.isAnswered[booking] === 1,
    deadline: isWaiting || disputedBy !== 0 ? columns.deadline[booking] : undefined,
  }
}

/** What the parties to a booking may do to it: cancel it before, end it early, confirm what was delivered. */
import { advance } from "../../core/machine.ts"
import { microsPerDay } from "../../core/units.ts"
import { active, bookingColumn, delivered, held } from "../../machines/booking.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import type { Market } from "../state/market-state.ts"
import { endDelivery, leaveCalendar, noteBegun, noteUndelivered, stopRunning } from "./delivery.ts"
import { close, penalise, release, releaseAll } from "./escrow.ts"
import { consumer, deedOf } from "./parties.ts"
import { payableOf } from "./terms.ts"
import { dueOf, wakeBooking } from "./wakes.ts"

export const onBookingCancelled = (
  market: Market,
  event: EventOf<"BookingCancelled">,
): Rejection | undefined => {
  const deed = deedOf(market, event)
  if (typeof deed === "string") return deed
  const { booking, side } = deed
  const { columns } = market.bookings
  if (columns.phase[booking] !== held) return "WrongPhase"
  const isGranted = columns.isGranted[booking] === 1
  if (isGranted) stopRunning(market, booking, "Ended")
  else leaveCalendar(market, booking)
  if (side !== consumer) {
    noteUndelivered(market, booking, columns.startAt[booking])
    if (isGranted) noteBegun(market, booking, false)
    penalise(market, booking)
  }
  // Whoever waits for a provider that is late owes it nothing.
  else if (!isGranted) chargeCancelling(market, booking)
  close(market, booking, "cancelled", "cancelled")
  return undefined
}

const chargeCancelling = (market: Market, booking: number): void => {
  const { rules, now } = market
  const { startAt, price } = market.bookings.columns
  if (now < startAt[booking] - microsPerDay) return
  const fee = payableOf(market, booking, startAt[booking] + rules.cancelFeeMicros)
  if (fee > 0) release(market, booking, price[booking], fee)
}

export const onBookingEnded = (
  market: Market,
  event: EventOf<"BookingEnded">,
): Rejection | undefined => {
  const deed = deedOf(market, event)
  if (typeof deed === "string") return deed
  if (market.bookings.columns.phase[deed.booking] !== active) return "WrongPhase"
  // A consumer pays for the hours that it has used; a provider that leaves has not completed them.
  endDelivery(market, deed.booking, deed.side === consumer, "Ended", deed.side === consumer)
  return undefined
}

export const onBookingConfirmed = (
  market: Market,
  event: EventOf<"BookingConfirmed">,
): Rejection | undefined => {
  const deed = deedOf(market, event)
  if (typeof deed === "string") return deed
  const { booking, side } = deed
  if (side !== consumer) return "NotParty"
  const { phase } = market.bookings.columns
  if (phase[booking] !== active && phase[booking] !== delivered) return "WrongPhase"
  if (dueOf(market, booking).length === 0) return "WrongPhase"
  advance(bookingColumn, phase, booking, "periodEnded")
  releaseAll(market, booking)
  if (phase[booking] === delivered) close(market, booking, "settled", "released")
  else wakeBooking(market, booking)
  return undefined
}

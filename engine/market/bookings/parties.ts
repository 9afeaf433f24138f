/** Who does something to a booking: its consumer or its provider, and nobody else. */
import { slotOf } from "../../core/table.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { Market } from "../state/market-state.ts"
import { providerOf } from "./terms.ts"

export const consumer = 1
export const provider = 2
export type Side = typeof consumer | typeof provider

export interface Deed {
  readonly booking: number
  readonly side: Side
}

/** Which booking, and by which side; or why not. Who books of itself acts as the consumer. */
export const deedOf = (
  market: Market,
  event: { readonly booking: number; readonly by: number },
): Deed | Rejection => {
  const booking = slotOf(market.bookings, event.booking)
  if (booking < 0) return "UnknownBooking"
  const by = slotOf(market.accounts, event.by)
  if (by < 0) return "UnknownAccount"
  if (market.bookings.columns.account[booking] === by) return { booking, side: consumer }
  return providerOf(market, booking) === by ? { booking, side: provider } : "NotParty"
}

export const otherSide = (side: Side): Side => (side === consumer ? provider : consumer)

export const accountOf = (market: Market, booking: number, side: Side): number =>
  side === consumer ? market.bookings.columns.account[booking] : providerOf(market, booking)

/** Bookings: hours sold, delivered, disputed and paid for. */
import { active, delivered, disputed } from "../../machines/booking.ts"
import type { Market } from "../state/market-state.ts"
import { ofBookings, ofStarts } from "../state/market-state.ts"
import type { Mechanism } from "../state/mechanism.ts"
import { auditBookings } from "./audit.ts"
import { onBookingCancelled, onBookingConfirmed, onBookingEnded } from "./changes.ts"
import {
  fireActive,
  fireDelivered,
  fireStart,
  onDeliveryProbed,
  onDeliveryStarted,
} from "./delivery.ts"
import { fireDisputed, onBookingDisputed, onDisputeAnswered, onDisputeRuled } from "./disputes.ts"
import { onBookingRequested } from "./orders.ts"
import { postpone } from "./outage.ts"

const fire = {
  [active]: fireActive,
  [delivered]: fireDelivered,
  [disputed]: fireDisputed,
}

export const bookings: Mechanism = {
  name: "bookings",
  takes: {
    BookingRequested: onBookingRequested,
    DeliveryStarted: onDeliveryStarted,
    DeliveryProbed: onDeliveryProbed,
    BookingCancelled: onBookingCancelled,
    BookingEnded: onBookingEnded,
    BookingConfirmed: onBookingConfirmed,
    BookingDisputed: onBookingDisputed,
    DisputeAnswered: onDisputeAnswered,
    DisputeRuled: onDisputeRuled,
  },
  timers: [
    {
      queue: ofBookings,
      fire: (market: Market, booking: number) =>
        fire[market.bookings.columns.phase[booking] as keyof typeof fire](market, booking),
    },
    { queue: ofStarts, fire: fireStart },
  ],
  resume: postpone,
  audit: auditBookings,
}

/** The feed of an account: every step of its bookings' lives, and alerts of its machines, in order. */
import { Effect } from "effect"
import type { LiveServices } from "../directory/services.ts"
import { durably } from "../driver/market-driver.ts"
import type { BookingEvent } from "../protocol/hours-protocol.ts"
import type { StoredBookingStep } from "../store/booking-step.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import { noBooking } from "./history.ts"
import type { MarketCalendar } from "./market-calendar.ts"
import { detailsOf } from "./step-details.ts"

const eventOf = (
  services: LiveServices,
  calendar: MarketCalendar,
  account: number,
  { id, at, booking, listing, consumer, provider, kind, figures }: StoredBookingStep,
): BookingEvent => ({
  id: String(id),
  type: booking === noBooking ? kind : `booking.${kind}`,
  at: calendar.isoOf(at),
  booking_id:
    booking === noBooking ? null : (services.directory.bookings.get(booking)?.publicId ?? ""),
  gpu_id: services.directory.hosts.get(listing)?.publicId ?? "",
  side:
    consumer !== account || (booking === noBooking && provider === account)
      ? "provider"
      : provider === account
        ? "both"
        : "consumer",
  details: detailsOf(services, calendar, figures),
})

export const eventsOf = (
  services: LiveServices,
  calendar: MarketCalendar,
  account: number,
  afterId: number,
  count: number,
): Effect.Effect<ReadonlyArray<BookingEvent>, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    yield* durably(services.driver)
    const steps = yield* services.store.bookingSteps({ account, afterId, count })
    return steps.map((step) => eventOf(services, calendar, account, step))
  })

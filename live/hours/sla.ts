/** What was promised with a booking, and what came of it: period by period, for both of its parties. */
import { Effect } from "effect"
import type { SlaView } from "../../engine/index.ts"
import { bookingView, microsPerSecond, slaView } from "../../engine/index.ts"
import { isObject } from "../../platform/json/json-object.ts"
import type { BookingRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import { durably } from "../driver/market-driver.ts"
import type { SlaPeriod, SlaStanding, SlaSummary } from "../protocol/contracts-protocol.ts"
import type { StoredBookingStep } from "../store/booking-step.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import { creditsOf } from "../views/credits.ts"
import type { MarketCalendar } from "./market-calendar.ts"
import { slaTermsView } from "./sla-terms.ts"

const mostPeriods = 10_000

const seenFigures = [
  "upMicros",
  "expectedMicros",
  "excusedMicros",
  "successes",
  "failures",
  "responses",
  "onTime",
  "meanResponseMicros",
  "refund",
] as const satisfies ReadonlyArray<keyof SlaView>
/** What is seen of a period. Times in µs, money in minor units. */
type Seen = Pick<SlaView, (typeof seenFigures)[number]>

const ratio = (part: number, of: number): number | null => (of === 0 ? null : part / of)

const seenView = (services: LiveServices, seen: Seen) => ({
  up_seconds: seen.upMicros / microsPerSecond,
  expected_seconds: seen.expectedMicros / microsPerSecond,
  excused_seconds: seen.excusedMicros / microsPerSecond,
  availability: ratio(seen.upMicros, seen.expectedMicros),
  successes: seen.successes,
  failures: seen.failures,
  completion_rate: ratio(seen.successes, seen.successes + seen.failures),
  responses: seen.responses,
  on_time: seen.onTime,
  mean_response_seconds: seen.responses === 0 ? null : seen.meanResponseMicros / microsPerSecond,
  refund: creditsOf(services.driver.market, seen.refund),
})

const periodOf = (
  services: LiveServices,
  calendar: MarketCalendar,
  { at, figures }: StoredBookingStep,
): SlaPeriod => {
  const written: unknown = JSON.parse(figures)
  const known = isObject(written) ? written : {}
  const number = (name: string): number => Number(known[name] ?? 0)
  return {
    period: number("period"),
    at: calendar.isoOf(at),
    ...seenView(
      services,
      Object.fromEntries(seenFigures.map((name) => [name, number(name)])) as unknown as Seen,
    ),
  }
}

/** In a booking, in short; `null`: nothing was promised. */
export const slaSummary = (
  { driver }: LiveServices,
  { id, sla }: BookingRecord,
): SlaSummary | null => {
  const terms = slaTermsView(sla)
  if (terms === null || sla === undefined) return null
  const { upMicros = 0, expectedMicros = 0 } = slaView(driver.market, id) ?? {}
  return {
    ...terms,
    availability: ratio(sla.upMicros + upMicros, sla.expectedMicros + expectedMicros),
    breaches: sla.breaches,
    refund: creditsOf(driver.market, sla.refund),
  }
}

export const slaStanding = (
  services: LiveServices,
  calendar: MarketCalendar,
  booking: BookingRecord,
): Effect.Effect<SlaStanding, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    const { directory, driver, store } = services
    yield* durably(driver)
    const steps = yield* store.bookingSteps({
      booking: booking.id,
      kind: "judged",
      afterId: 0,
      count: mostPeriods,
    })
    // What was judged while the steps were read is told the next time.
    const { id, publicId, sla } = directory.bookings.get(booking.id) ?? booking
    const level = slaView(driver.market, id)
    const isRunning = level !== undefined && bookingView(driver.market, id)?.phase === "active"
    return {
      booking_id: publicId,
      promised: slaTermsView(sla),
      maintenance: (sla?.maintenance ?? []).map(([from, until]) => ({
        from: calendar.isoOf(from),
        until: calendar.isoOf(until),
      })),
      is_up: isRunning ? level.isUp : null,
      running: isRunning ? seenView(services, { ...level, refund: 0 }) : null,
      periods: steps.map((step) => periodOf(services, calendar, step)),
      breaches: sla?.breaches ?? 0,
      refund: creditsOf(driver.market, sla?.refund ?? 0),
    }
  })

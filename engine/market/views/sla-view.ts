/** Service levels: what was promised, and what was seen of it. Shares in basis points, time in µs. */
import type { BookingId, ListingId } from "../../core/ids.ts"
import { slotOf } from "../../core/table.ts"
import { active } from "../../machines/booking.ts"
import type { SlaTerms } from "../../rules/hours/sla.ts"
import { pairsOf } from "../../rules/hours/spans.ts"
import { availabilityNow, promiseOf, termsOfLevel } from "../sla/levels.ts"
import { knownMaintenance, levelOf } from "../sla/uptime.ts"
import { dueOf } from "../bookings/wakes.ts"
import type { MarketHandle } from "../state/market-state.ts"
import { open } from "../state/market-state.ts"

export interface SlaView {
  /** What was promised with the booking. */
  readonly terms: SlaTerms
  /** Is what was promised there now? Before delivery and after it: no. */
  readonly isUp: boolean
  /** Of the period that runs, up to now. */
  readonly upMicros: number
  readonly expectedMicros: number
  readonly excusedMicros: number
  /** Of the calls of the booking's consumer to its machine in the period; neutral ones left out. */
  readonly successes: number
  readonly failures: number
  /** Answers whose first token was timed, those in time, and the mean of the times; 0: none. */
  readonly responses: number
  readonly onTime: number
  readonly meanResponseMicros: number
  /** What goes back for periods that are over and not paid for, and the provider's bond pays of it. */
  readonly refund: number
  readonly fromBond: number
  /** Maintenance within its hours that was known when it was ordered, [from, until) each. */
  readonly maintenance: ReadonlyArray<readonly [number, number]>
}

/** The service level of a booking, or `undefined`: nothing was promised, or it is over. */
export const slaView = (handle: MarketHandle, id: BookingId): SlaView | undefined => {
  const market = open(handle)
  const booking = slotOf(market.bookings, id)
  const level = booking < 0 ? -1 : levelOf(market, booking)
  if (level < 0) return undefined
  const isActive = market.bookings.columns.phase[booking] === active
  const { columns } = market.serviceLevels
  const due = dueOf(market, booking)
  const nothing = { upMicros: 0, expectedMicros: 0, excusedMicros: 0 }
  const responses = columns.responses[level]
  return {
    terms: termsOfLevel(market, level),
    isUp: isActive && columns.isDown[level] === 0,
    ...(isActive ? availabilityNow(market, booking, level) : nothing),
    successes: columns.successes[level],
    failures: columns.failures[level],
    responses,
    onTime: columns.onTime[level],
    meanResponseMicros: responses === 0 ? 0 : columns.responseMicros[level] / responses,
    refund: due.reduce((sum, one) => sum + one.refund, 0),
    fromBond: due.reduce((sum, one) => sum + one.fromBond, 0),
    maintenance: pairsOf(knownMaintenance(market, level)),
  }
}

/** What a listing promises with hours that are ordered from now on; `undefined`: nothing. */
export const listingSla = (handle: MarketHandle, id: ListingId): SlaTerms | undefined => {
  const market = open(handle)
  const listing = slotOf(market.listings, id)
  return listing < 0 ? undefined : promiseOf(market, listing)
}

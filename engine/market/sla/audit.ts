/** What holds of service levels between steps. */
import { invariant } from "../../core/invariant.ts"
import { auditTable, slotOf } from "../../core/table.ts"
import { active } from "../../machines/booking.ts"
import type { Market } from "../state/market-state.ts"
import { availabilityNow } from "./levels.ts"

/** Asserts it of every service level. O(service levels + their maintenance). */
export const auditLevels = (market: Market): void => {
  const { bookings, knownMaintenance, serviceLevels } = market
  auditTable(serviceLevels)
  for (let level = 0; level < serviceLevels.used; level++) {
    if (serviceLevels.ids[level] === -1) continue
    const booking = slotOf(bookings, serviceLevels.ids[level])
    invariant(booking >= 0, "a service level is a booking's")
    const { columns } = serviceLevels
    invariant(columns.onTime[level] <= columns.responses[level], "an answer in time is an answer")
    invariant(
      columns.responses[level] <= columns.successes[level],
      "an answer that is timed is a success",
    )
    if (bookings.columns.phase[booking] === active) availabilityNow(market, booking, level)
  }
  for (const level of knownMaintenance.keys())
    invariant(
      level < serviceLevels.used && serviceLevels.ids[level] !== -1,
      "maintenance is known of a service level",
    )
}

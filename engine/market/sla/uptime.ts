/**
 * When the machine behind hours is up (docs/rules.md#service-levels): its node is there, probes of what was granted
 * succeed where they count, and not every instance of it is parked. Counted for the bookings that run and have a
 * service level, before and after whatever changes it.
 */
import { slotOf } from "../../core/table.ts"
import { active } from "../../machines/booking.ts"
import { closed } from "../../machines/admission.ts"
import { microsWithin, never } from "../../rules/hours/spans.ts"
import type { Spans } from "../../rules/hours/spans.ts"
import type { Market } from "../state/market-state.ts"

/** The row of a booking's service level; −1: it has none. */
export const levelOf = ({ bookings, serviceLevels }: Market, booking: number): number =>
  serviceLevels.slots.size === 0 ? -1 : slotOf(serviceLevels, bookings.ids[booking])

/** Maintenance within a booking that was known when it was ordered. */
export const knownMaintenance = (market: Market, level: number): Spans =>
  market.knownMaintenance.get(level) ?? never

/** Something about a node may have changed: so has what runs on it. O(what runs on it). */
export const noteUptimeOfNode = (market: Market, node: number): void => {
  const listing = market.nodes.columns.listing[node] - 1
  if (listing < 0 || market.serviceLevels.slots.size === 0) return
  for (const booking of market.running[listing]) noteUptime(market, booking)
}

/** The same of one booking. */
export const noteUptime = (market: Market, booking: number): void => {
  const { columns } = market.bookings
  if (columns.phase[booking] !== active) return
  const level = levelOf(market, booking)
  if (level < 0) return
  const node = market.listings.columns.node[columns.listing[booking]]
  const isDown = columns.down[booking] !== 0 || isParked(market, node)
  const levels = market.serviceLevels.columns
  if ((levels.isDown[level] === 1) === isDown) return
  countDown(market, level, market.now)
  levels.isDown[level] = isDown ? 1 : 0
  levels.downSince[level] = market.now
}

/** Is every instance of a node parked? Where its hours leave nothing for calls, nothing is seen of them. */
const isParked = (market: Market, node: number): boolean => {
  const { breakers, instances, listings, nodes } = market
  const listing = nodes.columns.listing[node] - 1
  const { busyJobs, maxJobs } = listings.columns
  let next = nodes.columns.firstInstance[node]
  if (next === 0 || busyJobs[listing] >= maxJobs[listing]) return false
  for (; next !== 0; next = instances.columns.nextOnNode[next - 1])
    if (breakers.state[next - 1] === closed) return false
  return true
}

/** Counts what was not up until a time, maintenance apart. */
export const countDown = (market: Market, level: number, until: number): void => {
  const { isDown, downSince } = market.serviceLevels.columns
  if (isDown[level] === 0 || until <= downSince[level]) return
  addDown(market, level, downSince[level], until)
  downSince[level] = until
}

const addDown = (market: Market, level: number, from: number, until: number): void => {
  const { downMicros, downInMaintenance } = market.serviceLevels.columns
  const within = microsWithin(knownMaintenance(market, level), from, until)
  downMicros[level] += until - from - within
  downInMaintenance[level] += within
}

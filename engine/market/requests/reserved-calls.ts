/**
 * Calls of whoever has reserved a machine (docs/rules.md#reservations): they look there first. Where the fee covers their
 * use they are calls inside the booking, at no further price; what fails there goes on as any other call, and is paid for.
 * Where it does not, they are calls as all others are, and the machine is asked before the rest.
 */
import { closed } from "../../machines/admission.ts"
import { active } from "../../machines/booking.ts"
import type { EventOf } from "../../protocol/event.ts"
import { reservationKind } from "../bookings/terms.ts"
import { eligible } from "../admission/eligibility.ts"
import { instancesOf } from "../presence/nodes.ts"
import type { Market } from "../state/market-state.ts"
import { canServe, hasRoomIn, leastBusy, startInBooking } from "./booked-calls.ts"

type Arrived = EventOf<"RequestArrived">

/** The account's reservations that run, the oldest first. O(1) where it has none, else O(bookings). */
const reservationsOf = (market: Market, account: number): ReadonlyArray<number> => {
  if (market.accounts.columns.reservations[account] === 0) return []
  const { columns, ids, used } = market.bookings
  const found: Array<number> = []
  for (let booking = 0; booking < used; booking++)
    if (
      ids[booking] !== -1 &&
      columns.account[booking] === account &&
      columns.kind[booking] === reservationKind &&
      columns.phase[booking] === active &&
      market.now < columns.endAt[booking]
    )
      found.push(booking)
  return found.toSorted((a, b) => ids[a] - ids[b])
}

const nodeOf = ({ bookings, listings }: Market, booking: number): number =>
  listings.columns.node[bookings.columns.listing[booking]]

/** Serves a call within a reservation of its account, and says whether there was one with room. */
export const arriveAtReserved = (
  market: Market,
  event: Arrived,
  account: number,
  model: number,
): boolean => {
  if (!market.rules.isUseIncluded) return false
  for (const booking of reservationsOf(market, account)) {
    if (!hasRoomIn(market, booking)) continue
    // A machine that fails everybody is not insisted on.
    const hosts = instancesOf(market, nodeOf(market, booking)).filter(
      (one) => canServe(market, one, model) && market.breakers.state[one] === closed,
    )
    if (hosts.length === 0) continue
    const host = leastBusy(market, hosts)
    const request = startInBooking(market, event, account, model, booking, host)
    const { columns } = market.requests
    columns.mayLeave[request] = 1
    columns.mostPricePerMtok[request] = event.maxPricePerMtok ?? Infinity
    columns.mostRatePerHour[request] = event.maxRatePerHour ?? Infinity
    return true
  }
  return false
}

/** Where use is paid for: an instance on what the account has reserved that takes the call as any other; −1: none. */
export const preferred = (
  market: Market,
  event: Arrived,
  account: number,
  model: number,
  budget: number,
): number => {
  const { pricing, isUseIncluded } = market.rules
  if (isUseIncluded) return -1
  const { columns } = market.instances
  for (const booking of reservationsOf(market, account))
    for (const instance of instancesOf(market, nodeOf(market, booking))) {
      if (columns.model[instance] !== model || columns.reason[instance] !== eligible) continue
      const level = pricing.levelOf(market, model, instance)
      if (pricing.isTooDear(market, model, event, level)) continue
      if (pricing.worst(market, model, event, level) <= budget) return instance
    }
  return -1
}

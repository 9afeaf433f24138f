/**
 * Jobs that are reserved and idle are lent to items of batches (docs/rules.md#reservations), which can be run again
 * whatever becomes of them. Their holder comes first all the same: what is lent is not counted against its own calls.
 * The pool takes no note of what runs there, as of calls inside bookings.
 */
import { slotOf } from "../../core/table.ts"
import { closed } from "../../machines/admission.ts"
import { active } from "../../machines/booking.ts"
import { emitDispatch } from "../../protocol/command.ts"
import { reservationKind } from "../bookings/terms.ts"
import { instancesOf } from "../presence/nodes.ts"
import type { Market } from "../state/market-state.ts"
import { canServe, leastBusy } from "./booked-calls.ts"
import { noteAttempt } from "./lifecycle.ts"

export interface Lent {
  readonly booking: number
  readonly instance: number
}

/** Idle reserved jobs for an item of a batch, of the oldest reservation that has them. O(bookings), where any are lent. */
export const findLoan = (market: Market, batch: number): Lent | undefined => {
  const { bookings, rules } = market
  if (rules.lendBps === 0) return undefined
  const { columns, ids, used } = bookings
  let found: Lent | undefined
  for (let booking = 0; booking < used; booking++) {
    if (ids[booking] === -1 || !lends(market, booking)) continue
    if (found !== undefined && ids[found.booking] < ids[booking]) continue
    const node = market.listings.columns.node[columns.listing[booking]]
    const hosts = instancesOf(market, node).filter((one) => takes(market, one, batch))
    if (hosts.length > 0) found = { booking, instance: leastBusy(market, hosts) }
  }
  return found
}

const lends = ({ bookings: { columns }, now }: Market, booking: number): boolean =>
  columns.kind[booking] === reservationKind &&
  columns.phase[booking] === active &&
  now < columns.endAt[booking] &&
  columns.inFlight[booking] + columns.lent[booking] < columns.jobs[booking]

const takes = (market: Market, instance: number, batch: number): boolean => {
  const { batches, breakers, models, rules } = market
  const { columns } = market.instances
  const model = batches.columns.model[batch]
  const maxPricePerMtok = batches.columns.maxPricePerMtok[batch]
  const ask = { inputTokens: 0, maxTokens: 0, maxPricePerMtok }
  return (
    canServe(market, instance, model) &&
    breakers.state[instance] === closed &&
    columns.isBelowFloor[instance] === 0 &&
    columns.accuracyBps[instance] >= models.columns.accuracyBps[model] &&
    !rules.pricing.isTooDear(market, model, ask, rules.pricing.levelOf(market, model, instance))
  )
}

export const startLent = (market: Market, request: number, { booking, instance }: Lent): void => {
  const { bookings, instances, requests } = market
  noteAttempt(market, request, instance)
  requests.columns.startedAt[request] = market.now
  requests.columns.lender[request] = bookings.ids[booking] + 1
  instances.columns.bookedInFlight[instance] += 1
  bookings.columns.lent[booking] += 1
  emitDispatch(market.sink, {
    _tag: "Dispatch",
    request: requests.ids[request],
    attempt: requests.columns.attempt[request],
    instance: instances.ids[instance],
  })
}

/** The attempt is over; whose job it ran in is still known. */
export const endLent = (market: Market, request: number): void => {
  const { bookings, instances, requests } = market
  instances.columns.bookedInFlight[requests.columns.instance[request]] -= 1
  const booking = slotOf(bookings, requests.columns.lender[request] - 1)
  if (booking >= 0) bookings.columns.lent[booking] -= 1
}

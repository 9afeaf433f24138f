/**
 * Calls inside a booking (docs/rules.md#booked-calls): whoever has hours calls their machine at no further
 * price, as many at once as it has booked jobs. What passes between the two parties says nothing of the host
 * to anybody else: it is no demand, moves no breaker, no health and no ramp, and earns no bounty.
 */
import { invariant } from "../../core/invariant.ts"
import { remove, slotOf } from "../../core/table.ts"
import { hold } from "../../ledger/holds.ts"
import { active } from "../../machines/booking.ts"
import { serving } from "../../machines/presence.ts"
import type { Rejection } from "../../protocol/command.ts"
import { emitDispatch } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { reservationKind } from "../bookings/terms.ts"
import { voidRequest } from "../payout/settlement.ts"
import { instancesOf } from "../presence/nodes.ts"
import { stopAfterLast } from "../presence/instances.ts"
import { noteOutcome } from "../sla/outcomes.ts"
import type { Market } from "../state/market-state.ts"
import {
  admit,
  bookingOf,
  finishFree,
  finishUnserved,
  hasDelivered,
  noteAttempt,
  refuse,
} from "./lifecycle.ts"

export const arriveInBooking = (
  market: Market,
  event: EventOf<"RequestArrived"> & { readonly booking?: number },
  account: number,
  model: number,
): Rejection | undefined => {
  const { request, booking: id = -1 } = event
  const booking = slotOf(market.bookings, id)
  if (booking < 0) return "UnknownBooking"
  const { columns } = market.bookings
  if (columns.account[booking] !== account) return "NotParty"
  if (columns.phase[booking] !== active || market.now >= columns.endAt[booking]) return "WrongPhase"
  // What costs something is no call inside a booking: it comes as any other, and looks there first.
  const isCharged = columns.kind[booking] === reservationKind && !market.rules.isUseIncluded
  if (isCharged) return "WrongPhase"
  market.lastRequest = request
  const node = market.listings.columns.node[columns.listing[booking]]
  const hosts = instancesOf(market, node).filter((one) => canServe(market, one, model))
  if (hosts.length === 0) return refuse(market, request, "NoInstance")
  if (!hasRoomIn(market, booking)) return refuse(market, request, "NoCapacity")
  startInBooking(market, event, account, model, booking, leastBusy(market, hosts))
  return undefined
}

/** As many at once as there are jobs; where memory alone was sold, one. */
export const hasRoomIn = ({ bookings: { columns } }: Market, booking: number): boolean =>
  columns.inFlight[booking] < Math.max(1, columns.jobs[booking])

/** The pool's reasons do not count: whoever has rented a machine may try it. */
export const canServe = (market: Market, instance: number, model: number): boolean => {
  const { columns } = market.instances
  return (
    columns.model[instance] === model &&
    columns.isOnline[instance] === 1 &&
    columns.service[instance] === serving &&
    columns.isSuspended[instance] === 0
  )
}

export const leastBusy = (market: Market, hosts: ReadonlyArray<number>): number => {
  const { bookedInFlight } = market.instances.columns
  return hosts.reduce((best, one) => (bookedInFlight[one] < bookedInFlight[best] ? one : best))
}

/** Gives the request's slot. */
export const startInBooking = (
  market: Market,
  event: EventOf<"RequestArrived">,
  account: number,
  model: number,
  booking: number,
  instance: number,
): number => {
  const { bookings, instances, ledger, requests } = market
  hold(ledger, ledger.holds.requests, event.request, account, 0)
  const slot = admit(market, event.request)
  requests.columns.account[slot] = account
  requests.columns.model[slot] = model
  requests.columns.inputTokens[slot] = event.inputTokens
  requests.columns.maxTokens[slot] = event.maxTokens
  requests.columns.booking[slot] = bookings.ids[booking] + 1
  noteAttempt(market, slot, instance)
  instances.columns.bookedInFlight[instance] += 1
  bookings.columns.inFlight[booking] += 1
  emitDispatch(market.sink, {
    _tag: "Dispatch",
    request: event.request,
    attempt: 0,
    instance: instances.ids[instance],
  })
  return slot
}

/**
 * A call is not tried elsewhere: the hours are of one machine. It goes to its end though they are over. `goOn`: tries
 * it elsewhere where its consumer has named no booking, and says whether it does.
 */
export const endInBooking = (
  market: Market,
  request: number,
  event: EventOf<"AttemptEnded">,
  goOn: () => boolean,
): undefined => {
  const { bookings, instances, requests } = market
  const { outcome } = event
  const id = requests.ids[request]
  const instance = requests.columns.instance[request]
  const booking = bookingOf(market, request)
  instances.columns.bookedInFlight[instance] -= 1
  invariant(
    instances.columns.bookedInFlight[instance] >= 0,
    "a booked call that ends was under way",
  )
  if (booking >= 0) bookings.columns.inFlight[booking] -= 1
  noteOutcome(market, instance, requests.columns.account[request], outcome, event.firstTokenMicros)
  const isDelivered = hasDelivered(market, request, event)
  if (!isDelivered && requests.columns.mayLeave[request] === 1 && goOn())
    return void stopAfterLast(market, instance)
  voidRequest(market, request)
  if (isDelivered) {
    const outputTokens = Math.min(event.outputTokens, event.reportedTokens)
    finishFree(market, id, instances.ids[instance], outcome, outputTokens)
  } else finishUnserved(market, id, instances.ids[instance], outcome)
  remove(requests, request)
  stopAfterLast(market, instance)
  return undefined
}

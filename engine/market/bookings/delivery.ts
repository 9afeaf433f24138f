/**
 * The delivery of hours (docs/rules.md#delivery): access is granted at the start, and what is delivered is
 * measured by the presence of the node and, where the rules ask for it, by probes of what was granted. A
 * period that is over becomes due; the last one ends the booking.
 */
import { invariant } from "../../core/invariant.ts"
import { advance } from "../../core/machine.ts"
import { slotOf } from "../../core/table.ts"
import { mulDivCeil } from "../../core/units.ts"
import { active, bookingColumn, held } from "../../machines/booking.ts"
import type { Rejection, Revocation } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { giveBack } from "../../rules/hours/calendar.ts"
import { changeUse } from "../listings/use.ts"
import { noteHours, noteStart } from "../ratings/records.ts"
import { beginLevel, judgePeriod, noteGrant } from "../sla/levels.ts"
import { noteUptime } from "../sla/uptime.ts"
import { noteRealised } from "../swarms/rates.ts"
import type { Market } from "../state/market-state.ts"
import { close, noteLeaving, penalise, releaseAll, releaseOldest } from "./escrow.ts"
import { costWhenLeft, payableOf, providerOf, reservationKind, roomFor } from "./terms.ts"
import { dueOf, lostAt, periodEnd, wakeBooking } from "./wakes.ts"

/** Why hours are not being delivered, as bits. */
const nodeAway = 1
const probeFailed = 2

/** The wake of a booking that has not begun: it is time, or too late. */
export const fireStart = (market: Market, booking: number): void => {
  const { columns } = market.bookings
  invariant(columns.phase[booking] === held, "a booking begins once")
  if (columns.isGranted[booking] === 0) grant(market, booking)
  else missStart(market, booking)
}

const grant = (market: Market, booking: number): void => {
  const { rules, now } = market
  const { columns, ids } = market.bookings
  // The gateway was away for all of it: nobody's fault.
  if (columns.endAt[booking] <= now) {
    leaveCalendar(market, booking)
    return close(market, booking, "cancelled", "cancelled")
  }
  advance(bookingColumn, columns.phase, booking, "due")
  columns.isGranted[booking] = 1
  columns.downSince[booking] = now
  columns.deadline[booking] = now + rules.startGraceMicros
  noteGrant(market, booking, periodEnd(market, booking))
  const listing = columns.listing[booking]
  market.running[listing].push(booking)
  countReservation(market, booking, 1)
  changeUse(market, listing, columns.account[booking], columns.jobs[booking])
  emit(market.sink, { _tag: "Grant", booking: ids[booking], untilMicros: columns.endAt[booking] })
  wakeBooking(market, booking)
}

const missStart = (market: Market, booking: number): void => {
  const { columns, ids } = market.bookings
  const id = ids[booking]
  const subject = market.accounts.ids[providerOf(market, booking)]
  stopRunning(market, booking, "NotStarted")
  noteBegun(market, booking, false)
  noteUndelivered(market, booking, columns.startAt[booking])
  emit(market.sink, { _tag: "Audit", subject, finding: "NoShow", quantity: id })
  penalise(market, booking)
  close(market, booking, "notStarted", "noShow")
}

export const onDeliveryStarted = (
  market: Market,
  event: EventOf<"DeliveryStarted">,
): Rejection | undefined => {
  const booking = slotOf(market.bookings, event.booking)
  if (booking < 0) return "UnknownBooking"
  const { columns } = market.bookings
  if (columns.phase[booking] !== held || columns.isGranted[booking] === 0) return "WrongPhase"
  if (market.now >= columns.endAt[booking]) return "WrongPhase"
  advance(bookingColumn, columns.phase, booking, "started")
  noteBegun(market, booking, true)
  columns.periodFrom[booking] = columns.startAt[booking]
  // Hours are late from when access was asked for.
  columns.downMicros[booking] += market.now - columns.downSince[booking]
  const node = market.listings.columns.node[columns.listing[booking]]
  columns.down[booking] = market.nodes.columns.isOnline[node] === 1 ? 0 : nodeAway
  columns.downSince[booking] = market.now
  beginLevel(market, booking, periodEnd(market, booking))
  wakeBooking(market, booking)
  return undefined
}

export const onDeliveryProbed = (
  market: Market,
  event: EventOf<"DeliveryProbed">,
): Rejection | undefined => {
  const booking = slotOf(market.bookings, event.booking)
  if (booking < 0) return "UnknownBooking"
  if (market.bookings.columns.phase[booking] !== active) return "WrongPhase"
  if (market.rules.areProbesEvidence) setDown(market, booking, probeFailed, !event.isUp)
  return undefined
}

/** A node has gone, or is back: so have the hours that are being delivered on it. */
export const noteNode = (market: Market, node: number, isOnline: boolean): void => {
  const listing = market.nodes.columns.listing[node] - 1
  if (listing < 0) return
  for (const booking of market.running[listing])
    if (market.bookings.columns.phase[booking] === active)
      setDown(market, booking, nodeAway, !isOnline)
}

const setDown = (market: Market, booking: number, why: number, isDown: boolean): void => {
  const { down, downSince, downMicros } = market.bookings.columns
  const before = down[booking]
  const after = isDown ? before | why : before & ~why
  if (before === after) return
  down[booking] = after
  if (before === 0) downSince[booking] = market.now
  else if (after === 0) downMicros[booking] += Math.max(0, market.now - downSince[booking])
  noteUptime(market, booking)
  wakeBooking(market, booking)
}

/** The wake of a booking that is being delivered: the oldest due first, then what ends it. */
export const fireActive = (market: Market, booking: number): void => {
  const { now } = market
  const [oldest] = dueOf(market, booking)
  if (oldest !== undefined && oldest.confirmBy <= now) releaseOne(market, booking)
  else if (lostAt(market, booking) <= now) endDelivery(market, booking, false, "Lost")
  else passPeriod(market, booking)
}

/** The wake of a booking that was delivered: nobody has said anything against it. */
export const fireDelivered = (market: Market, booking: number): void => {
  releaseOne(market, booking)
  if (dueOf(market, booking).length === 0) close(market, booking, "settled", "released")
}

const releaseOne = (market: Market, booking: number): void => {
  advance(bookingColumn, market.bookings.columns.phase, booking, "periodEnded")
  releaseOldest(market, booking)
  wakeBooking(market, booking)
}

const passPeriod = (market: Market, booking: number): void => {
  const { endAt } = market.bookings.columns
  const until = periodEnd(market, booking)
  invariant(until <= market.now, "a period is over when its time is")
  if (until === endAt[booking]) return endDelivery(market, booking, true, "Ended")
  makeDue(market, booking, until, true)
  wakeBooking(market, booking)
}

/** What the running period costs until then is due, as far as it was delivered. */
export const makeDue = (
  market: Market,
  booking: number,
  until: number,
  isComplete: boolean,
  isLeft = false,
): void => {
  const { rules, now } = market
  const { columns } = market.bookings
  const from = columns.periodFrom[booking]
  const micros = until - from
  const cost = isLeft ? costWhenLeft(market, booking, until) : payableOf(market, booking, until)
  const price = cost - payableOf(market, booking, from)
  if (micros === 0 && price === 0) return
  const downMicros = Math.min(micros, downUntil(market, booking, until))
  const undelivered = micros === 0 ? 0 : mulDivCeil(price, downMicros, micros)
  const earned = rules.isPaidByHour ? price - undelivered : isComplete ? price : 0
  // Whoever leaves within a period has promised the rest of it too.
  const planned = periodEnd(market, booking)
  const end = isComplete ? until : Math.max(until, planned)
  const whole = isComplete
    ? price
    : payableOf(market, booking, end) - payableOf(market, booking, from)
  const nextEnd = Math.min(columns.endAt[booking], until + rules.periodMicros)
  const period = columns.periods[booking] + dueOf(market, booking).length
  const refund = judgePeriod(market, booking, whole, until, { period, planned, end, nextEnd })
  const fromEscrow = Math.min(earned, refund)
  const due = earned - fromEscrow
  const fromBond = refund - fromEscrow
  if (micros > 0) {
    const provider = providerOf(market, booking)
    const consumer = columns.account[booking]
    const jobMicros = Math.max(1, columns.jobs[booking]) * micros
    noteHours(market, provider, consumer, micros, micros - downMicros)
    noteRealised(market, provider, consumer, { due, jobMicros })
  }
  const confirmBy = rules.isConfirmedByConsumer ? now + rules.confirmMicros : now
  const over = { price, due, undelivered, refund, fromBond, confirmBy }
  market.duePeriods.set(booking, [...dueOf(market, booking), over])
  columns.periodFrom[booking] = until
  columns.downMicros[booking] = 0
  columns.downSince[booking] = Math.max(until, columns.downSince[booking])
}

/** Did it begin in time? */
export const noteBegun = (market: Market, booking: number, isOnTime: boolean): void =>
  noteStart(market, providerOf(market, booking), market.bookings.columns.account[booking], isOnTime)

/** What was sold from a time on is not delivered, and whoever sold it is why. */
export const noteUndelivered = (market: Market, booking: number, from: number): void => {
  const { account, endAt } = market.bookings.columns
  const micros = Math.max(0, endAt[booking] - from)
  noteHours(market, providerOf(market, booking), account[booking], micros, 0)
}

const downUntil = ({ bookings: { columns } }: Market, booking: number, until: number): number =>
  columns.downMicros[booking] +
  (columns.down[booking] === 0 ? 0 : Math.max(0, until - columns.downSince[booking]))

/**
 * Delivery is over: at its end, before it, or because the machine is lost. Whether what it has come to is
 * complete decides what is due where hours are paid all or none; `isLeft`: its consumer has ended it.
 */
export const endDelivery = (
  market: Market,
  booking: number,
  isComplete: boolean,
  reason: Revocation,
  isLeft = false,
): void => {
  const { columns, ids } = market.bookings
  const { rules, now } = market
  makeDue(market, booking, Math.min(now, columns.endAt[booking]), isComplete, isLeft)
  if (!isComplete) noteLeaving(market, booking)
  // What is left of the hours was sold, too, where it is not the consumer who gives it back.
  if (!isComplete) noteUndelivered(market, booking, now)
  stopRunning(market, booking, reason)
  advance(bookingColumn, columns.phase, booking, "ended")
  if (rules.isConfirmedByConsumer && dueOf(market, booking).length > 0) {
    const untilMicros = dueOf(market, booking).at(-1)?.confirmBy ?? now
    emit(market.sink, { _tag: "AskConfirmation", booking: ids[booking], untilMicros })
    return wakeBooking(market, booking)
  }
  releaseAll(market, booking)
  close(market, booking, "settled", "released")
}

const countReservation = (market: Market, booking: number, change: 1 | -1): void => {
  const { account, kind } = market.bookings.columns
  if (kind[booking] !== reservationKind) return
  market.accounts.columns.reservations[account[booking]] += change
}

/** Access ends, and what was not used of the calendar is free. */
export const stopRunning = (market: Market, booking: number, reason: Revocation): void => {
  const { columns, ids } = market.bookings
  const listing = columns.listing[booking]
  const running = market.running[listing]
  const place = running.indexOf(booking)
  invariant(place >= 0, "a booking that stops was running")
  running.splice(place, 1)
  countReservation(market, booking, -1)
  leaveCalendar(market, booking)
  changeUse(market, listing, columns.account[booking], -columns.jobs[booking])
  emit(market.sink, { _tag: "Revoke", booking: ids[booking], reason })
}

/** Gives the hours back that are still ahead. */
export const leaveCalendar = (market: Market, booking: number): void => {
  const { listing, startAt, endAt } = market.bookings.columns
  const from = Math.max(market.now, startAt[booking])
  giveBack(market.calendars[listing[booking]], from, endAt[booking], roomFor(market, booking))
}

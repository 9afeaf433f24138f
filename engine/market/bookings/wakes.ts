/**
 * When a booking wants to be looked at again: every phase but the last has a time at which it ends by itself,
 * so that no booking waits for ever for somebody who has left.
 */
import { wakeAt } from "../../core/wake-queue.ts"
import { active, delivered, disputed, held } from "../../machines/booking.ts"
import type { DuePeriod, Market } from "../state/market-state.ts"
import { ofBookings, ofStarts } from "../state/market-state.ts"

/** The periods of a booking that are over and not paid for, oldest first. */
export const dueOf = (market: Market, booking: number): ReadonlyArray<DuePeriod> =>
  market.duePeriods.get(booking) ?? []

/** When the running period ends. */
export const periodEnd = ({ bookings, rules }: Market, booking: number): number => {
  const { periodFrom, endAt } = bookings.columns
  return Math.min(endAt[booking], periodFrom[booking] + rules.periodMicros)
}

/** When a machine that is away counts as lost; +Infinity where it is there. */
export const lostAt = ({ bookings, rules }: Market, booking: number): number => {
  const { down, downSince, startAt, endAt } = bookings.columns
  if (down[booking] === 0) return Infinity
  const grace = Math.ceil(rules.lostShare * (endAt[booking] - startAt[booking]))
  return downSince[booking] + Math.max(rules.lostGraceMicros, grace)
}

const dueAt = (market: Market, booking: number): number => {
  const { phase, isGranted, startAt, endAt, deadline } = market.bookings.columns
  const confirmBy = dueOf(market, booking)[0]?.confirmBy ?? Infinity
  switch (phase[booking]) {
    case held:
      return isGranted[booking] === 1
        ? Math.min(deadline[booking], endAt[booking])
        : startAt[booking]
    case active:
      return Math.min(confirmBy, periodEnd(market, booking), lostAt(market, booking))
    case delivered:
      return confirmBy
    case disputed:
      return deadline[booking]
    default:
      return Infinity
  }
}

/** Sets it. What was due while the gateway was away is due now. */
export const wakeBooking = (market: Market, booking: number): void => {
  const { phase } = market.bookings.columns
  const due = Math.max(market.now, dueAt(market, booking))
  const isHeld = phase[booking] === held
  wakeAt(market.wakes[ofStarts], booking, isHeld ? due : Infinity)
  wakeAt(market.wakes[ofBookings], booking, isHeld ? Infinity : due)
}

/**
 * Escrow (docs/rules.md#escrow): what is held for a booking is drawn period by period, split and paid, and what is
 * left of it goes back at the end. Drawn and given back add up to the price, whatever happens.
 */
import { invariant } from "../../core/invariant.ts"
import { advance } from "../../core/machine.ts"
import { remove, slotOf } from "../../core/table.ts"
import { mulDivFloor } from "../../core/units.ts"
import { wakeAt } from "../../core/wake-queue.ts"
import { bought, lotAccount, platform } from "../../ledger/accounts.ts"
import { drawHold, heldAmount, voidHold } from "../../ledger/holds.ts"
import { bookingColumn } from "../../machines/booking.ts"
import type { BookingOutcome } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import { feesDue } from "../../rules/price.ts"
import { pay } from "../payout/pay.ts"
import { openRating } from "../ratings/ratings.ts"
import { closeLevel } from "../sla/levels.ts"
import type { Market } from "../state/market-state.ts"
import { ofBookings, ofStarts } from "../state/market-state.ts"
import { costOf, providerOf } from "./terms.ts"
import { dueOf } from "./wakes.ts"

/** Draws `due` of a price to the provider. The fee is of all that was drawn so far, so that parts add up. */
export const release = (market: Market, booking: number, price: number, due: number): void => {
  const { ledger, sink, rules } = market
  const { columns, ids } = market.bookings
  const id = ids[booking]
  invariant(due >= 0 && due <= price, "no more is released than a period costs")
  const drawnBefore = columns.drawn[booking]
  const { fee, poolFee } = feesDue(
    rules,
    drawnBefore + due,
    columns.fee[booking],
    columns.poolFee[booking],
  )
  const holds = ledger.holds.bookings
  const paidByGift = drawHold(ledger, sink, holds, slotOf(holds, id), due, "rent")
  const share = due - fee
  const provider = providerOf(market, booking)
  pay(market, provider, { charge: due, paidByGift, share, withheld: 0, fee, poolFee }, "hours", id)
  columns.drawn[booking] = drawnBefore + due
  columns.drawnGifts[booking] += paidByGift
  columns.fee[booking] += fee
  columns.poolFee[booking] += poolFee
  const period = columns.periods[booking]++
  emit(sink, { _tag: "Release", booking: id, period, drawn: due, fee, share, refund: price - due })
}

/** Pays for the oldest period that is over. */
export const releaseOldest = (market: Market, booking: number): void => {
  const [oldest, ...others] = dueOf(market, booking)
  invariant(oldest !== undefined, "a period is paid for that is over")
  release(market, booking, oldest.price, oldest.due)
  payFromBond(market, booking, oldest.fromBond)
  if (others.length === 0) market.duePeriods.delete(booking)
  else market.duePeriods.set(booking, others)
}

export const releaseAll = (market: Market, booking: number): void => {
  while (dueOf(market, booking).length > 0) releaseOldest(market, booking)
}

/** Pays the consumer out of the bond, where there is one. */
export const penalise = (market: Market, booking: number): void => {
  const { startAt } = market.bookings.columns
  const cost = costOf(market, booking, startAt[booking] + market.rules.penaltyMicros)
  payFromBond(market, booking, cost)
}

/** As much of it as is there. */
export const payFromBond = (market: Market, booking: number, wanted: number): void => {
  const { ledger, sink } = market
  const { columns, ids } = market.bookings
  const bonds = ledger.holds.bonds
  const bond = slotOf(bonds, ids[booking])
  if (bond < 0 || wanted === 0) return
  const amount = Math.min(heldAmount(bonds, bond), wanted)
  const to = lotAccount(columns.account[booking], bought)
  drawHold(ledger, sink, bonds, bond, amount, "penalty", to)
  columns.penalty[booking] += amount
}

/**
 * Its provider leaves hours that are being delivered: what it is to lose for that when the booking closes. Not to
 * the consumer, whose workload could have broken the machine for it.
 */
export const noteLeaving = (market: Market, booking: number): void => {
  const { rules, now } = market
  const ahead = costOf(market, booking, now + rules.penaltyMicros) - costOf(market, booking, now)
  market.bookings.columns.forfeit[booking] = mulDivFloor(ahead, rules.forfeitBps, 10_000)
}

const takeForfeit = (market: Market, booking: number, bond: number): void => {
  const { ledger, sink, accounts, bookings } = market
  const amount = Math.min(heldAmount(ledger.holds.bonds, bond), bookings.columns.forfeit[booking])
  if (amount === 0) return
  drawHold(ledger, sink, ledger.holds.bonds, bond, amount, "penalty", platform)
  const subject = accounts.ids[providerOf(market, booking)]
  emit(sink, { _tag: "Audit", subject, finding: "HoursLeft", quantity: bookings.ids[booking] })
}

/** Gives back what is left of the hold and of the bond, and says how it ended. */
export const close = (
  market: Market,
  booking: number,
  input: "cancelled" | "notStarted" | "settled",
  outcome: BookingOutcome,
): void => {
  const { ledger, sink, bookings, wakes } = market
  const { columns, ids } = bookings
  const id = ids[booking]
  invariant(
    dueOf(market, booking).length === 0,
    "a booking is closed when its periods are paid for",
  )
  advance(bookingColumn, columns.phase, booking, input)
  const held = slotOf(ledger.holds.bookings, id)
  const refund = heldAmount(ledger.holds.bookings, held)
  const price = columns.price[booking]
  const drawn = columns.drawn[booking]
  invariant(drawn + refund === price, "what is drawn and what is given back are the price")
  voidHold(ledger, ledger.holds.bookings, held)
  const bond = slotOf(ledger.holds.bonds, id)
  if (bond >= 0) {
    takeForfeit(market, booking, bond)
    voidHold(ledger, ledger.holds.bonds, bond)
  }
  const penalty = columns.penalty[booking]
  emit(sink, { _tag: "Close", booking: id, outcome, price, drawn, refund, penalty })
  const paid = drawn - columns.drawnGifts[booking]
  const provider = providerOf(market, booking)
  openRating(market, id, columns.account[booking], provider, paid)
  market.listings.columns.bookings[columns.listing[booking]] -= 1
  closeLevel(market, booking)
  wakeAt(wakes[ofStarts], booking, Infinity)
  wakeAt(wakes[ofBookings], booking, Infinity)
  remove(bookings, booking)
}

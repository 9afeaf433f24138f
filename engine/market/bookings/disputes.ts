/**
 * Disputes (docs/rules.md#disputes): over what is not paid for yet. Both sides deposit, somebody rules which
 * part the consumer gets back, and the loser's deposit goes to the winner and the platform. Who does not answer
 * loses; what nobody rules on, the evidence decides, and nobody has lost.
 */
import { advance } from "../../core/machine.ts"
import { slotOf } from "../../core/table.ts"
import { isWhole, mulDivFloor } from "../../core/units.ts"
import { bought, lotAccount, platform } from "../../ledger/accounts.ts"
import { drawHold, heldAmount, holdOwn, ownOf, voidHold } from "../../ledger/holds.ts"
import { active, bookingColumn, delivered, disputed } from "../../machines/booking.ts"
import type { Rejection } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { depositOf, lossMemoryMicros, lossesRemembered } from "../../rules/hours/disputes.ts"
import type { Market } from "../state/market-state.ts"
import { partyOf } from "../state/market-state.ts"
import { makeDue, stopRunning } from "./delivery.ts"
import { close, noteLeaving, payFromBond, release } from "./escrow.ts"
import type { Side } from "./parties.ts"
import { accountOf, consumer, deedOf, otherSide, provider } from "./parties.ts"
import { costWhenLeft, payableOf } from "./terms.ts"
import { dueOf, wakeBooking } from "./wakes.ts"

export const onBookingDisputed = (
  market: Market,
  event: EventOf<"BookingDisputed">,
): Rejection | undefined => {
  const deed = deedOf(market, event)
  if (typeof deed === "string") return deed
  const { booking, side } = deed
  const { columns } = market.bookings
  const phase = columns.phase[booking]
  if (phase !== active && phase !== delivered) return "WrongPhase"
  const amount = disputable(market, booking, side)
  if (amount === 0) return "WrongPhase"
  if (!deposit(market, booking, side, amount)) return "InsufficientCredits"
  if (phase === active) {
    const until = Math.min(market.now, columns.endAt[booking])
    makeDue(market, booking, until, true, side === consumer)
    if (side === provider) noteLeaving(market, booking)
    stopRunning(market, booking, "Disputed")
  }
  advance(bookingColumn, columns.phase, booking, "disputed")
  columns.disputedBy[booking] = side
  columns.deadline[booking] = market.now + market.rules.answerMicros
  wakeBooking(market, booking)
  return undefined
}

/** What is not paid for of the hours so far, minor units. */
const disputable = (market: Market, booking: number, side: Side): number => {
  const { columns } = market.bookings
  const costOf = side === consumer ? costWhenLeft : payableOf
  const running =
    columns.phase[booking] === active
      ? costOf(market, booking, market.now) -
        payableOf(market, booking, columns.periodFrom[booking])
      : 0
  return running + amountDue(market, booking)
}

const amountDue = (market: Market, booking: number): number =>
  dueOf(market, booking).reduce((sum, { price }) => sum + price, 0)

/** Holds a side's deposit; false where it cannot pay it. */
const deposit = (market: Market, booking: number, side: Side, amount: number): boolean => {
  const { ledger, rules } = market
  const account = accountOf(market, booking, side)
  const wanted = depositOf(rules, amount, lossesOf(market, account))
  if (wanted === 0) return true
  if (ownOf(ledger, account) < wanted) return false
  holdOwn(ledger, ledger.holds.deposits, depositId(market, booking, side), account, wanted)
  return true
}

const depositId = ({ bookings }: Market, booking: number, side: Side): number =>
  bookings.ids[booking] * 2 + (side === consumer ? 0 : 1)

/** How many disputes a party has lost of late. */
const lossesOf = (market: Market, account: number): number =>
  (market.lostDisputes.get(partyOf(market, account)) ?? []).filter(
    (at) => at > market.now - lossMemoryMicros,
  ).length

export const onDisputeAnswered = (
  market: Market,
  event: EventOf<"DisputeAnswered">,
): Rejection | undefined => {
  const deed = deedOf(market, event)
  if (typeof deed === "string") return deed
  const { columns, ids } = market.bookings
  const { booking } = deed
  if (columns.phase[booking] !== disputed || columns.isAnswered[booking] === 1) return "WrongPhase"
  const answering = otherSide(columns.disputedBy[booking] as Side)
  const isSelf = accountOf(market, booking, consumer) === accountOf(market, booking, provider)
  if (deed.side !== answering && !isSelf) return "NotParty"
  if (!deposit(market, booking, answering, amountDue(market, booking))) return "InsufficientCredits"
  advance(bookingColumn, columns.phase, booking, "answered")
  columns.isAnswered[booking] = 1
  columns.deadline[booking] = market.now + market.rules.rulingMicros
  const untilMicros = columns.deadline[booking]
  emit(market.sink, { _tag: "AskRuling", booking: ids[booking], untilMicros })
  wakeBooking(market, booking)
  return undefined
}

export const onDisputeRuled = (
  market: Market,
  { booking: id, consumerBps }: EventOf<"DisputeRuled">,
): Rejection | undefined => {
  const booking = slotOf(market.bookings, id)
  if (booking < 0) return "UnknownBooking"
  if (!isWhole(consumerBps) || consumerBps > 10_000) return "InvalidQuantity"
  if (market.bookings.columns.phase[booking] !== disputed) return "WrongPhase"
  const refund = mulDivFloor(amountDue(market, booking), consumerBps, 10_000)
  settleDispute(market, booking, refund, loserOf(market, booking, refund))
  return undefined
}

/** Who gets less than without the dispute; where nothing that matters has changed, who disputed. */
const loserOf = (market: Market, booking: number, refund: number): Side => {
  const undisputed = dueOf(market, booking).reduce((sum, { price, due }) => sum + price - due, 0)
  const trivial = mulDivFloor(amountDue(market, booking), market.rules.trivialBps, 10_000)
  if (Math.abs(refund - undisputed) <= trivial)
    return market.bookings.columns.disputedBy[booking] as Side
  return refund > undisputed ? provider : consumer
}

/** The wake of a dispute: nobody has answered, or nobody has ruled. */
export const fireDisputed = (market: Market, booking: number): void => {
  const { columns } = market.bookings
  if (columns.isAnswered[booking] === 1) {
    const { refund, fromBond } = byEvidence(market, booking)
    payFromBond(market, booking, fromBond)
    return settleDispute(market, booking, refund, undefined)
  }
  const disputedBy = columns.disputedBy[booking] as Side
  const refund = disputedBy === consumer ? amountDue(market, booking) : 0
  settleDispute(market, booking, refund, otherSide(disputedBy))
}

/** What of its periods was not delivered, or not as promised; what their price does not cover the bond does. */
const byEvidence = (market: Market, booking: number) => {
  let refund = 0
  let fromBond = 0
  for (const one of dueOf(market, booking)) {
    const fromEscrow = Math.min(one.price, one.undelivered + one.refund)
    refund += fromEscrow
    fromBond += one.undelivered + one.refund - fromEscrow
  }
  return { refund, fromBond }
}

/** `loser`: whose deposit is lost; `undefined`: nobody's. */
const settleDispute = (
  market: Market,
  booking: number,
  refund: number,
  loser: Side | undefined,
): void => {
  const amount = amountDue(market, booking)
  market.duePeriods.delete(booking)
  release(market, booking, amount, amount - refund)
  if (loser !== undefined) {
    forfeit(market, booking, loser)
    // Somebody has found for the provider: it had its reasons, or the consumer broke the machine.
    if (loser === consumer) market.bookings.columns.forfeit[booking] = 0
    noteLoss(market, booking, loser)
  }
  for (const side of [consumer, provider] as const) giveBackDeposit(market, booking, side)
  close(market, booking, "settled", "split")
}

/** Half of the loser's deposit to the winner, the rest to the platform. */
const forfeit = (market: Market, booking: number, loser: Side): void => {
  const { ledger, sink } = market
  const deposits = ledger.holds.deposits
  const slot = slotOf(deposits, depositId(market, booking, loser))
  if (slot < 0) return
  const whole = heldAmount(deposits, slot)
  const id = market.bookings.ids[booking]
  const winner = lotAccount(accountOf(market, booking, otherSide(loser)), bought)
  drawHold(ledger, sink, deposits, slot, Math.floor(whole / 2), "award", winner, id)
  drawHold(ledger, sink, deposits, slot, heldAmount(deposits, slot), "award", platform, id)
}

const giveBackDeposit = (market: Market, booking: number, side: Side): void => {
  const deposits = market.ledger.holds.deposits
  const slot = slotOf(deposits, depositId(market, booking, side))
  if (slot >= 0) voidHold(market.ledger, deposits, slot)
}

const noteLoss = (market: Market, booking: number, loser: Side): void => {
  const account = accountOf(market, booking, loser)
  const party = partyOf(market, account)
  const before = market.lostDisputes.get(party) ?? []
  market.lostDisputes.set(party, [...before, market.now].slice(-lossesRemembered))
  const subject = market.accounts.ids[account]
  const quantity = market.bookings.ids[booking]
  emit(market.sink, { _tag: "Audit", subject, finding: "DisputeLost", quantity })
}

/** What one party has lost is another one's from now on. */
export const joinLosses = ({ lostDisputes }: Market, kept: number, joined: number): void => {
  const moved = lostDisputes.get(joined)
  if (moved === undefined) return
  lostDisputes.delete(joined)
  const all = [...(lostDisputes.get(kept) ?? []), ...moved].toSorted((a, b) => a - b)
  lostDisputes.set(kept, all.slice(-lossesRemembered))
}

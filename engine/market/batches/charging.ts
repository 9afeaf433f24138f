/**
 * What items are charged (docs/rules.md#batches): all of those that have ended well cost the discounted price
 * of their sum, rounded up once, and an item pays what is new of that. Fee and pool's part are likewise of all
 * so far, so that the parts add up.
 */
import { invariant } from "../../core/invariant.ts"
import { slotOf } from "../../core/table.ts"
import { drawHold } from "../../ledger/holds.ts"
import { dueOf } from "../../rules/batch.ts"
import { feesDue } from "../../rules/price.ts"
import type { Market } from "../state/market-state.ts"

export interface ItemCharge {
  readonly charge: number
  readonly paidByGift: number
  readonly fee: number
  readonly poolFee: number
}

/** Draws for an item that costs `price` at its own; the postings bear the number of its request. */
export const chargeItem = (
  market: Market,
  batch: number,
  price: number,
  request: number,
): ItemCharge => {
  const { ledger, sink, rules, batches } = market
  const { columns, ids } = batches
  columns.full[batch] += price
  const due = dueOf(columns.full[batch], columns.factorBps[batch])
  invariant(
    due <= columns.held[batch],
    "what is held for a batch covers all that its items may cost",
  )
  const charge = due - columns.charged[batch]
  const { fee, poolFee } = feesDue(rules, due, columns.fee[batch], columns.poolFee[batch])
  const holds = ledger.holds.batches
  const hold = slotOf(holds, ids[batch])
  const paidByGift = drawHold(ledger, sink, holds, hold, charge, "charge", undefined, request)
  columns.charged[batch] = due
  columns.fee[batch] += fee
  columns.poolFee[batch] += poolFee
  return { charge, paidByGift, fee, poolFee }
}

/**
 * Batches are taken, cancelled, and over by their deadlines (docs/rules.md#batches): the terms are those of the
 * moment at which one is taken, and the most that it can cost is held.
 */
import { advance } from "../../core/machine.ts"
import { insert, slotOf } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"
import { wakeAt } from "../../core/wake-queue.ts"
import { spendableOf } from "../../ledger/accounts.ts"
import { hold } from "../../ledger/holds.ts"
import { batchColumn, open } from "../../machines/batch.ts"
import type { DeclineReason, Rejection } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { dueOf, factorOf, mostOfItems } from "../../rules/batch.ts"
import { priceOf } from "../../rules/price.ts"
import type { Market } from "../state/market-state.ts"
import { ofBatches } from "../state/market-state.ts"
import { closeBatch } from "./items.ts"
import { isPromisable } from "./room.ts"

const mostItems = 1_000_000
const mostTokens = 1e14

export const onBatchOpened = (
  market: Market,
  event: EventOf<"BatchOpened">,
): Rejection | undefined => {
  const { rules, now, ledger } = market
  // What a call costs that is charged by its time is not known beforehand.
  if (!rules.areBatchesTaken || rules.pricing.isByTime) return "BatchesNotTaken"
  const { batch: id, items, inputTokens, maxTokens } = event
  if (!areQuantities(event)) return "InvalidQuantity"
  if (inputTokens > mostTokens || maxTokens > mostTokens) return "TooManyTokens"
  if (id <= market.lastBatch) return "DuplicateBatch"
  const account = slotOf(market.accounts, event.account)
  if (account < 0) return "UnknownAccount"
  const model = slotOf(market.models, event.model)
  if (model < 0) return "UnknownModel"
  market.lastBatch = id
  const { deadline = now + rules.batchWindowMicros } = event
  if (deadline <= now) return decline(market, id, "InThePast")
  if (deadline > now + rules.batchWindowMicros) return decline(market, id, "TooFarAhead")
  const inputPrice = rules.pricing.inputPrice(market, model)
  const leastPrice = rules.pricing.leastLevel(market, model)
  const { maxPricePerMtok = leastPrice } = event
  if (leastPrice > maxPricePerMtok) return decline(market, id, "PriceTooHigh")
  // Where the platform sets one price, nobody pays more than that.
  const mostPrice = rules.pricing.isByInstance ? maxPricePerMtok : leastPrice
  const factorBps = factorOf(rules, items, deadline - now)
  const together = priceOf(inputTokens, inputPrice, maxTokens, mostPrice)
  const held = dueOf(mostOfItems(together, items), factorBps)
  if (!(held <= spendableOf(ledger, account))) return decline(market, id, "InsufficientCredits")
  if (!isPromisable(market, model, maxTokens, deadline - now))
    return decline(market, id, "NoCapacity")
  hold(ledger, ledger.holds.batches, id, account, held)
  const batch = insert(market.batches, id)
  const { columns } = market.batches
  columns.account[batch] = account
  columns.model[batch] = model
  columns.items[batch] = items
  columns.deadline[batch] = deadline
  columns.factorBps[batch] = factorBps
  columns.inputPricePerMtok[batch] = inputPrice
  columns.maxPricePerMtok[batch] = mostPrice
  columns.held[batch] = held
  columns.inputTokens[batch] = inputTokens
  columns.maxTokens[batch] = maxTokens
  market.batchItems[batch] = new Uint8Array(items)
  market.batchPreemptions[batch] = new Uint8Array(rules.isPreempted ? items : 0)
  wakeAt(market.wakes[ofBatches], batch, deadline)
  emit(market.sink, { _tag: "AcceptBatch", batch: id, held, factorBps, deadline })
  return undefined
}

const areQuantities = (event: EventOf<"BatchOpened">): boolean => {
  const { batch, items, inputTokens, maxTokens, deadline = 0, maxPricePerMtok = 0 } = event
  return (
    [batch, items, inputTokens, maxTokens, deadline, maxPricePerMtok].every(isWhole) &&
    items >= 1 &&
    items <= mostItems
  )
}

const decline = (market: Market, batch: number, reason: DeclineReason): undefined => {
  emit(market.sink, { _tag: "DeclineBatch", batch, reason })
  return undefined
}

export const onBatchCancelled = (
  market: Market,
  event: EventOf<"BatchCancelled">,
): Rejection | undefined => {
  const batch = slotOf(market.batches, event.batch)
  if (batch < 0) return "UnknownBatch"
  const by = slotOf(market.accounts, event.by)
  if (by < 0) return "UnknownAccount"
  const { account, phase, underWay } = market.batches.columns
  if (account[batch] !== by) return "NotParty"
  if (phase[batch] !== open) return "WrongPhase"
  advance(batchColumn, phase, batch, "cancelled")
  if (underWay[batch] === 0) closeBatch(market, batch, "lastEnded", "cancelled")
  return undefined
}

/** Its deadline has come: what is not answered is void. */
export const fireDeadline = (market: Market, batch: number): void => {
  const outcome = market.batches.columns.phase[batch] === open ? "expired" : "cancelled"
  closeBatch(market, batch, "due", outcome)
}

/** The gateway was away: a deadline is a promise to the consumer, and stands all the same. */
export const expireOverdue = (market: Market): void => {
  const { batches, now } = market
  for (let batch = 0; batch < batches.used; batch++)
    if (batches.ids[batch] !== -1 && batches.columns.deadline[batch] <= now)
      fireDeadline(market, batch)
}

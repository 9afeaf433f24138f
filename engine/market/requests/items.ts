/**
 * A request that is an item of a batch (docs/rules.md#batches): it goes where calls leave room, costs nothing
 * unless it is answered whole, and its batch pays for it.
 */
import { remove, slotOf } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"
import { open } from "../../machines/batch.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf, Outcome } from "../../protocol/event.ts"
import { standOf, waiting } from "../../rules/batch.ts"
import { isRetryable, verdictOf } from "../../rules/outcome.ts"
import type { ItemEnd } from "../batches/items.ts"
import { batchOf, endItem, takeItem } from "../batches/items.ts"
import { hasRoom } from "../batches/room.ts"
import { settleItem } from "../payout/settlement.ts"
import type { Market } from "../state/market-state.ts"
import { settleBlame } from "./blame.ts"
import type { Lent } from "./lent-items.ts"
import { findLoan } from "./lent-items.ts"
import { admit, finishUnserved, refuse } from "./lifecycle.ts"

/** Where an item goes: the request's new slot and its instance, or what is lent to it. */
export interface GivenOut {
  readonly request: number
  readonly instance: number
  readonly loan: Lent | undefined
}

/** Whose quantities have been looked at already. */
export const giveOut = (
  market: Market,
  event: EventOf<"RequestArrived">,
): GivenOut | Rejection | undefined => {
  const { request: id, inputTokens, maxTokens, item = -1 } = event
  if (!isWhole(event.batch ?? -1)) return "InvalidQuantity"
  if (id <= market.lastRequest) return "DuplicateRequest"
  const batch = slotOf(market.batches, event.batch ?? -1)
  if (batch < 0) return "UnknownBatch"
  const rejection = rejectItem(market, event, batch, item)
  if (rejection !== undefined) return rejection
  const { columns } = market.batches
  const model = columns.model[batch]
  market.lastRequest = id
  const { pricing } = market.rules
  const maxPricePerMtok = columns.maxPricePerMtok[batch]
  const ask = { inputTokens, maxTokens, maxPricePerMtok }
  const pooled = hasRoom(market, batch) ? pricing.draw(market, model, ask, Infinity) : -1
  const loan = pooled < 0 ? findLoan(market, batch) : undefined
  const instance = loan?.instance ?? pooled
  if (instance < 0) return refuse(market, id, "NoCapacity")
  const request = admit(market, id)
  const requests = market.requests.columns
  requests.account[request] = columns.account[batch]
  requests.model[request] = model
  requests.inputTokens[request] = inputTokens
  requests.maxTokens[request] = maxTokens
  requests.inputPricePerMtok[request] = columns.inputPricePerMtok[batch]
  requests.outputPricePerMtok[request] = itemPrice(market, batch, instance)
  takeItem(market, request, batch, item)
  return { request, instance, loan }
}

/** What output costs an item there: where hosts set prices, theirs; else what its batch was promised. */
const itemPrice = (market: Market, batch: number, instance: number): number => {
  const { model, maxPricePerMtok } = market.batches.columns
  const { pricing } = market.rules
  return pricing.isByInstance
    ? pricing.outputPrice(market, model[batch], instance)
    : maxPricePerMtok[batch]
}

const rejectItem = (
  market: Market,
  event: EventOf<"RequestArrived">,
  batch: number,
  item: number,
): Rejection | undefined => {
  const { columns } = market.batches
  if (market.accounts.ids[columns.account[batch]] !== event.account) return "NotParty"
  if (market.models.ids[columns.model[batch]] !== event.model) return "NotInBatch"
  if (!isWhole(item) || item >= columns.items[batch]) return "NotInBatch"
  if (columns.phase[batch] !== open) return "WrongPhase"
  if (standOf(market.batchItems[batch][item]) !== waiting) return "ItemTaken"
  const isTooLong =
    columns.inputTaken[batch] + event.inputTokens > columns.inputTokens[batch] ||
    columns.outputTaken[batch] + event.maxTokens > columns.maxTokens[batch]
  return isTooLong ? "TooManyTokens" : undefined
}

/** Is an item answered whole? What a consumer breaks off it pays for, as of a call. */
export const isAnswered = (outcome: Outcome, isDelivered: boolean): boolean =>
  outcome === "completed" || (outcome === "consumerGone" && isDelivered)

/** The last attempt of an item is over: it is paid for, or not, and its batch goes on. */
export const concludeItem = (
  market: Market,
  request: number,
  outcome: Outcome,
  isDelivered: boolean,
  outputTokens: number,
): void => {
  const { requests } = market
  const id = requests.ids[request]
  const instance = market.instances.ids[requests.columns.instance[request]]
  settleBlame(market, request, isDelivered)
  if (batchOf(market, request) < 0) refuse(market, id, "Expired")
  else {
    const end = endOf(outcome, isDelivered)
    if (isDelivered && end === "completed") settleItem(market, request, outcome, outputTokens)
    else finishUnserved(market, id, instance, outcome)
    endItem(market, request, end)
  }
  remove(requests, request)
}

const endOf = (outcome: Outcome, isDelivered: boolean): ItemEnd => {
  if (isAnswered(outcome, isDelivered)) return "completed"
  // What the gateway lost, and what a busy host did not take, was not tried.
  if (outcome === "gatewayFault") return "undone"
  if (verdictOf[outcome] === "failure") return "failed"
  return isRetryable(outcome) ? "undone" : "voided"
}

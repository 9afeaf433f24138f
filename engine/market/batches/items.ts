/**
 * The items of a batch: each is given out once at a time, is answered and paid for once, and after its last
 * failure is void. With the last of them the batch is over.
 */
import { invariant } from "../../core/invariant.ts"
import { advance } from "../../core/machine.ts"
import { remove, slotOf } from "../../core/table.ts"
import { wakeAt } from "../../core/wake-queue.ts"
import { heldAmount, voidHold } from "../../ledger/holds.ts"
import { batchColumn, open } from "../../machines/batch.ts"
import type { BatchOutcome } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import {
  afterFailure,
  completed,
  failuresOf,
  itemOf,
  standOf,
  underWay,
  voided,
  waiting,
} from "../../rules/batch.ts"
import type { Market } from "../state/market-state.ts"
import { ofBatches } from "../state/market-state.ts"

/** Slot of the batch that a request is an item of; −1 where there is none, or none any more. */
export const batchOf = ({ requests }: Market, request: number): number =>
  Math.max(0, requests.columns.batch[request]) - 1

/** An item is given out as this request. */
export const takeItem = (market: Market, request: number, batch: number, item: number): void => {
  const { columns } = market.batches
  const { batch: batchColumns, item: itemColumn, inputTokens, maxTokens } = market.requests.columns
  const items = market.batchItems[batch]
  invariant(standOf(items[item]) === waiting, "an item is given out when it waits")
  batchColumns[request] = batch + 1
  itemColumn[request] = item
  items[item] = itemOf(underWay, failuresOf(items[item]))
  columns.underWay[batch] += 1
  columns.inputTaken[batch] += inputTokens[request]
  columns.outputTaken[batch] += maxTokens[request]
}

/** How the request of an item ended: with its answer, with what nobody need try again, or to be tried again. */
export type ItemEnd = "completed" | "voided" | "failed" | "undone"

/** An item's request is over. With the last one, so is its batch. */
export const endItem = (market: Market, request: number, end: ItemEnd): void => {
  const batch = batchOf(market, request)
  const { columns } = market.batches
  const { item, inputTokens, maxTokens } = market.requests.columns
  const items = market.batchItems[batch]
  const before = items[item[request]]
  invariant(standOf(before) === underWay, "an item that ends was under way")
  const after = itemAfter(market, before, end)
  items[item[request]] = after
  columns.underWay[batch] -= 1
  if (standOf(after) === completed) columns.completed[batch] += 1
  else {
    columns.inputTaken[batch] -= inputTokens[request]
    columns.outputTaken[batch] -= maxTokens[request]
  }
  if (standOf(after) === voided) columns.failed[batch] += 1
  if (standOf(after) !== waiting) columns.outputOver[batch] += maxTokens[request]
  if (isOver(market, batch)) {
    // The request is still in its table: it must not be taken for one that is under way.
    market.requests.columns.batch[request] = 0
    const outcome = columns.phase[batch] === open ? "done" : "cancelled"
    closeBatch(market, batch, "lastEnded", outcome)
  } else advance(batchColumn, columns.phase, batch, "itemEnded")
}

const itemAfter = ({ rules }: Market, before: number, end: ItemEnd): number => {
  switch (end) {
    case "completed":
      return itemOf(completed, failuresOf(before))
    case "voided":
      return itemOf(voided, failuresOf(before))
    case "failed":
      return afterFailure(rules, before)
    case "undone":
      return itemOf(waiting, failuresOf(before))
  }
}

const isOver = ({ batches }: Market, batch: number): boolean => {
  const { completed: done, failed, items, phase, underWay: running } = batches.columns
  if (phase[batch] !== open) return running[batch] === 0
  return done[batch] + failed[batch] === items[batch]
}

/** Gives back what is left of the hold, and says how it ended. What is under way is paid for by nobody. */
export const closeBatch = (
  market: Market,
  batch: number,
  input: "lastEnded" | "due",
  outcome: BatchOutcome,
): void => {
  const { ledger, sink, batches, wakes } = market
  const { columns, ids } = batches
  const id = ids[batch]
  const charged = columns.charged[batch]
  const hold = slotOf(ledger.holds.batches, id)
  const refund = heldAmount(ledger.holds.batches, hold)
  invariant(
    charged + refund === columns.held[batch],
    "what a batch is charged and what is given back are what was held",
  )
  const done = columns.completed[batch]
  const failed = columns.failed[batch]
  const expired = columns.items[batch] - done - failed
  advance(batchColumn, columns.phase, batch, input)
  if (columns.underWay[batch] > 0) orphan(market, batch)
  voidHold(ledger, ledger.holds.batches, hold)
  wakeAt(wakes[ofBatches], batch, Infinity)
  market.batchItems[batch] = new Uint8Array(0)
  market.batchPreemptions[batch] = new Uint8Array(0)
  remove(batches, batch)
  emit(sink, {
    _tag: "CloseBatch",
    batch: id,
    outcome,
    completed: done,
    failed,
    expired,
    charged,
    refund,
  })
}

/** Requests under way whose batch is over: they end as expired. O(open requests). */
const orphan = ({ requests }: Market, batch: number): void => {
  const { batch: of } = requests.columns
  for (let request = 0; request < requests.used; request++)
    if (of[request] === batch + 1) of[request] = orphaned
}

/** In place of a batch, of a request whose batch is over. */
const orphaned = -1

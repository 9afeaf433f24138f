/** What holds of batches between steps (docs/rules.md#batches). */
import { invariant } from "../../core/invariant.ts"
import { auditTable, slotOf } from "../../core/table.ts"
import { auditWakeQueue } from "../../core/wake-queue.ts"
import { heldAmount } from "../../ledger/holds.ts"
import { completed, dueOf, standOf, underWay, voided } from "../../rules/batch.ts"
import type { Market } from "../state/market-state.ts"
import { ofBatches } from "../state/market-state.ts"

/** Asserts it of every batch and its items. O(items + requests). */
export const auditBatches = (market: Market): void => {
  const { batches, ledger, wakes } = market
  auditTable(batches)
  auditWakeQueue(wakes[ofBatches])
  invariant(
    ledger.holds.batches.slots.size === batches.slots.size,
    "each hold of batches is an open batch's",
  )
  for (let batch = 0; batch < batches.used; batch++) {
    const isOpen = batches.ids[batch] !== -1
    invariant(
      isOpen || market.batchItems[batch]?.length === 0,
      "of a batch that is over no items are kept",
    )
    if (!isOpen) continue
    auditMoney(market, batch)
    auditItems(market, batch)
    const { position, time } = wakes[ofBatches]
    invariant(
      position[batch] >= 0 && time[batch] === batches.columns.deadline[batch],
      "every batch is over by its deadline",
    )
  }
}

const auditMoney = ({ batches, ledger }: Market, batch: number): void => {
  const { columns, ids } = batches
  const holds = ledger.holds.batches
  const hold = slotOf(holds, ids[batch])
  invariant(hold >= 0, "an open batch has a hold")
  invariant(
    heldAmount(holds, hold) + columns.charged[batch] === columns.held[batch],
    "what is held of a batch and what it was charged are what was held at first",
  )
  invariant(
    columns.charged[batch] === dueOf(columns.full[batch], columns.factorBps[batch]),
    "a batch is charged the discounted price of what it was answered",
  )
  invariant(
    columns.fee[batch] <= columns.charged[batch] && columns.poolFee[batch] <= columns.fee[batch],
    "the fee of a batch is a part of what it was charged",
  )
}

const auditItems = (market: Market, batch: number): void => {
  const { columns } = market.batches
  const items = market.batchItems[batch]
  invariant(items?.length === columns.items[batch], "a batch knows how each of its items stands")
  const counts = [0, 0, 0, 0]
  for (const item of items) counts[standOf(item)] = (counts[standOf(item)] ?? 0) + 1
  invariant(
    counts[completed] === columns.completed[batch] && counts[voided] === columns.failed[batch],
    "a batch counts the items that are over",
  )
  const { batch: of, item, account, inputTokens, maxTokens } = market.requests.columns
  let running = 0
  for (let request = 0; request < market.requests.used; request++) {
    if (of[request] !== batch + 1) continue
    running++
    invariant(standOf(items[item[request]]) === underWay, "the request of an item is under way")
    invariant(account[request] === columns.account[batch], "an item is its batch's owner's")
    invariant(
      inputTokens[request] <= columns.inputTaken[batch] &&
        maxTokens[request] <= columns.outputTaken[batch],
      "the tokens of an item are counted",
    )
  }
  invariant(
    counts[underWay] === running && columns.underWay[batch] === running,
    "each item under way is one request",
  )
  invariant(
    columns.inputTaken[batch] <= columns.inputTokens[batch] &&
      columns.outputTaken[batch] <= columns.maxTokens[batch],
    "the items of a batch are no longer than it said",
  )
}

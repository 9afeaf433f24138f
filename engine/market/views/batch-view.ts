/** Batches that are not over. Money in minor units, time in µs. */
import type { AccountId, BatchId, ModelId } from "../../core/ids.ts"
import { countOf, slotOf } from "../../core/table.ts"
import { batchColumn, open as openPhase } from "../../machines/batch.ts"
import { standNames, standOf, waiting } from "../../rules/batch.ts"
import type { ItemStand } from "../../rules/batch.ts"
import { hasRoom } from "../batches/room.ts"
import { findLoan } from "../requests/lent-items.ts"
import type { Market, MarketHandle } from "../state/market-state.ts"
import { open } from "../state/market-state.ts"

export type BatchPhase = "open" | "cancelling"

export interface BatchView {
  readonly batch: BatchId
  readonly account: AccountId
  readonly model: ModelId
  readonly phase: BatchPhase
  readonly deadline: number
  readonly items: number
  readonly completed: number
  readonly failed: number
  readonly underWay: number
  /** What its items cost of their price, basis points. */
  readonly factorBps: number
  /** What was held at first, and what of it was charged. */
  readonly held: number
  readonly charged: number
}

/** A batch as it stands, or `undefined`: there is none, or it is over. O(1). */
export const batchView = (handle: MarketHandle, id: BatchId): BatchView | undefined => {
  const market = open(handle)
  const batch = slotOf(market.batches, id)
  return batch < 0 ? undefined : viewOf(market, batch)
}

/** Every batch that is not over, by number. O(batches). */
export const batchViews = (handle: MarketHandle): ReadonlyArray<BatchView> => {
  const market = open(handle)
  return [...market.batches.slots.keys()]
    .toSorted((a, b) => a - b)
    .map((id) => viewOf(market, slotOf(market.batches, id)))
}

export const countOpenBatches = (handle: MarketHandle): number => countOf(open(handle).batches)

/** The first item of a batch from `from` on that waits to be given out; −1: there is none. O(items). */
export const nextItem = (handle: MarketHandle, id: BatchId, from: number): number => {
  const market = open(handle)
  const batch = slotOf(market.batches, id)
  if (batch < 0 || market.batches.columns.phase[batch] !== openPhase) return -1
  const items = market.batchItems[batch]
  for (let item = from; item < items.length; item++)
    if (standOf(items[item]) === waiting) return item
  return -1
}

/** How an item of a batch stands; `undefined` where the batch is over, or has no such item. O(1). */
export const itemStandOf = (
  handle: MarketHandle,
  id: BatchId,
  item: number,
): ItemStand | undefined => {
  const market = open(handle)
  const batch = slotOf(market.batches, id)
  const state = batch < 0 ? undefined : market.batchItems[batch][item]
  return state === undefined ? undefined : standNames[standOf(state)]
}

/** Would an item of the batch be given out now, be it in what is lent? O(instances + bookings). */
export const hasRoomForItem = (handle: MarketHandle, id: BatchId): boolean => {
  const market = open(handle)
  const batch = slotOf(market.batches, id)
  return (
    batch >= 0 &&
    market.batches.columns.phase[batch] === openPhase &&
    (hasRoom(market, batch) || findLoan(market, batch) !== undefined)
  )
}

const viewOf = (market: Market, batch: number): BatchView => {
  const { columns, ids } = market.batches
  return {
    batch: ids[batch],
    account: market.accounts.ids[columns.account[batch]],
    model: market.models.ids[columns.model[batch]],
    phase: batchColumn.states[columns.phase[batch]] as BatchPhase,
    deadline: columns.deadline[batch],
    items: columns.items[batch],
    completed: columns.completed[batch],
    failed: columns.failed[batch],
    underWay: columns.underWay[batch],
    factorBps: columns.factorBps[batch],
    held: columns.held[batch],
    charged: columns.charged[batch],
  }
}

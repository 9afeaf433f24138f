/** What is asserted of batches, broken. */
import { wakeAt } from "../../../engine/core/wake-queue.ts"
import { auditBatches } from "../../../engine/market/batches/audit.ts"
import { chargeItem } from "../../../engine/market/batches/charging.ts"
import { closeBatch, endItem, takeItem } from "../../../engine/market/batches/items.ts"
import { auditRequests } from "../../../engine/market/requests/audit.ts"
import type { Market } from "../../../engine/market/state/market-state.ts"
import { ofBatches } from "../../../engine/market/state/market-state.ts"
import { insert, remove } from "../../../engine/core/table.ts"
import { arrive, endAttempt } from "../../support/market.ts"
import { openBatch, openBatchMarket, sendItem } from "../../support/batches.ts"
import type { Breaches } from "./breaches.ts"

/** One batch: its first item is answered, its second under way. */
const marketOfBatches = (): Market => {
  const trial = openBatchMarket()
  openBatch(trial, 1)
  sendItem(trial, 1, 1, 0)
  endAttempt(trial, 1)
  sendItem(trial, 2, 1, 1)
  return trial.market
}

const spoilt = (spoil: (market: Market) => void) => (): void => {
  const market = marketOfBatches()
  auditBatches(market)
  spoil(market)
  auditBatches(market)
}

const spoiltBatch = (spoil: (columns: Market["batches"]["columns"]) => void) =>
  spoilt(({ batches }) => spoil(batches.columns))

const underWay = 0

export const batchBreaches: Breaches = {
  "each hold of batches is an open batch's": spoilt(({ ledger }) =>
    insert(ledger.holds.batches, 9),
  ),
  "of a batch that is over no items are kept": spoilt((market) => {
    insert(market.batches, 9)
    market.batchItems[1] = new Uint8Array(1)
    remove(market.batches, 1)
  }),
  "every batch is over by its deadline": spoilt(({ wakes }) =>
    wakeAt(wakes[ofBatches]!, 0, Infinity),
  ),
  "an open batch has a hold": spoilt(({ ledger: { holds } }) => {
    remove(holds.batches, 0)
    insert(holds.batches, 9)
  }),
  "what is held of a batch and what it was charged are what was held at first": spoiltBatch(
    ({ held }) => (held[0] = held[0]! + 1),
  ),
  "a batch is charged the discounted price of what it was answered": spoiltBatch(
    ({ full }) => (full[0] = full[0]! + 100),
  ),
  "the fee of a batch is a part of what it was charged": spoiltBatch(({ fee }) => (fee[0] = 1e9)),
  "a batch knows how each of its items stands": spoilt((market) => {
    market.batchItems[0] = new Uint8Array(3)
  }),
  "a batch counts the items that are over": spoiltBatch(({ failed }) => (failed[0] = 1)),
  "the request of an item is under way": spoilt(({ batchItems }) => {
    batchItems[0]![1] = 0
  }),
  "an item is its batch's owner's": spoilt(({ requests }) => {
    requests.columns.account[underWay] = 1
  }),
  "the tokens of an item are counted": spoiltBatch(({ outputTaken }) => (outputTaken[0] = 0)),
  "each item under way is one request": spoiltBatch((columns) => (columns.underWay[0] = 2)),
  "the items of a batch are no longer than it said": spoiltBatch(
    ({ maxTokens }) => (maxTokens[0] = 150),
  ),
  "what is held for a batch covers all that its items may cost": () => {
    chargeItem(marketOfBatches(), 0, 10_000_000, 9)
  },
  "an item is given out when it waits": () => takeItem(marketOfBatches(), underWay, 0, 0),
  "an item that ends was under way": () => {
    const market = marketOfBatches()
    market.batchItems[0]![1] = 0
    endItem(market, underWay, "completed")
  },
  "what a batch is charged and what is given back are what was held": () => {
    const market = marketOfBatches()
    market.batches.columns.held[0] = 1
    closeBatch(market, 0, "due", "expired")
  },
  "what is held for requests is for calls": () => {
    const trial = openBatchMarket()
    openBatch(trial, 1)
    arrive(trial, 1)
    sendItem(trial, 2, 1, 0)
    auditRequests(trial.market)
    trial.market.requests.columns.batch[0] = 1
    auditRequests(trial.market)
  },
}

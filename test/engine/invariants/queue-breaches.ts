/** What is asserted of the queue, broken. */
import { auditHeap, takeOut } from "../../../engine/core/indexed-heap.ts"
import { insert, remove } from "../../../engine/core/table.ts"
import { wakeAt } from "../../../engine/core/wake-queue.ts"
import { compileRules } from "../../../engine/economy/rules.ts"
import { auditQueue } from "../../../engine/market/queue/audit.ts"
import { endCall, openFlow } from "../../../engine/market/queue/flows.ts"
import { takeClaim } from "../../../engine/market/requests/preemption.ts"
import { wait } from "../../../engine/market/requests/queueing.ts"
import type { Market } from "../../../engine/market/state/market-state.ts"
import { ofWaiting } from "../../../engine/market/state/market-state.ts"
import { ask, openQueueMarket, queued } from "../../support/queue.ts"
import type { Breaches } from "./breaches.ts"

/** One call under way, and two that wait behind it in the same flow. */
const marketOfWaiting = (): Market => {
  const economy = queued({ queue: { flows: "party", size: 2, full: "pushOut" } })
  const trial = openQueueMarket({ economy })
  for (const request of [1, 2, 3]) ask(trial, request)
  return trial.market
}

const spoilt = (spoil: (market: Market) => void) => (): void => {
  const market = marketOfWaiting()
  auditQueue(market)
  spoil(market)
  auditQueue(market)
}

const spoiltFlow = (spoil: (columns: Market["flows"]["columns"]) => void) =>
  spoilt(({ flows }) => spoil(flows.columns))

const isLess = (a: number, b: number): boolean => a < b

/** One more call of the consumer's, taken into the queue whatever it can pay. */
const waitAnyway = (market: Market, budget: number): void => {
  const event = { request: 9, account: 101, model: 1, inputTokens: 1, maxTokens: 1 }
  wait(market, { _tag: "RequestArrived", at: market.now, ...event }, 1, 0, 0, -1, budget)
}

export const queueBreaches: Breaches = {
  "whoever has a place in a heap is in it": () => takeOut([], Int32Array.of(1), 0, isLess),
  "a heap of slots and their places agree": () => auditHeap([0], Int32Array.of(0), isLess),
  "no slot stands below one that it comes before": () =>
    auditHeap([1, 0], Int32Array.of(2, 1), isLess),
  "what a flow is charged is whole": () => {
    const economy = queued()
    compileRules({ ...economy, tiers: { ...economy.tiers, high: 11 } })
  },
  "the number of a flow is of its queue, client and class": () =>
    openFlow(marketOfWaiting(), 0, 2 ** 26, 0),
  "a call that ends is of the flow that it began in": () => {
    const market = marketOfWaiting()
    endCall(market, 0, 0)
    endCall(market, 0, 0)
  },
  "a call waits for a price that its consumer can pay": () => {
    const market = marketOfWaiting()
    market.queues.columns.waiting[0] = 0
    waitAnyway(market, -1)
  },
  "in a full queue somebody waits": () => {
    const market = marketOfWaiting()
    market.lengths[0] = []
    waitAnyway(market, 1e15)
  },
  "whoever could be served has been, when a step is over": spoilt(({ stirred }) => stirred.push(0)),
  "where calls do not wait there are no flows": () => {
    const { market } = openQueueMarket({ economy: queued({ queue: { scope: "none" } }) })
    insert(market.flows, 1)
    auditQueue(market)
  },
  "a flow is of a queue": spoilt((market) => {
    insert(market.queues, 9)
    const empty = insert(market.flows, 99)
    market.flows.columns.queue[empty] = 5
  }),
  "nobody waits at an instance that has gone": spoilt(({ queues }) => {
    queues.columns.isLeft[0] = 1
  }),
  "a queue counts the calls of its flows": spoilt(({ queues }) => {
    queues.columns.inFlight[0] = 2
  }),
  "no more calls wait in a queue than may": () => {
    const market = marketOfWaiting()
    auditQueue({ ...market, rules: { ...market.rules, queueSize: 1 } } as Market)
  },
  "a call waits, or is under way": spoilt(({ requests }) => insert(requests, 2)),
  "a call that waits has a hold": spoilt(({ ledger: { holds } }) => {
    const hold = holds.requests.slots.find(2)
    remove(holds.requests, hold)
  }),
  "what is held for a call that waits is the most that it may cost": spoilt(({ waiting }) => {
    waiting.columns.levelHeld[0] = 1
  }),
  "an item gives way to a call that waits for it": spoilt(({ queued: calls }) => {
    calls.preemptor[0] = 9
  }),
  "a call that was promised a place is whom an item gives way to": spoilt(({ waiting }) => {
    waiting.columns.claim[0] = 9
  }),
  "an item gives way so often at most": spoilt((market) => {
    market.batchPreemptions[0] = Uint8Array.of(3)
  }),
  "whoever an item gives way to waits for it": () => {
    const market = marketOfWaiting()
    market.queued.preemptor[0] = 9
    takeClaim(market, 0)
  },
  "no call waits for ever": spoilt(({ wakes }) => wakeAt(wakes[ofWaiting]!, 0, Infinity)),
  "a flow counts those of it that wait": spoiltFlow(({ waiting }) => (waiting[0] = 3)),
  "a flow counts its calls under way": spoiltFlow(({ inFlight }) => (inFlight[0] = 0)),
  "the counter of a flow is whole": spoiltFlow(({ virtual }) => (virtual[0] = 0.5)),
  "a flow of a party has its number": spoilt(({ accounts }) => {
    accounts.columns.party[1] = 0
  }),
  "those that wait in a flow know it": spoilt(({ waiting }) => {
    waiting.columns.flow[0] = 5
  }),
  "those that wait in a flow are its client's": spoilt(({ waiting }) => {
    waiting.columns.account[0] = 3
  }),
  "a flow that waits has a place by its length": spoiltFlow(
    ({ lengthPlace }) => (lengthPlace[0] = 0),
  ),
  "a flow has its turn while it waits and may have more under way": spoiltFlow(
    ({ turnPlace }) => (turnPlace[0] = 0),
  ),
}

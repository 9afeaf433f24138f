/** What holds of calls that wait, and of their flows, between steps (docs/rules.md#queue). */
import { invariant } from "../../core/invariant.ts"
import { auditTable, isPresent, slotOf } from "../../core/table.ts"
import { auditWakeQueue } from "../../core/wake-queue.ts"
import { heldAmount } from "../../ledger/holds.ts"
import { priceOf } from "../../rules/price.ts"
import { priceOfTime } from "../../rules/pricing/time-price.ts"
import type { Market } from "../state/market-state.ts"
import { ofPreempted, ofWaiting, partyOf } from "../state/market-state.ts"
import { auditTurns, isAtCap } from "./flows.ts"
import { waitingOf } from "./waiting.ts"

/** Asserts it of all of them. O(waiting + flows + requests). */
export const auditQueue = (market: Market): void => {
  const { flows, queues, rules, stirred, waiting, wakes } = market
  auditTable(waiting)
  auditTable(flows)
  auditTable(queues)
  auditWakeQueue(wakes[ofWaiting])
  invariant(stirred.length === 0, "whoever could be served has been, when a step is over")
  invariant(rules.isQueued || flows.slots.size === 0, "where calls do not wait there are no flows")
  for (let slot = 0; slot < waiting.used; slot++)
    if (waiting.ids[slot] !== -1) auditWaiting(market, slot)
  auditPreempted(market)
  const counts = countsByFlow(market)
  const byQueue = Array.from({ length: queues.used }, () => ({ waiting: 0, inFlight: 0 }))
  for (let flow = 0; flow < flows.used; flow++) {
    if (flows.ids[flow] === -1) continue
    auditFlow(market, flow, counts[flow])
    const sums = byQueue[flows.columns.queue[flow]]
    invariant(sums !== undefined, "a flow is of a queue")
    sums.waiting += flows.columns.waiting[flow]
    sums.inFlight += flows.columns.inFlight[flow]
  }
  for (let queue = 0; queue < queues.used; queue++) {
    if (queues.ids[queue] === -1) continue
    const { columns } = queues
    invariant(columns.isLeft[queue] === 0, "nobody waits at an instance that has gone")
    invariant(
      columns.waiting[queue] === byQueue[queue].waiting &&
        columns.inFlight[queue] === byQueue[queue].inFlight,
      "a queue counts the calls of its flows",
    )
    invariant(
      rules.isQueuedByNode || columns.waiting[queue] <= rules.queueSize,
      "no more calls wait in a queue than may",
    )
    auditTurns(market, queue)
  }
}

const auditWaiting = (market: Market, slot: number): void => {
  const { ledger, requests, rules, waiting, wakes } = market
  const { columns, ids } = waiting
  const hold = slotOf(ledger.holds.requests, ids[slot])
  invariant(!isPresent(requests, ids[slot]), "a call waits, or is under way")
  invariant(hold >= 0, "a call that waits has a hold")
  const level = columns.levelHeld[slot]
  const worst = rules.pricing.isByTime
    ? priceOfTime(rules.callTimeoutMicros, level)
    : priceOf(
        columns.inputTokens[slot],
        columns.inputPricePerMtok[slot],
        columns.maxTokens[slot],
        level,
      )
  invariant(
    heldAmount(ledger.holds.requests, hold) === worst,
    "what is held for a call that waits is the most that it may cost",
  )
  invariant(wakes[ofWaiting].position[slot] >= 0, "no call waits for ever")
}

const auditPreempted = (market: Market): void => {
  const { batchPreemptions, requests, rules, waiting, wakes } = market
  const { preemptor } = market.queued
  for (let request = 0; request < preemptor.length; request++) {
    if (preemptor[request] === 0) continue
    const heir = slotOf(waiting, preemptor[request] - 1)
    invariant(
      heir >= 0 && waiting.columns.claim[heir] === requests.ids[request] + 1,
      "an item gives way to a call that waits for it",
    )
  }
  for (let slot = 0; slot < waiting.used; slot++) {
    const claim = waiting.columns.claim[slot]
    const item = claim === 0 ? -1 : slotOf(requests, claim - 1)
    invariant(
      claim === 0 || (item >= 0 && preemptor[item] === waiting.ids[slot] + 1),
      "a call that was promised a place is whom an item gives way to",
    )
  }
  auditWakeQueue(wakes[ofPreempted])
  for (const times of batchPreemptions)
    invariant(
      times === undefined || times.every((most) => most <= rules.preemptMost),
      "an item gives way so often at most",
    )
}

/** By flow slot: attempts under way. */
const countsByFlow = ({ flows, queued }: Market): Int32Array => {
  const counts = new Int32Array(flows.ids.length)
  for (const flow of queued.flow) if (flow > 0) counts[flow - 1] += 1
  return counts
}

const auditFlow = (market: Market, flow: number, underWay: number): void => {
  const { columns } = market.flows
  const { account, flow: flowOf } = market.waiting.columns
  const inOrder = waitingOf(market, flow)
  invariant(inOrder.length === columns.waiting[flow], "a flow counts those of it that wait")
  invariant(columns.inFlight[flow] === underWay, "a flow counts its calls under way")
  invariant(Number.isSafeInteger(columns.virtual[flow]), "the counter of a flow is whole")
  const client = columns.client[flow]
  invariant(
    !market.rules.areFlowsByParty || partyOf(market, client) === client,
    "a flow of a party has its number",
  )
  for (const slot of inOrder) {
    invariant(flowOf[slot] === flow, "those that wait in a flow know it")
    const owner = market.rules.areFlowsByParty ? partyOf(market, account[slot]) : account[slot]
    invariant(owner === client, "those that wait in a flow are its client's")
  }
  invariant(
    columns.lengthPlace[flow] > 0 === inOrder.length > 0,
    "a flow that waits has a place by its length",
  )
  invariant(
    columns.turnPlace[flow] > 0 === (inOrder.length > 0 && !isAtCap(market, flow)),
    "a flow has its turn while it waits and may have more under way",
  )
}

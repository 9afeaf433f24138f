/**
 * Items of batches give way to calls that wait (docs/rules.md#preemption): an item that is preempted may go on for a
 * while, and its place is the call's from that moment on. It is not charged, and is given out again.
 */
import { invariant } from "../../core/invariant.ts"
import { slotOf } from "../../core/table.ts"
import { wakeAt } from "../../core/wake-queue.ts"
import { emit } from "../../protocol/command.ts"
import { charged, costOf, itemClass } from "../../rules/queue/fair-queue.ts"
import { eligible } from "../admission/eligibility.ts"
import { batchOf } from "../batches/items.ts"
import { expectedOutput } from "../payout/bounty.ts"
import { isAtCap } from "../queue/flows.ts"
import { levelFor } from "../queue/tiers.ts"
import type { Market } from "../state/market-state.ts"
import { ofPreempted, ofWaiting } from "../state/market-state.ts"

/** The first call of a flow, which has no room, has an item give way where it may. O(open requests). */
export const preemptFor = (market: Market, flow: number): void => {
  const { rules, now, waiting } = market
  if (!rules.isPreempted || isAtCap(market, flow)) return
  const first = market.flows.columns.first[flow] - 1
  if (first < 0 || waiting.columns.claim[first] !== 0) return
  const victim = victimOf(market, flow, first)
  if (victim < 0) return
  const { ids, columns } = market.requests
  const untilMicros = now + rules.preemptGraceMicros
  market.queued.preemptor[victim] = waiting.ids[first] + 1
  waiting.columns.claim[first] = ids[victim] + 1
  const times = market.batchPreemptions[batchOf(market, victim)]
  times[columns.item[victim]] += 1
  wakeAt(market.wakes[ofPreempted], victim, untilMicros)
  // Whoever has been given a place waits until it is free.
  const deadline = market.wakes[ofWaiting].time[first]
  const latest = Math.max(deadline, untilMicros + rules.queueWaitMicros)
  wakeAt(market.wakes[ofWaiting], first, latest)
  emit(market.sink, {
    _tag: "Preempt",
    request: ids[victim],
    attempt: columns.attempt[victim],
    untilMicros,
  })
}

/** Of the items that may give way, that of the flow which has had most; of those, the latest begun. −1: none. */
const victimOf = (market: Market, flow: number, first: number): number => {
  const { queue, virtual } = market.flows.columns
  const { ids, columns, used } = market.requests
  const { flow: flowOf } = market.queued
  const least = afterwards(market, flow, first)
  let found = -1
  for (let request = 0; request < used; request++) {
    if (ids[request] === -1 || flowOf[request] === 0 || batchOf(market, request) < 0) continue
    const of = flowOf[request] - 1
    if (queue[of] !== queue[flow] || virtual[of] <= least || !mayGiveWay(market, request)) continue
    if (!isServable(market, first, columns.instance[request])) continue
    const isBetter =
      found < 0 ||
      virtual[of] > virtual[flowOf[found] - 1] ||
      (virtual[of] === virtual[flowOf[found] - 1] &&
        columns.startedAt[request] > columns.startedAt[found])
    if (isBetter) found = request
  }
  return found
}

/** The counter of a flow once its first call has begun. */
const afterwards = (market: Market, flow: number, first: number): number => {
  const { class: kind, virtual } = market.flows.columns
  const { inputTokens, maxTokens, model } = market.waiting.columns
  const output = expectedOutput(market, model[first], maxTokens[first])
  const weight = market.rules.weights[kind[flow]]
  // Items have the least weight: whoever has no more is of no higher priority.
  if (weight <= market.rules.weights[itemClass]) return Infinity
  return charged(virtual[flow], costOf(inputTokens[first], output), weight)
}

const mayGiveWay = (market: Market, request: number): boolean => {
  const { item, startedAt } = market.requests.columns
  const { preemptor } = market.queued
  const { preemptExemptMicros, preemptMost } = market.rules
  const times = market.batchPreemptions[batchOf(market, request)]
  return (
    preemptor[request] === 0 &&
    market.now - startedAt[request] >= preemptExemptMicros &&
    times[item[request]] < preemptMost
  )
}

/** Could the call be served there, once there is room? */
const isServable = (market: Market, waiting: number, instance: number): boolean => {
  const { levelHeld, model, tier } = market.waiting.columns
  return levelFor(market, model[waiting], instance, tier[waiting]) <= levelHeld[waiting]
}

/** Its grace is over: its driver is to end it. */
export const firePreempted = (market: Market, request: number): void => {
  wakeAt(market.wakes[ofPreempted], request, Infinity)
  const { ids, columns } = market.requests
  emit(market.sink, { _tag: "Recall", request: ids[request], attempt: columns.attempt[request] })
}

/** A call waits no more: the item that was to give way to it need not. */
export const releaseClaim = (market: Market, waiting: number): void => {
  const claim = market.waiting.columns.claim[waiting]
  const request = claim === 0 ? -1 : slotOf(market.requests, claim - 1)
  if (request < 0) return
  market.queued.preemptor[request] = 0
  wakeAt(market.wakes[ofPreempted], request, Infinity)
}

/** An item's attempt has ended: for whom it was to give way, and a row that is that call's; −1: nobody waits for it. */
export const takeClaim = (market: Market, request: number): number => {
  const { preemptor } = market.queued
  if (preemptor[request] === 0) return -1
  const waiting = slotOf(market.waiting, preemptor[request] - 1)
  invariant(waiting >= 0, "whoever an item gives way to waits for it")
  preemptor[request] = 0
  market.waiting.columns.claim[waiting] = 0
  wakeAt(market.wakes[ofPreempted], request, Infinity)
  return waiting
}

/** May the call have what has come to be free? Else it waits for its turn, as the others do. */
export const mayTake = (market: Market, waiting: number, instance: number): boolean =>
  market.instances.ids[instance] !== -1 &&
  market.instances.columns.reason[instance] === eligible &&
  market.instances.columns.model[instance] === market.waiting.columns.model[waiting] &&
  !isAtCap(market, market.waiting.columns.flow[waiting]) &&
  isServable(market, waiting, instance)

/** Calls that wait: in the order of their arrival within a flow, each with a hold and a time at which it ends. */
import { insert, remove } from "../../core/table.ts"
import { wakeAt } from "../../core/wake-queue.ts"
import type { Market } from "../state/market-state.ts"
import { ofWaiting } from "../state/market-state.ts"
import { rankFlow } from "./flows.ts"

/** A call takes the last place of its flow. Returns its slot. */
export const join = (market: Market, request: number, flow: number, waitMicros: number): number => {
  const slot = insert(market.waiting, request)
  market.waiting.columns.flow[slot] = flow
  wakeAt(market.wakes[ofWaiting], slot, market.now + waitMicros)
  append(market, slot, flow)
  return slot
}

const append = (market: Market, slot: number, flow: number): void => {
  const { before, behind } = market.waiting.columns
  const { first, last, queue, waiting } = market.flows.columns
  before[slot] = last[flow]
  behind[slot] = 0
  if (last[flow] === 0) first[flow] = slot + 1
  else behind[last[flow] - 1] = slot + 1
  last[flow] = slot + 1
  waiting[flow] += 1
  market.queues.columns.waiting[queue[flow]] += 1
  rankFlow(market, flow)
}

const unlink = (market: Market, slot: number): void => {
  const { before, behind, flow: flows } = market.waiting.columns
  const { first, last, queue, waiting } = market.flows.columns
  const flow = flows[slot]
  if (before[slot] === 0) first[flow] = behind[slot]
  else behind[before[slot] - 1] = behind[slot]
  if (behind[slot] === 0) last[flow] = before[slot]
  else before[behind[slot] - 1] = before[slot]
  waiting[flow] -= 1
  market.queues.columns.waiting[queue[flow]] -= 1
  rankFlow(market, flow)
}

/** It waits no more. */
export const leave = (market: Market, slot: number): void => {
  unlink(market, slot)
  wakeAt(market.wakes[ofWaiting], slot, Infinity)
  remove(market.waiting, slot)
}

/** It waits in another flow from now on, in the last place, for as long as it would have. */
export const moveTo = (market: Market, slot: number, flow: number): void => {
  unlink(market, slot)
  market.waiting.columns.flow[slot] = flow
  append(market, slot, flow)
}

/** Those of a flow, first to last. */
export const waitingOf = (market: Market, flow: number): ReadonlyArray<number> => {
  const { behind } = market.waiting.columns
  const found: Array<number> = []
  for (let next = market.flows.columns.first[flow]; next !== 0; next = behind[next - 1])
    found.push(next - 1)
  return found
}

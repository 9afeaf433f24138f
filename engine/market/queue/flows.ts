/**
 * Flows and their turns (docs/rules.md#queue): which flow of a queue is next, what it was charged, and how many calls
 * of it wait or are under way. O(log flows) for every change.
 */
import { auditHeap, putIn, takeOut } from "../../core/indexed-heap.ts"
import type { IsBefore } from "../../core/indexed-heap.ts"
import { invariant } from "../../core/invariant.ts"
import { insert, remove, slotOf } from "../../core/table.ts"
import { charged, classes, itemClass, noTier } from "../../rules/queue/fair-queue.ts"
import type { Market } from "../state/market-state.ts"
import { partyOf } from "../state/market-state.ts"

/** More than there are accounts in any market; a flow's number is made of three. */
const mostClients = 2 ** 26

/** The queue of that number, made where there is none. */
export const openQueue = (market: Market, number: number): number => {
  const known = slotOf(market.queues, number)
  if (known >= 0) return known
  const queue = insert(market.queues, number)
  market.turns[queue] = []
  market.lengths[queue] = []
  return queue
}

/** Whose flow an account's calls are. */
export const clientOf = (market: Market, account: number): number =>
  market.rules.areFlowsByParty ? partyOf(market, account) : account

const flowNumber = (queue: number, client: number, kind: number): number => {
  invariant(client < mostClients, "the number of a flow is of its queue, client and class")
  return (queue * mostClients + client) * classes + kind
}

/** Slot of a flow; −1: there is none. */
export const findFlow = (market: Market, queue: number, client: number, kind: number): number =>
  queue < 0 ? -1 : slotOf(market.flows, flowNumber(queue, client, kind))

export const openFlow = (market: Market, queue: number, client: number, kind: number): number => {
  const known = findFlow(market, queue, client, kind)
  if (known >= 0) return known
  const flow = insert(market.flows, flowNumber(queue, client, kind))
  const { columns } = market.flows
  columns.queue[flow] = queue
  columns.client[flow] = client
  columns.class[flow] = kind
  columns.virtual[flow] = startOf(market, queue)
  return flow
}

const weightOf = (market: Market, flow: number): number =>
  market.rules.weights[market.flows.columns.class[flow]]

/** Who has the next turn: the least (v, −weight, number). */
const isBeforeOf = (market: Market): IsBefore => {
  const { virtual } = market.flows.columns
  const { ids } = market.flows
  return (a, b) => {
    const difference = virtual[a] - virtual[b] || weightOf(market, b) - weightOf(market, a)
    return difference === 0 ? ids[a] < ids[b] : difference < 0
  }
}

/** Of whom the last one is pushed out: of the longest flow. */
const isLongerOf = (market: Market): IsBefore => {
  const { waiting } = market.flows.columns
  const { ids } = market.flows
  return (a, b) => (waiting[a] === waiting[b] ? ids[a] < ids[b] : waiting[a] > waiting[b])
}

/** Where a flow begins that comes back: with the least of those that wait, or with the last served. */
const startOf = (market: Market, queue: number): number => {
  const [next] = market.turns[queue]
  return next === undefined
    ? market.queues.columns.lastVirtual[queue]
    : market.flows.columns.virtual[next]
}

/** A flow that has waited for nothing holds no turns back from the others. */
const lift = (market: Market, flow: number): void => {
  const { queue, virtual } = market.flows.columns
  virtual[flow] = Math.max(virtual[flow], startOf(market, queue[flow]))
}

/** The most calls of a flow under way at once. */
const capOf = (market: Market, queue: number, kind: number): number => {
  if (kind === noTier || kind === itemClass) return Infinity
  if (!market.rules.isQueuedByNode) return market.mostJobs[kind]
  const instance = slotOf(market.instances, market.queues.ids[queue])
  return instance < 0 ? 0 : jobsOfTier(market, instance, kind)
}

const jobsOfTier = (
  { instances, nodes, tiers }: Market,
  instance: number,
  kind: number,
): number => {
  const listing = nodes.columns.listing[instances.columns.node[instance]] - 1
  const tier = listing < 0 ? undefined : tiers[listing]?.find((one) => one.class === kind)
  return tier?.maxJobs ?? 0
}

/** May no more of a flow be under way? */
export const isAtCap = (market: Market, flow: number): boolean => {
  const { class: kind, inFlight, queue } = market.flows.columns
  return inFlight[flow] >= capOf(market, queue[flow], kind[flow])
}

/** Puts a flow where it belongs after any change of it. */
export const rankFlow = (market: Market, flow: number): void => {
  const { columns } = market.flows
  const queue = columns.queue[flow]
  const { lengthPlace, turnPlace, waiting } = columns
  const lengths = market.lengths[queue]
  if (waiting[flow] > 0) putIn(lengths, lengthPlace, flow, isLongerOf(market))
  else takeOut(lengths, lengthPlace, flow, isLongerOf(market))
  const turns = market.turns[queue]
  if (waiting[flow] === 0 || isAtCap(market, flow))
    return takeOut(turns, turnPlace, flow, isBeforeOf(market))
  if (turnPlace[flow] === 0) {
    lift(market, flow)
    market.stirred.push(queue)
  }
  putIn(turns, turnPlace, flow, isBeforeOf(market))
}

/** Lets the other flows have their turn before one whose first call does not fit; it keeps its counter. */
export const setAside = (market: Market, flow: number): void => {
  const { queue, turnPlace } = market.flows.columns
  takeOut(market.turns[queue[flow]], turnPlace, flow, isBeforeOf(market))
}

export const putBack = (market: Market, flow: number): void => {
  const { queue, turnPlace } = market.flows.columns
  putIn(market.turns[queue[flow]], turnPlace, flow, isBeforeOf(market))
}

/** A call of the flow begins, and is charged. */
export const beginCall = (market: Market, flow: number, cost: number): void => {
  const { columns } = market.flows
  const queue = columns.queue[flow]
  // Whoever did not wait comes back as well.
  if (columns.turnPlace[flow] === 0 && columns.inFlight[flow] === 0) lift(market, flow)
  market.queues.columns.lastVirtual[queue] = columns.virtual[flow]
  market.queues.columns.inFlight[queue] += 1
  columns.inFlight[flow] += 1
  columns.virtual[flow] = charged(columns.virtual[flow], cost, weightOf(market, flow))
  rankFlow(market, flow)
}

/** It has ended, and cost so much more than it was charged; less, where below 0. */
export const endCall = (market: Market, flow: number, correction: number): void => {
  const { columns } = market.flows
  columns.inFlight[flow] -= 1
  invariant(columns.inFlight[flow] >= 0, "a call that ends is of the flow that it began in")
  market.queues.columns.inFlight[columns.queue[flow]] -= 1
  columns.virtual[flow] = charged(columns.virtual[flow], correction, weightOf(market, flow))
  rankFlow(market, flow)
}

/** Forgets flows without calls that the others have caught up with, and counts from there on. O(flows). */
export const settleFlows = (market: Market): void => {
  const { columns, ids, used } = market.flows
  const { inFlight, lastVirtual, waiting } = market.queues.columns
  for (let flow = 0; flow < used; flow++) {
    if (ids[flow] === -1) continue
    const queue = columns.queue[flow]
    const isIdle = columns.waiting[flow] + columns.inFlight[flow] === 0
    const isQueueIdle = waiting[queue] + inFlight[queue] === 0
    if (isIdle && (isQueueIdle || columns.virtual[flow] <= lastVirtual[queue]))
      remove(market.flows, flow)
    else columns.virtual[flow] -= lastVirtual[queue]
  }
  lastVirtual.fill(0)
  if (market.rules.isQueuedByNode) closeQueues(market)
}

/** Those of instances that have gone: all of their flows have, too. */
const closeQueues = (market: Market): void => {
  const { columns, ids, used } = market.queues
  for (let queue = 0; queue < used; queue++) {
    const isIdle = columns.waiting[queue] + columns.inFlight[queue] === 0
    if (ids[queue] !== -1 && isIdle && slotOf(market.instances, ids[queue]) < 0)
      remove(market.queues, queue)
  }
}

/** Asserts what holds of the turns of a queue. O(its flows). */
export const auditTurns = (market: Market, queue: number): void => {
  const { lengthPlace, turnPlace } = market.flows.columns
  auditHeap(market.turns[queue], turnPlace, isBeforeOf(market))
  auditHeap(market.lengths[queue], lengthPlace, isLongerOf(market))
}

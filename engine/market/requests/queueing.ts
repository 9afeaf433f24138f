/**
 * Calls that find no room wait for it (docs/rules.md#queue), at their model or at one instance. Whatever comes to
 * have room serves those that wait there, flow by flow in turn, until nobody's first call fits.
 */
import { invariant } from "../../core/invariant.ts"
import { slotOf } from "../../core/table.ts"
import { serving } from "../../machines/presence.ts"
import type { Refusal, Rejection } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { hold, voidHold } from "../../ledger/holds.ts"
import { eligible } from "../admission/eligibility.ts"
import { noteRefusal } from "../payout/bounty.ts"
import {
  clientOf,
  findFlow,
  isAtCap,
  openFlow,
  openQueue,
  putBack,
  setAside,
} from "../queue/flows.ts"
import { queueSizeAt, queueWaitAt } from "../queue/terms.ts"
import { drawFor, levelFor, mostLevelFor } from "../queue/tiers.ts"
import { join, leave, moveTo, waitingOf } from "../queue/waiting.ts"
import type { Market } from "../state/market-state.ts"
import { queueNumber } from "../state/stirred.ts"
import { preemptFor, releaseClaim } from "./preemption.ts"
import { refuse } from "./lifecycle.ts"

/** Is a call that just arrived to wait, though `instance` may have room for it? −1: none has. */
export const mustWait = (
  market: Market,
  account: number,
  model: number,
  kind: number,
  instance: number,
): boolean => {
  if (instance < 0) return true
  const queue = slotOf(market.queues, queueNumber(market, model, instance))
  const flow = findFlow(market, queue, clientOf(market, account), kind)
  return flow >= 0 && (market.flows.columns.waiting[flow] > 0 || isAtCap(market, flow))
}

/** Takes a call into a queue, or refuses it. */
export const wait = (
  market: Market,
  event: EventOf<"RequestArrived">,
  account: number,
  model: number,
  kind: number,
  instance: number,
  budget: number,
): undefined => {
  const { request, inputTokens, maxTokens } = event
  const { pricing } = market.rules
  const level = mostLevelFor(market, model, event, budget, kind)
  const at =
    market.rules.isQueuedByNode && instance < 0 ? leastQueued(market, model, level, kind) : instance
  if (market.models.columns.instances[model] === 0 || queueSizeAt(market, at) === 0) {
    noteRefusal(market, model, account, maxTokens)
    const isServed = market.models.columns.instances[model] > 0
    return refuse(market, request, isServed ? "NoCapacity" : "NoInstance")
  }
  const queue = openQueue(market, queueNumber(market, model, at))
  const flow = openFlow(market, queue, clientOf(market, account), kind)
  if (!makePlace(market, queue, flow, queueSizeAt(market, at))) {
    noteRefusal(market, model, account, maxTokens)
    return refuse(market, request, "QueueFull")
  }
  const worst = pricing.worst(market, model, event, level)
  invariant(worst <= budget, "a call waits for a price that its consumer can pay")
  hold(market.ledger, market.ledger.holds.requests, request, account, worst)
  const slot = join(market, request, flow, queueWaitAt(market, at))
  const { columns } = market.waiting
  columns.account[slot] = account
  columns.model[slot] = model
  columns.inputTokens[slot] = inputTokens
  columns.maxTokens[slot] = maxTokens
  columns.inputPricePerMtok[slot] = pricing.inputPrice(market, model)
  columns.levelHeld[slot] = level
  columns.tier[slot] = kind
  sayWaiting(market, request, queue)
  return undefined
}

const sayWaiting = (market: Market, request: number, queue: number): void => {
  const { ids, columns } = market.queues
  emit(market.sink, { _tag: "Wait", request, queue: ids[queue], place: columns.waiting[queue] })
}

/**
 * The instance of a model whose queue is the shortest for the slots that it has, of those at that level or a lower
 * one; −1: none has a queue. O(instances).
 */
const leastQueued = (market: Market, model: number, level: number, kind: number): number => {
  const { columns, ids, used } = market.instances
  const { waiting } = market.queues.columns
  let least = Infinity
  let found = -1
  for (let instance = 0; instance < used; instance++) {
    if (ids[instance] === -1 || columns.model[instance] !== model) continue
    if (columns.isOnline[instance] === 0 || columns.service[instance] !== serving) continue
    if (queueSizeAt(market, instance) === 0) continue
    if (levelFor(market, model, instance, kind) > level) continue
    const queue = slotOf(market.queues, ids[instance])
    const length = (queue < 0 ? 0 : waiting[queue]) / Math.max(1, columns.capacity[instance])
    if (length < least) found = instance
    least = Math.min(least, length)
  }
  return found
}

/** Is there a place in a queue for one more of a flow, if need be that of the last of the longest? */
const makePlace = (market: Market, queue: number, flow: number, size: number): boolean => {
  if (market.queues.columns.waiting[queue] < size) return true
  if (!market.rules.isPushedOut) return false
  const [longest] = market.lengths[queue]
  const { last, waiting } = market.flows.columns
  invariant(longest !== undefined, "in a full queue somebody waits")
  if (waiting[flow] + 1 >= waiting[longest]) return false
  dismiss(market, last[longest] - 1, "QueueFull")
  return true
}

/** It waits no more, and is not served. */
const dismiss = (market: Market, slot: number, reason: Refusal): void => {
  const { account, maxTokens, model } = market.waiting.columns
  const id = market.waiting.ids[slot]
  const holds = market.ledger.holds.requests
  voidHold(market.ledger, holds, slotOf(holds, id))
  // Whoever has left may have asked for nothing.
  if (reason !== "Withdrawn") noteRefusal(market, model[slot], account[slot], maxTokens[slot])
  releaseClaim(market, slot)
  leave(market, slot)
  refuse(market, id, reason)
}

/** It has waited for long enough. */
export const fireWaiting = (market: Market, slot: number): void =>
  dismiss(market, slot, "QueueTimeout")

/** The gateway was away, and with it all who waited at it. */
export const dismissAll = (market: Market): void => {
  const { ids, used } = market.waiting
  for (let slot = 0; slot < used; slot++) if (ids[slot] !== -1) dismiss(market, slot, "Withdrawn")
}

export const onRequestWithdrawn = (
  market: Market,
  event: EventOf<"RequestWithdrawn">,
): Rejection | undefined => {
  const slot = slotOf(market.waiting, event.request)
  if (slot >= 0) {
    dismiss(market, slot, "Withdrawn")
    return undefined
  }
  return slotOf(market.requests, event.request) < 0 ? "UnknownRequest" : "NotWaiting"
}

/** Begins a call that has waited, whose row it is given. */
type Begin = (market: Market, waiting: number, instance: number) => void

/** Serves those that wait for what has come to have room. */
export const serveStirred = (market: Market, begin: Begin): void => {
  if (market.rules.isQueuedByNode) moveAway(market)
  for (const queue of new Set(market.stirred)) {
    serve(market, queue, begin)
    const [next] = market.turns[queue]
    if (next !== undefined) preemptFor(market, next)
  }
  // What begins takes room: it makes none.
  market.stirred.length = 0
}

const serve = (market: Market, queue: number, begin: Begin): void => {
  const turns = market.turns[queue]
  const unfit: Array<number> = []
  for (let flow = turns[0]; flow !== undefined; flow = turns[0]) {
    const slot = market.flows.columns.first[flow] - 1
    const instance = drawForWaiting(market, queue, slot)
    if (instance >= 0) begin(market, slot, instance)
    else {
      // Where all cost the same, there is room for everybody or for nobody.
      if (!market.rules.pricing.isByInstance) break
      setAside(market, flow)
      unfit.push(flow)
    }
  }
  for (const flow of unfit) putBack(market, flow)
}

/** Draws for a call that waits, at no more than is held for it. */
const drawForWaiting = (market: Market, queue: number, slot: number): number => {
  const { inputTokens, levelHeld, maxTokens, model, tier } = market.waiting.columns
  const level = levelHeld[slot]
  const ask = {
    inputTokens: inputTokens[slot],
    maxTokens: maxTokens[slot],
    maxPricePerMtok: level,
    maxRatePerHour: level,
  }
  if (!market.rules.isQueuedByNode) return drawFor(market, model[slot], ask, Infinity, tier[slot])
  const instance = slotOf(market.instances, market.queues.ids[queue])
  if (instance < 0 || market.instances.columns.reason[instance] !== eligible) return -1
  return levelFor(market, model[slot], instance, tier[slot]) <= level ? instance : -1
}

/** Those that wait at an instance which has gone, or serves another model, wait at another one. */
const moveAway = (market: Market): void => {
  const { columns, ids, used } = market.queues
  for (let queue = 0; queue < used; queue++) {
    if (ids[queue] === -1 || columns.isLeft[queue] === 0) continue
    columns.isLeft[queue] = 0
    const flows = [...market.lengths[queue]].toSorted(
      (a, b) => market.flows.ids[a] - market.flows.ids[b],
    )
    for (const flow of flows)
      for (const slot of waitingOf(market, flow)) moveElsewhere(market, slot, flow)
  }
}

const moveElsewhere = (market: Market, slot: number, from: number): void => {
  const { levelHeld, model: models } = market.waiting.columns
  const { client, class: kind } = market.flows.columns
  const model = models[slot]
  const instance = leastQueued(market, model, levelHeld[slot], kind[from])
  if (instance < 0) return dismiss(market, slot, "NoCapacity")
  const queue = openQueue(market, queueNumber(market, model, instance))
  if (market.queues.columns.waiting[queue] >= queueSizeAt(market, instance))
    return dismiss(market, slot, "QueueFull")
  moveTo(market, slot, openFlow(market, queue, client[from], kind[from]))
  sayWaiting(market, market.waiting.ids[slot], queue)
}

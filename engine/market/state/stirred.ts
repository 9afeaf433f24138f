/** Which queue a call waits at, and which queues are to be looked at when a step has done all else. */
import { slotOf } from "../../core/table.ts"
import type { Market } from "./market-state.ts"

/** The number of the queue for what this instance, or for what this model, serves. */
export const queueNumber = (market: Market, model: number, instance: number): number =>
  market.rules.isQueuedByNode ? market.instances.ids[instance] : market.models.ids[model]

/** An instance has room: whoever waits for it may have a turn. */
export const stir = (market: Market, instance: number): void => {
  if (market.waiting.slots.size === 0) return
  const model = market.instances.columns.model[instance]
  const queue = slotOf(market.queues, queueNumber(market, model, instance))
  if (queue >= 0) market.stirred.push(queue)
}

/** Whoever waits at an instance which goes, or is to serve another model, is to wait elsewhere. */
export const noteLeft = (market: Market, instance: number): void => {
  if (!market.rules.isQueuedByNode) return
  const queue = slotOf(market.queues, market.instances.ids[instance])
  if (queue < 0 || market.queues.columns.waiting[queue] === 0) return
  market.queues.columns.isLeft[queue] = 1
  market.stirred.push(queue)
}

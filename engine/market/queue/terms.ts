/** How many calls may wait in a queue, and for how long: the economy's choice, or that of the host whose queue it is. */
import { slotOf } from "../../core/table.ts"
import { isWhole, microsPerHour } from "../../core/units.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import type { Market } from "../state/market-state.ts"

const mostSize = 1_000_000
const mostWaitMicros = 24 * microsPerHour

/** Those that wait already wait on, as they were told. */
export const onQueueSet = (market: Market, event: EventOf<"QueueSet">): Rejection | undefined => {
  if (!market.rules.isQueuedByNode) return "QueuesNotOffered"
  const listing = slotOf(market.listings, event.listing)
  if (listing < 0) return "UnknownListing"
  const { size, waitMicros } = event
  if (!isWhole(size) || size > mostSize) return "InvalidQuantity"
  if (!isWhole(waitMicros) || waitMicros > mostWaitMicros) return "InvalidQuantity"
  if (size > 0 && waitMicros === 0) return "InvalidQuantity"
  market.listings.columns.queueSize[listing] = size
  market.listings.columns.queueWaitMicros[listing] = waitMicros
  return undefined
}

/** By the instance where a call is to wait, or for a queue at a model by none. */
export const queueSizeAt = (market: Market, instance: number): number => {
  if (!market.rules.isQueuedByNode) return market.rules.queueSize
  const listing = listingOf(market, instance)
  return listing < 0 ? 0 : market.listings.columns.queueSize[listing]
}

export const queueWaitAt = (market: Market, instance: number): number => {
  if (!market.rules.isQueuedByNode) return market.rules.queueWaitMicros
  const listing = listingOf(market, instance)
  return listing < 0 ? 0 : market.listings.columns.queueWaitMicros[listing]
}

const listingOf = ({ instances, nodes }: Market, instance: number): number =>
  instance < 0 ? -1 : nodes.columns.listing[instances.columns.node[instance]] - 1

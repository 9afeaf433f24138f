/** Calls that wait, and the tiers that they may be of. Money in minor units. */
import type { AccountId, InstanceId, ListingId, ModelId, RequestId } from "../../core/ids.ts"
import { slotOf } from "../../core/table.ts"
import type { Priority } from "../../protocol/event.ts"
import { priorities } from "../../protocol/event.ts"
import { itemClass, noTier } from "../../rules/queue/fair-queue.ts"
import { forLatency } from "../admission/balance.ts"
import type { Market, MarketHandle } from "../state/market-state.ts"
import { open } from "../state/market-state.ts"

export interface TierView {
  readonly label: string
  readonly priority: Priority
  /** An hour, before the listing's multiplier. */
  readonly ratePerHour: number
  readonly maxJobs: number
}

const priorityOf = (kind: number): Priority => priorities[kind - 1]

/** What a listing's host offers; empty where there is no such listing. */
export const tiersOf = (handle: MarketHandle, id: ListingId): ReadonlyArray<TierView> => {
  const market = open(handle)
  const listing = slotOf(market.listings, id)
  const tiers = listing < 0 ? [] : market.tiers[listing]
  return tiers.map(({ label, class: kind, ratePerHour, maxJobs }) => ({
    label,
    priority: priorityOf(kind),
    ratePerHour,
    maxJobs,
  }))
}

/** The priority of the first listing's tier of that name, whatever its case; `undefined`: nobody offers one. O(listings). */
export const priorityNamed = (handle: MarketHandle, label: string): Priority | undefined => {
  const wanted = label.toLowerCase()
  for (const ofListing of open(handle).tiers)
    for (const tier of ofListing)
      if (tier.label.toLowerCase() === wanted) return priorityOf(tier.class)
  return undefined
}

/** The queue that a listing's host has set, and what balancing is to be good for. */
export interface QueueTermsView {
  readonly size: number
  readonly waitMicros: number
  readonly target: "throughput" | "latency"
}

export const queueTermsOf = (handle: MarketHandle, id: ListingId): QueueTermsView | undefined => {
  const market = open(handle)
  const listing = slotOf(market.listings, id)
  if (listing < 0) return undefined
  const { balance, queueSize, queueWaitMicros } = market.listings.columns
  return {
    size: queueSize[listing],
    waitMicros: queueWaitMicros[listing],
    target: balance[listing] === forLatency ? "latency" : "throughput",
  }
}

export interface FlowView {
  /** An account, or the first one of a party. */
  readonly client: AccountId
  /** Its priority; calls of no tier and items of batches have none of their own. */
  readonly kind: Priority | "none" | "item"
  readonly weight: number
  readonly waiting: number
  readonly underWay: number
  /** What it has been charged, in tokens by weight; compared with other flows of its queue. */
  readonly charged: number
}

export interface QueueView {
  /** A model, or where calls wait at instances one of these. */
  readonly at: ModelId | InstanceId
  readonly waiting: number
  readonly underWay: number
  /** By client and kind. */
  readonly flows: ReadonlyArray<FlowView>
}

const tokensPerUnit = 2520

/** Every queue that somebody waits at or is served from. O(flows). */
export const queueViews = (handle: MarketHandle): ReadonlyArray<QueueView> => {
  const market = open(handle)
  const { columns, ids, used } = market.queues
  const found: Array<QueueView> = []
  for (let queue = 0; queue < used; queue++)
    if (ids[queue] !== -1)
      found.push({
        at: ids[queue],
        waiting: columns.waiting[queue],
        underWay: columns.inFlight[queue],
        flows: flowsOf(market, queue),
      })
  return found.toSorted((a, b) => a.at - b.at)
}

const flowsOf = (market: Market, queue: number): ReadonlyArray<FlowView> => {
  const { columns, ids, used } = market.flows
  const found: Array<FlowView> = []
  for (let flow = 0; flow < used; flow++) {
    if (ids[flow] === -1 || columns.queue[flow] !== queue) continue
    const kind = columns.class[flow]
    found.push({
      client: market.accounts.ids[columns.client[flow]],
      kind: kind === noTier ? "none" : kind === itemClass ? "item" : priorityOf(kind),
      weight: market.rules.weights[kind],
      waiting: columns.waiting[flow],
      underWay: columns.inFlight[flow],
      charged: columns.virtual[flow] / tokensPerUnit,
    })
  }
  return found.toSorted((a, b) => a.client - b.client || (a.kind < b.kind ? -1 : 1))
}

/** Calls that wait, in the order of their arrival. O(waiting). */
export const waitingRequests = (handle: MarketHandle): ReadonlyArray<RequestId> =>
  [...open(handle).waiting.slots.keys()].toSorted((a, b) => a - b)

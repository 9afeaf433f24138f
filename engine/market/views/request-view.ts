/** Requests and attempts that are under way. */
import type { AccountId, InstanceId, ModelId, NodeId, RequestId } from "../../core/ids.ts"
import { countOf, slotOf } from "../../core/table.ts"
import { countUnderWay } from "../state/attempts.ts"
import type { MarketHandle } from "../state/market-state.ts"
import { open } from "../state/market-state.ts"

/** Attempts that an instance has under way, inside bookings too; 0 where there is no such instance. O(1). */
export const inFlightOf = (handle: MarketHandle, instance: InstanceId): number => {
  const market = open(handle)
  const slot = slotOf(market.instances, instance)
  return slot < 0 ? 0 : countUnderWay(market.instances, slot)
}

export interface AttemptView {
  readonly request: RequestId
  readonly attempt: number
  readonly instance: InstanceId
  readonly node: NodeId
  readonly account: AccountId
  readonly model: ModelId
  readonly maxTokens: number
}

/** Attempts under way, by request: what hosts should be at work on. O(open requests). */
export const openAttempts = (handle: MarketHandle): ReadonlyArray<AttemptView> => {
  const market = open(handle)
  const { columns, slots } = market.requests
  const instances = market.instances
  return slots.toArray().map(([request, slot]) => ({
    request,
    attempt: columns.attempt[slot],
    instance: instances.ids[columns.instance[slot]],
    node: market.nodes.ids[instances.columns.node[columns.instance[slot]]],
    account: market.accounts.ids[columns.account[slot]],
    model: market.models.ids[columns.model[slot]],
    maxTokens: columns.maxTokens[slot],
  }))
}

export interface RequestTerms {
  readonly account: AccountId
  readonly model: ModelId
  readonly inputTokens: number
  /** Minor units per million tokens, as the request is charged. */
  readonly inputPricePerMtok: number
  readonly outputPricePerMtok: number
}

/** What a request under way is charged by; `undefined` where there is none. O(1). */
export const requestTermsOf = (
  handle: MarketHandle,
  request: RequestId,
): RequestTerms | undefined => {
  const market = open(handle)
  const slot = slotOf(market.requests, request)
  if (slot < 0) return undefined
  const { columns } = market.requests
  return {
    account: market.accounts.ids[columns.account[slot]],
    model: market.models.ids[columns.model[slot]],
    inputTokens: columns.inputTokens[slot],
    inputPricePerMtok: columns.inputPricePerMtok[slot],
    outputPricePerMtok: columns.outputPricePerMtok[slot],
  }
}

/** How many requests are under way. O(1). */
export const countOpenRequests = (handle: MarketHandle): number => countOf(open(handle).requests)

/**
 * Presence: online time as it accumulates, and instances that begin or cease to be active.
 */
import { refresh } from "../admission/eligibility.ts"
import { invariant } from "../../core/invariant.ts"
import { count } from "../../rules/health.ts"
import type { Market } from "../state/market-state.ts"

/** Credits an instance's online time up to now, to the present hour and to its whole life. */
export const creditOnline = (market: Market, instance: number): void => {
  const { columns } = market.instances
  if (columns.isOnline[instance] === 0) return
  const gained = market.now - columns.creditedUntil[instance]
  columns.creditedUntil[instance] = market.now
  columns.onlineMicros[instance] += gained
  count(market.health, "onlineMicros", instance, gained)
}

/** Brings an instance's presence in line with its node. */
export const setOnline = (market: Market, instance: number, isOnline: boolean): void => {
  const { columns } = market.instances
  invariant((columns.isOnline[instance] === 1) !== isOnline, "an instance comes, or it goes")
  creditOnline(market, instance)
  columns.isOnline[instance] = isOnline ? 1 : 0
  columns.creditedUntil[instance] = market.now
  refresh(market, instance)
}

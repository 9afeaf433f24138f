/** What falls due by itself: the timers of the mechanisms, and the turn of the hour. */
import { invariant } from "../core/invariant.ts"
import { nextEntity, nextTime } from "../core/wake-queue.ts"
import { allTimers } from "./mechanisms.ts"
import type { Market, MarketHandle } from "./state/market-state.ts"
import { open } from "./state/market-state.ts"

/** When the first entity wants to be looked at again, µs; +Infinity: none does. */
export const nextTimer = (market: Market): number => {
  const { wakes } = market
  let next = Infinity
  for (let i = 0; i < wakes.length; i++) {
    const time = nextTime(wakes[i])
    if (time < next) next = time
  }
  return next
}

/** When the kernel next wants a `TimerFired`, µs. Never +Infinity: hours always turn. */
export const nextWake = (handle: MarketHandle): number => {
  const market = open(handle)
  return Math.min(market.nextHour, nextTimer(market))
}

/** Fires the first of the timers that are due at that time. There is one. */
export const fireFirst = (market: Market, due: number): void => {
  for (const { queue, fire } of allTimers) {
    const wakes = market.wakes[queue]
    if (nextTime(wakes) === due) return fire(market, nextEntity(wakes))
  }
  invariant(false, "a timer that is due is a mechanism's")
}

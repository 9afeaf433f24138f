/** What falls due by itself: the timers of the mechanisms, and the turn of the hour. */
import { invariant } from "../core/invariant.ts"
import { nextEntity, nextTime } from "../core/wake-queue.ts"
import { allTimers } from "./mechanisms.ts"
import type { Market, MarketHandle } from "./state/market-state.ts"
import { open } from "./state/market-state.ts"

/** When the first entity wants to be looked at again, µs; +Infinity: none does. */
export const nextTimer = (market: Market): number => {
  let next = Infinity
  for (let i = 0; i < allTimers.length; i++) {
    const time = nextTime(allTimers[i].queueOf(market))
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
  for (const { queueOf, fire } of allTimers) {
    const queue = queueOf(market)
    if (nextTime(queue) === due) return fire(market, nextEntity(queue))
  }
  invariant(false, "a timer that is due is a mechanism's")
}

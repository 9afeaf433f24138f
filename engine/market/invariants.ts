/**
 * The audit of a market: everything that has to hold of its state between steps, asserted of all of it.
 * `step` asserts what costs it a comparison; this walks every table, and is for tests. Each mechanism
 * audits its own part.
 */
import { invariant } from "../core/invariant.ts"
import { microsPerHour } from "../core/units.ts"
import { mechanisms } from "./mechanisms.ts"
import type { Market } from "./state/market-state.ts"
import { nextWake } from "./timers.ts"

/** Throws at the first thing that does not hold. O(state). */
export const auditMarket = (market: Market): void => {
  const { idleHours, nextHour, now } = market
  invariant(Number.isSafeInteger(now) && now >= 0, "the time is a whole number of microseconds")
  invariant(nextHour % microsPerHour === 0, "hours begin on the hour")
  invariant(now <= nextHour && nextHour - now <= microsPerHour, "the next hour is within the hour")
  invariant(nextWake(market) >= now, "nothing is overdue between steps")
  invariant(idleHours >= 0 && idleHours * microsPerHour <= nextHour, "idle hours are hours so far")
  for (const { audit } of mechanisms) audit?.(market)
}

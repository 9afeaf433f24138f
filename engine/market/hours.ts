/**
 * The turn of the hour: online time is credited, bounties are paid and announced anew, the health
 * window moves on, vested bounties are released at the turn of a day.
 *
 * However far the clock jumps, hours are turned one by one only for as long as the longest memory of
 * the rules. In a market where nothing has happened for that time each hour is like the last, and
 * further ones are turned in one go, to the very state that one by one would have led to.
 */
import { invariant } from "../core/invariant.ts"
import { microsPerHour } from "../core/units.ts"
import { refresh } from "./admission/eligibility.ts"
import { mechanisms } from "./mechanisms.ts"
import type { Market } from "./state/market-state.ts"

/**
 * Turns the next hour, and before it as many like ones as there are up to `until`. `isOpen`: the
 * gateway was there, so what was asked of it is the demand. O(instances + models).
 */
export const turnHours = (market: Market, until: number, isOpen: boolean): void => {
  invariant(market.now <= market.nextHour, "an hour is turned once, when it comes")
  invariant(until >= market.nextHour, "an hour is turned when it has come")
  const further = Math.floor((until - market.nextHour) / microsPerHour)
  if (further > 0 && isAtRest(market, isOpen)) passHours(market, further, isOpen)
  market.now = market.nextHour
  for (const { turnHour } of mechanisms) turnHour?.(market, isOpen)
  market.nextHour += microsPerHour
  market.idleHours += 1
  invariant(
    market.nextHour === (market.health.hour + 1) * microsPerHour,
    "the window of health turns with the hours",
  )
  for (let instance = 0; instance < market.instances.used; instance++)
    if (market.instances.ids[instance] !== -1) refresh(market, instance)
}

/** Is whatever the hours could still change at its end? */
const isAtRest = (market: Market, isOpen: boolean): boolean =>
  market.idleHours > market.rules.memoryHours &&
  mechanisms.every((one) => one.isAtRest?.(market, isOpen) ?? true)

const passHours = (market: Market, hours: number, isOpen: boolean): void => {
  for (const one of mechanisms) one.passHours?.(market, hours, isOpen)
  market.nextHour += hours * microsPerHour
  market.idleHours += hours
}

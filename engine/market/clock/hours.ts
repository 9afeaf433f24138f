/**
 * The turn of the hour: online time is credited, bounties are paid and announced anew, the health
 * window moves on, vested bounties are released at the turn of a day.
 *
 * However far the clock jumps, hours are turned one by one only for as long as the longest memory of
 * the rules. In a market where nothing has happened for that time each hour is like the last, and
 * further ones are turned in one go, to the very state that one by one would have led to.
 */
import { refresh } from "../admission/eligibility.ts"
import { announceBounties, hasDemand, passDemandHours, payBounties } from "../payout/bounty.ts"
import { releaseVested } from "../payout/vesting.ts"
import { passLikeHours, turnHour } from "../../rules/health.ts"
import { fadeCredibility } from "../reputation/credibility.ts"
import { fadeAnswers } from "../reputation/refusals.ts"
import type { Market } from "../state/market-state.ts"
import { microsPerDay, microsPerHour } from "../../core/units.ts"
import { creditOnline } from "../presence/online-time.ts"

/**
 * Turns the next hour, and before it as many like ones as there are up to `until`. `isOpen`: the
 * gateway was there, so what was asked of it is the demand. O(instances + models).
 */
export const turnHours = (market: Market, until: number, isOpen: boolean): void => {
  const further = Math.floor((until - market.nextHour) / microsPerHour)
  if (further > 0 && isAtRest(market, isOpen)) skipHours(market, further, isOpen)
  market.now = market.nextHour
  for (let instance = 0; instance < market.instances.used; instance++)
    if (market.instances.ids[instance] !== -1) creditOnline(market, instance)
  payBounties(market)
  turnHour(market.health)
  fadeAnswers(market, 1)
  fadeCredibility(market, 1)
  if (isOpen) announceBounties(market)
  if (market.nextHour % microsPerDay === 0) releaseVested(market)
  market.nextHour += microsPerHour
  market.idleHours += 1
  for (let instance = 0; instance < market.instances.used; instance++)
    if (market.instances.ids[instance] !== -1) refresh(market, instance)
}

/** Is whatever the hours could still change at its end? */
const isAtRest = (market: Market, isOpen: boolean): boolean =>
  market.idleHours > market.rules.memoryHours &&
  market.claimants.length === 0 &&
  market.vestings.size === 0 &&
  !(isOpen && hasDemand(market))

const skipHours = (market: Market, hours: number, isOpen: boolean): void => {
  const { columns, ids, used } = market.instances
  const micros = hours * microsPerHour
  for (let instance = 0; instance < used; instance++) {
    if (ids[instance] === -1 || columns.isOnline[instance] === 0) continue
    columns.onlineMicros[instance] += micros
    columns.creditedUntil[instance] += micros
  }
  passLikeHours(market.health, hours)
  fadeAnswers(market, hours)
  fadeCredibility(market, hours)
  if (isOpen) passDemandHours(market, hours)
  market.nextHour += micros
  market.idleHours += hours
}

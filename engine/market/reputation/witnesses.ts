/**
 * Witnesses: under `blame.minWitnesses` 2, a failure counts against an instance only together with one
 * that another party's call has shown. A party alone, whatever it sends, lowers nobody's score.
 *
 * Only credible parties are witnesses (`credibility.ts`). Failures are paired as they come: those of one
 * party wait as suspicions, and each failure of another party takes one of them along. So where many
 * parties call, nearly all failures count, and one party adds at most as many as all others together.
 * What waits counts, as far as the breaker remembers it, when a probe of the gateway's own fails, and is
 * dropped when one succeeds.
 */
import { invariant } from "../../core/invariant.ts"
import { beyondDoubt, disowned } from "../../rules/breaker.ts"
import type { Market } from "../state/market-state.ts"
import { partyOf } from "../state/market-state.ts"
import { isCredible } from "./credibility.ts"
import { count } from "../../rules/health.ts"

/** Counts a failure that a call of `account` has shown, or that is `beyondDoubt`. */
export const countFailure = (market: Market, instance: number, account: number): void => {
  invariant(account >= beyondDoubt, "a failure was shown by somebody, or is beyond doubt")
  const { columns } = market.instances
  const { suspicions, suspicionAccount } = columns
  if (market.rules.minWitnesses === 1 || account === beyondDoubt)
    return count(market.health, "failures", instance, 1)
  if (!isCredible(market, account, columns.operator[instance]))
    return count(market.health, "neutrals", instance, 1)
  if (suspicions[instance] === 0) {
    suspicions[instance] = 1
    suspicionAccount[instance] = account
  } else if (partyOf(market, suspicionAccount[instance]) === partyOf(market, account))
    suspicions[instance] += 1
  else {
    suspicions[instance] -= 1
    count(market.health, "failures", instance, 2)
  }
}

/** A probe has failed: the breaker's own memory bounds how many suspicions it confirms. */
export const confirmSuspicions = (market: Market, instance: number): void => {
  const { suspicions } = market.instances.columns
  const confirmed = Math.min(suspicions[instance], market.rules.breakerThreshold)
  if (confirmed > 0) count(market.health, "failures", instance, confirmed)
  suspicions[instance] = 0
}

export const dropSuspicions = (market: Market, instance: number): void => {
  market.instances.columns.suspicions[instance] = 0
}

/** Have as many parties as the rules ask for shown an instance's failures? `accounts`: of the calls. */
export const isWitnessed = (market: Market, instance: number, accounts: Int32Array): boolean => {
  if (market.rules.minWitnesses === 1) return true
  const operator = market.instances.columns.operator[instance]
  // What was shown to be nobody's failure makes the others doubtful.
  if (accounts.includes(disowned)) return false
  let first = -1
  for (const account of accounts) {
    if (account === beyondDoubt) return true
    if (!isCredible(market, account, operator)) continue
    const party = partyOf(market, account)
    if (first >= 0 && party !== first) return true
    first = party
  }
  return false
}

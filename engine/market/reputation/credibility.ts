/**
 * Credibility: whose failures say something of a host. A party whose calls fail wherever they go shows
 * nothing of any one host, and neither does one whose calls have never been served; they are no
 * witnesses (`witnesses.ts`), however many accounts send them.
 *
 * Against hosts of operator A, a party with s served and f failed attempts of late is credible when
 *
 *   s ≥ 1  and  f − fA ≤ 1 + (s + f) / 4
 *
 * where fA are its failures with A, as far as A has most of them: a majority count (Boyer and Moore
 * 1991), never more than there were. Counts are halved each hour, rounded down.
 */
import { invariant } from "../../core/invariant.ts"
import type { Market } from "../state/market-state.ts"
import { partyOf } from "../state/market-state.ts"

/** Of its attempts, so many may fail elsewhere. */
const tolerated = 1 / 4

/** An attempt of an account's call was served. On the path of every call. */
export const noteServed = (market: Market, account: number): void => {
  if (market.rules.minWitnesses > 1)
    market.accounts.columns.servedLately[partyOf(market, account)] += 1
}

/** An attempt of an account's call failed on an instance of `operator`. */
export const noteFailed = (market: Market, account: number, operator: number): void => {
  if (market.rules.minWitnesses === 1) return
  const { failedLately, failedOperator, failedThere } = market.accounts.columns
  const party = partyOf(market, account)
  failedLately[party] += 1
  if (failedThere[party] === 0) failedOperator[party] = operator
  failedThere[party] += failedOperator[party] === operator ? 1 : -1
  invariant(failedThere[party] >= 0, "a majority of failures is at least 0")
}

/** Do an account's calls say anything of a host of `operator`? */
export const isCredible = (market: Market, account: number, operator: number): boolean => {
  const { servedLately, failedLately, failedOperator, failedThere } = market.accounts.columns
  const party = partyOf(market, account)
  const failed = failedLately[party]
  const elsewhere = failed - (failedOperator[party] === operator ? failedThere[party] : 0)
  invariant(elsewhere >= 0, "a party fails with no operator more often than it fails")
  const attempts = servedLately[party] + failed
  return servedLately[party] > 0 && elsewhere <= 1 + attempts * tolerated
}

/** Two parties were found to be one; where it failed most starts anew. Failures with either are both's. */
export const joinCredibility = (market: Market, kept: number, joined: number): void => {
  const { servedLately, failedLately, failedOperator, failedThere } = market.accounts.columns
  for (const counts of [servedLately, failedLately]) {
    counts[kept] += counts[joined]
    counts[joined] = 0
  }
  failedThere[kept] = 0
  failedThere[joined] = 0
  const { used } = market.accounts
  for (let account = 0; account < used; account++)
    if (failedOperator[account] === joined) failedOperator[account] = kept
}

/** So many hours have turned. O(accounts). */
export const fadeCredibility = (market: Market, hours: number): void => {
  if (market.rules.minWitnesses === 1) return
  const { columns, used } = market.accounts
  for (const counts of [columns.servedLately, columns.failedLately, columns.failedThere])
    for (let account = 0; account < used; account++)
      if (counts[account] > 0) counts[account] = halved(counts[account], hours)
}

/** A count after so many halvings, each rounded down. */
export const halved = (count: number, times: number): number => {
  invariant(times >= 1, "what is remembered fades as hours turn")
  let left = count
  for (let turn = 0; turn < times && left > 0; turn++) left = Math.floor(left / 2)
  return left
}

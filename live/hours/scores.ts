/** What accounts are known for (docs/rules.md#reputation), as one figure. */
import type { Market } from "../../engine/index.ts"
import { reputations } from "../../engine/index.ts"

/** Four digits say all that there is to it. */
export const rounded = (value: number): number => Math.round(value * 10_000) / 10_000

/** The overall score of accounts, as the market stands now; a stranger's is 0. */
export const scoresIn = (market: Market): ((account: number) => number) => {
  const known = reputations(market)
  return (account) => rounded(known(account)?.overall ?? 0)
}

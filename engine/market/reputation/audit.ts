/** What holds of the memory of instances and parties between steps. */
import { invariant } from "../../core/invariant.ts"
import { microsPerHour } from "../../core/units.ts"
import { auditHealth } from "../../rules/health.ts"
import type { Market } from "../state/market-state.ts"

/** Asserts it of every instance and account. O(window · instances + accounts). */
export const auditReputation = (market: Market): void => {
  const { accounts, health, instances } = market
  auditHealth(health)
  invariant(
    market.nextHour === (health.hour + 1) * microsPerHour,
    "the present hour of health is the market's",
  )
  const { suspicions, suspicionAccount, answers, refusals } = instances.columns
  for (let instance = 0; instance < instances.used; instance++) {
    if (instances.ids[instance] === -1) continue
    invariant(suspicions[instance] >= 0, "what is suspected is at least 0")
    invariant(
      suspicions[instance] === 0 || accounts.ids[suspicionAccount[instance]] >= 0,
      "what is suspected was shown by an account",
    )
    invariant(answers[instance] >= 0 && refusals[instance] >= 0, "what was answered is at least 0")
  }
  for (let account = 0; account < accounts.used; account++) auditCredibility(market, account)
}

const auditCredibility = ({ accounts, rules }: Market, account: number): void => {
  const { failedLately, failedOperator, failedThere, party, servedLately } = accounts.columns
  const isFirst = party[account] === account
  const attempts = servedLately[account] + failedLately[account]
  invariant(isFirst || attempts === 0, "a party's attempts are counted at its first account")
  invariant(
    attempts === 0 || rules.minWitnesses > 1,
    "attempts are counted where witnesses are asked for",
  )
  invariant(
    failedThere[account] >= 0 && failedThere[account] <= failedLately[account],
    "a majority of failures is some of them",
  )
  invariant(
    failedThere[account] === 0 || party[failedOperator[account]] === failedOperator[account],
    "failures are with an operator's first account",
  )
}

/** What holds of swarms between steps. */
import { invariant } from "../../core/invariant.ts"
import { dayOf } from "../../rules/ratings.ts"
import { topicNames, topics } from "../../rules/swarms.ts"
import { isRate } from "../listings/listings.ts"
import type { Market, Member } from "../state/market-state.ts"
import { noRate } from "./members.ts"

/** Asserts it of every member, and of what is kept of rates. O(members + accounts with hours). */
export const auditSwarms = (market: Market): void => {
  const { accounts, advice, now, realised, rules, swarms } = market
  for (const members of swarms)
    for (const [account, member] of members) {
      invariant(accounts.ids[account] >= 0, "a member of a swarm is an account")
      auditMember(member)
    }
  invariant(
    advice.day < 0 || (rules.isPricingAdvisory && advice.day <= dayOf(now) - 2),
    "what a swarm tells of a day is a day old",
  )
  for (const { day, byAccount } of realised) {
    invariant(
      day <= dayOf(now) && day > dayOf(now) - 3,
      "the days that are kept are those that are still to be told",
    )
    for (const { due, jobMicros } of byAccount.values())
      invariant(due >= 0 && jobMicros > 0, "what was realised was realised by hours")
  }
}

const auditMember = ({ proposedRate, words }: Member): void => {
  invariant(proposedRate === noRate || isRate(proposedRate), "a member proposes a rate, or none")
  invariant(
    topicNames.every((topic, place) => words[place] <= topics[topic].length),
    "a member reports in the words that there are",
  )
}

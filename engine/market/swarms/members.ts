/** Who is in a swarm, and what members report and propose (docs/rules.md#swarms). */
import { invariant } from "../../core/invariant.ts"
import { slotOf } from "../../core/table.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf, Swarm } from "../../protocol/event.ts"
import { swarmNames } from "../../protocol/event.ts"
import { topicNames, topics } from "../../rules/swarms.ts"
import { isRate } from "../listings/listings.ts"
import type { Market, Member } from "../state/market-state.ts"

/** The members of a swarm, by account slot. */
export const membersOf = ({ swarms }: Market, swarm: Swarm): Map<number, Member> => {
  const members = swarms[swarmNames.indexOf(swarm)]
  invariant(members !== undefined, "a swarm is one of those that there are")
  return members
}

export const onSwarmJoined = (
  market: Market,
  { account: id, isActive, sharesPerformance, swarm }: EventOf<"SwarmJoined">,
): Rejection | undefined => {
  if (!market.rules.areHoursSold) return "HoursNotSold"
  const account = slotOf(market.accounts, id)
  if (account < 0) return "UnknownAccount"
  const { isPricingAdvisory, isPricingBinding } = market.rules
  if (swarm === "pricing" && !isPricingAdvisory && !isPricingBinding) return "SwarmOff"
  const members = membersOf(market, swarm)
  const before = members.get(account)
  members.set(account, {
    isActive,
    sharesPerformance,
    proposedRate: before?.proposedRate ?? noRate,
    words: before?.words ?? topicNames.map(() => 0),
    wordAt: before?.wordAt ?? 0,
  })
  return undefined
}

export const noRate = -1

export const onSwarmLeft = (
  market: Market,
  { account: id, swarm }: EventOf<"SwarmLeft">,
): Rejection | undefined => {
  const account = slotOf(market.accounts, id)
  if (account < 0) return "UnknownAccount"
  return membersOf(market, swarm).delete(account) ? undefined : "NotMember"
}

export const onDataShared = (
  market: Market,
  { account: id, topic, word }: EventOf<"DataShared">,
): Rejection | undefined => {
  const account = slotOf(market.accounts, id)
  if (account < 0) return "UnknownAccount"
  const members = membersOf(market, "intelligence")
  const member = members.get(account)
  if (member === undefined) return "NotMember"
  const place = topicNames.indexOf(topic)
  const code = (topics[topic] as ReadonlyArray<string> | undefined)?.indexOf(word) ?? -1
  if (code < 0) return "InvalidQuantity"
  const words = member.words.map((before, at) => (at === place ? code + 1 : before))
  members.set(account, { ...member, words, wordAt: market.now })
  return undefined
}

export const onPriceProposed = (
  market: Market,
  { account: id, baseRate }: EventOf<"PriceProposed">,
): Rejection | undefined => {
  const account = slotOf(market.accounts, id)
  if (account < 0) return "UnknownAccount"
  if (!isRate(baseRate)) return "InvalidQuantity"
  const members = membersOf(market, "pricing")
  const member = members.get(account)
  if (member === undefined) return "NotMember"
  // What is said of future prices where nothing follows from it is said to others.
  if (!market.rules.isPricingBinding) return "SwarmOff"
  members.set(account, { ...member, proposedRate: baseRate })
  return undefined
}

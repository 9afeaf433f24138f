/** What swarms show (docs/rules.md#swarms): to everybody counts and past means, to those who share what others share. */
import type { AccountId } from "../../core/ids.ts"
import { slotOf } from "../../core/table.ts"
import type { Swarm } from "../../protocol/event.ts"
import { swarmNames } from "../../protocol/event.ts"
import { topicNames, topics } from "../../rules/swarms.ts"
import type { Topic } from "../../rules/swarms.ts"
import type { Market, MarketHandle, Member } from "../state/market-state.ts"
import { open, partyOf } from "../state/market-state.ts"
import { membersOf, noRate } from "../swarms/members.ts"
import { regionViews } from "./listing-view.ts"
import type { ReputationView } from "./reputation-view.ts"
import { reputationView } from "./reputation-view.ts"

/** How many parties have said each word of a topic. */
export type WordCounts = Readonly<Record<string, number>>

export interface SwarmsView {
  /** Accounts in each swarm. */
  readonly members: Readonly<Record<Swarm, number>>
  /** By topic; `undefined` where too few parties have said anything. */
  readonly reported: Readonly<Record<Topic, WordCounts | undefined>>
  /** What the market has measured meanwhile: the mean use of its regions now, and over a week. */
  readonly use: number
  readonly meanUse: number
  /** The mean rate of a past day, minor units a job-hour. */
  readonly advice: { readonly day: number; readonly ratePerHour: number } | undefined
}

export const swarmsView = (handle: MarketHandle): SwarmsView => {
  const market = open(handle)
  const regions = regionViews(handle)
  const meanOf = (what: "use" | "meanUse") =>
    regions.reduce((sum, one) => sum + one[what], 0) / Math.max(1, regions.length)
  return {
    members: Object.fromEntries(
      swarmNames.map((swarm) => [swarm, membersOf(market, swarm).size]),
    ) as SwarmsView["members"],
    reported: Object.fromEntries(
      topicNames.map((topic, place) => [topic, countsOf(market, topic, place)]),
    ) as SwarmsView["reported"],
    use: meanOf("use"),
    meanUse: meanOf("meanUse"),
    advice: market.advice.day < 0 ? undefined : { ...market.advice },
  }
}

/** A party says what the account of it says that has spoken last. */
const countsOf = (market: Market, topic: Topic, place: number): WordCounts | undefined => {
  const said = new Map<number, Member>()
  const members = [...membersOf(market, "intelligence")].toSorted(([a], [b]) => a - b)
  for (const [account, member] of members) {
    if (member.words[place] === 0) continue
    const party = partyOf(market, account)
    const before = said.get(party)
    if (before === undefined || member.wordAt >= before.wordAt) said.set(party, member)
  }
  if (said.size === 0 || said.size < market.rules.dataParties) return undefined
  const counts: Record<string, number> = Object.fromEntries(topics[topic].map((word) => [word, 0]))
  for (const { words } of said.values()) {
    const word = topics[topic][words[place] - 1]
    counts[word] = (counts[word] ?? 0) + 1
  }
  return counts
}

/** What an account is to a swarm that it is in. */
export interface MembershipView {
  readonly swarm: Swarm
  readonly isActive: boolean
  readonly sharesPerformance: boolean
  /** The base rate that it has proposed, minor units an hour for each job; `undefined`: none. */
  readonly proposedRate: number | undefined
  /** What it has said last, by topic. */
  readonly words: Readonly<Partial<Record<Topic, string>>>
}

/** The swarms that an account is in. */
export const membershipsOf = (
  handle: MarketHandle,
  id: AccountId,
): ReadonlyArray<MembershipView> => {
  const market = open(handle)
  const account = slotOf(market.accounts, id)
  return swarmNames.flatMap((swarm) => {
    const member = membersOf(market, swarm).get(account)
    if (member === undefined) return []
    const { isActive, sharesPerformance, proposedRate, words } = member
    const said = topicNames.flatMap((topic, place) =>
      words[place] === 0 ? [] : [[topic, topics[topic][words[place] - 1]] as const],
    )
    return [
      {
        swarm,
        isActive,
        sharesPerformance,
        proposedRate: proposedRate === noRate ? undefined : proposedRate,
        words: Object.fromEntries(said),
      },
    ]
  })
}

/** Do the nodes of an account share a queue with others'? */
export const sharesQueue = (handle: MarketHandle, id: AccountId): boolean => {
  const market = open(handle)
  return membersOf(market, "loadBalancing").get(slotOf(market.accounts, id))?.isActive ?? false
}

/** What the others have agreed to share of their performance; `undefined` to who shares none. */
export const sharedPerformance = (
  handle: MarketHandle,
  id: AccountId,
): ReadonlyArray<{ readonly account: AccountId; readonly known: ReputationView }> | undefined => {
  const market = open(handle)
  const members = membersOf(market, "loadBalancing")
  const account = slotOf(market.accounts, id)
  if (members.get(account)?.sharesPerformance !== true) return undefined
  return [...members]
    .filter(([other, { sharesPerformance }]) => sharesPerformance && other !== account)
    .map(([other]) => market.accounts.ids[other])
    .toSorted((a, b) => a - b)
    .flatMap((other) => {
      const known = reputationView(handle, other)
      return known === undefined ? [] : [{ account: other, known }]
    })
}

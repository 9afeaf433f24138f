/**
 * What a swarm does about rates (docs/rules.md#swarms), once a day: it sets all of its members' to their median, or
 * tells what was paid on average the day before yesterday.
 */
import { closed } from "../../machines/listing.ts"
import { dayOf } from "../../rules/ratings.ts"
import type { Realised, WeightedRate } from "../../rules/swarms.ts"
import { adviceOf, medianRate } from "../../rules/swarms.ts"
import { roomOf } from "../listings/listings.ts"
import { setMultiplier } from "../listings/repricing.ts"
import type { Market } from "../state/market-state.ts"
import { noAdvice, partyOf } from "../state/market-state.ts"
import { membersOf, noRate } from "./members.ts"

/** A day's figures are told a day after it is over. */
const daysUntilTold = 2

export const turnDay = (market: Market): void => {
  if (market.rules.isPricingBinding) bindRates(market)
  if (market.rules.isPricingAdvisory) advise(market)
}

/** Each listing's weight is what it has to sell; its rate what its host has proposed, or asks. O(listings · log). */
const bindRates = (market: Market): void => {
  const { columns } = market.listings
  const members = membersOf(market, "pricing")
  const listings = listingsOf(market, (account) => members.has(account))
  const rates = listings.map((listing): WeightedRate => {
    const proposed = members.get(columns.account[listing])?.proposedRate ?? noRate
    const rate = proposed === noRate ? columns.baseRate[listing] : proposed
    return { rate, capacity: roomOf(market, listing).jobs }
  })
  const median = medianRate(rates)
  if (median === undefined) return
  for (const listing of listings) {
    columns.baseRate[listing] = median
    setMultiplier(market, listing, columns.multiplierBps[listing])
  }
}

const listingsOf = (
  { listings }: Market,
  isWanted: (account: number) => boolean,
): ReadonlyArray<number> => {
  const { account, phase } = listings.columns
  const found: Array<number> = []
  for (let listing = 0; listing < listings.used; listing++)
    if (listings.ids[listing] !== -1 && phase[listing] !== closed && isWanted(account[listing]))
      found.push(listing)
  return found
}

/** A member's hours have come due. What somebody sells to itself says nothing of rates. */
export const noteRealised = (
  market: Market,
  provider: number,
  consumer: number,
  { due, jobMicros }: Realised,
): void => {
  if (!market.rules.isPricingAdvisory || !membersOf(market, "pricing").has(provider)) return
  if (jobMicros === 0 || partyOf(market, provider) === partyOf(market, consumer)) return
  const today = dayOf(market.now)
  let day = market.realised.find((one) => one.day === today)
  if (day === undefined) {
    day = { day: today, byAccount: new Map() }
    market.realised.push(day)
  }
  const before = day.byAccount.get(provider)
  day.byAccount.set(provider, {
    due: (before?.due ?? 0) + due,
    jobMicros: (before?.jobMicros ?? 0) + jobMicros,
  })
}

/** What was realised on a day is forgotten when it is told, or is not. */
const advise = (market: Market): void => {
  const day = dayOf(market.now) - daysUntilTold
  const told = market.realised.find((one) => one.day === day)
  const rest = market.realised.filter((one) => one.day > day)
  market.realised.splice(0, Infinity, ...rest)
  const parties = new Map<number, Realised>()
  for (const [account, { due, jobMicros }] of told?.byAccount ?? []) {
    const before = parties.get(partyOf(market, account))
    parties.set(partyOf(market, account), {
      due: (before?.due ?? 0) + due,
      jobMicros: (before?.jobMicros ?? 0) + jobMicros,
    })
  }
  const ratePerHour = adviceOf(market.rules, [...parties.values()])
  market.advice = ratePerHour === undefined ? noAdvice : { day, ratePerHour }
}

/**
 * States of markets that random lives came to, to be spoilt: each time a copy of the first one that shows
 * what is asked for, with the slot of whatever shows it.
 */
import { Either } from "effect"
import fc from "fast-check"
import { hardened } from "../../../engine/economy/presets/hardened.ts"
import { pooled } from "../../../engine/economy/presets/pooled.ts"
import type { Economy } from "../../../engine/economy/schema.ts"
import { serving, stopping } from "../../../engine/machines/presence.ts"
import { auditMarket } from "../../../engine/market/invariants.ts"
import { step } from "../../../engine/market/market.ts"
import type { Image } from "../../../engine/market/snapshot.ts"
import { imageOf, restoreImage } from "../../../engine/market/snapshot.ts"
import type { Market } from "../../../engine/market/state/market-state.ts"
import { open } from "../../../engine/market/state/market-state.ts"
import type { MarketEvent } from "../../../engine/protocol/event.ts"
import { anyLife, beginLife } from "../../properties/random-market.ts"
import { economyWith } from "../../support/market.ts"

const inService = (market: Market, instance: number): boolean => {
  const { isOnline, isSuspended, isUnavailable, service } = market.instances.columns
  return (
    isOnline[instance] === 1 &&
    service[instance] + isSuspended[instance] + isUnavailable[instance] === serving
  )
}

type Shows = (market: Market, slot: number) => boolean

const firstOf =
  (table: "accounts" | "instances" | "nodes" | "requests", shows: Shows) =>
  (market: Market): number => {
    const { ids, used } = market[table]
    for (let slot = 0; slot < used; slot++) if (ids[slot] !== -1 && shows(market, slot)) return slot
    return -1
  }

/** What a state may show, and where: a slot, or −1 where it does not. */
const features = {
  instance: firstOf("instances", ({ now }) => now > 0),
  quietInstance: firstOf(
    "instances",
    ({ instances: { columns }, now }, slot) =>
      now > 0 &&
      columns.isQuiet[slot] === 1 &&
      columns.inFlight[slot] === 0 &&
      columns.capacity[slot] > 1,
  ),
  absentInstance: firstOf(
    "instances",
    ({ instances }, slot) => instances.columns.isOnline[slot] === 0,
  ),
  drainedInstance: firstOf(
    "instances",
    ({ instances: { columns } }, slot) =>
      columns.service[slot] !== serving &&
      columns.service[slot] !== stopping &&
      columns.inFlight[slot] === 0,
  ),
  parkedInstance: firstOf(
    "instances",
    (market, slot) => inService(market, slot) && market.breakers.state[slot] === 1,
  ),
  breakerProbe: firstOf(
    "instances",
    (market, slot) => inService(market, slot) && market.instances.columns.probeFor[slot] === 1,
  ),
  doubtProbe: firstOf(
    "instances",
    (market, slot) => inService(market, slot) && market.instances.columns.probeFor[slot] === 3,
  ),
  watchedNode: firstOf(
    "nodes",
    ({ nodes: { columns } }, slot) => columns.isOnline[slot] + columns.isSupervised[slot] === 2,
  ),
  vestingAccount: firstOf("accounts", ({ vestings }, slot) => vestings.has(slot)),
  joinedAccount: firstOf("accounts", ({ accounts }, slot) => accounts.columns.party[slot] !== slot),
  openRequest: firstOf(
    "requests",
    ({ instances, requests: { columns }, rules }, slot) =>
      columns.maxTokens[slot] > 100 &&
      columns.outputPricePerMtok[slot] > 1_000_000 &&
      columns.attempt[slot] + 1 < rules.maxAttempts &&
      instances.columns.service[columns.instance[slot]] !== stopping,
  ),
  openWithdrawal: ({ ledger: { holds } }: Market): number =>
    holds.withdrawals.ids.findIndex((id) => id !== -1),
}
export type Feature = keyof typeof features

/** Rules under which lives are eventful: ramps are short, bounties are paid and vest. */
const eventful = economyWith(
  {
    ramp: { onlineHours: 0.1, successes: 0 },
    bounty: {
      target: 10_000,
      maxMultiplier: 7.5,
      averageHours: 0.5,
      vestingDays: 3,
      vestingAboveBps: 0,
    },
    trust: { tiers: [{ name: "new", onlineDays: 0, minHealth: 0, maxMultiplier: 5 }] },
    withdrawal: { minimumCredits: 0 },
    breaker: { minFailureRatio: 0 },
  },
  hardened,
)
const economies: Readonly<Record<string, Economy>> = { eventful, hardened, pooled }
export type EconomyName = "eventful" | "hardened" | "pooled"

const found = new Map<string, Image>()
const lives = fc.sample(anyLife, { numRuns: 120, seed: 5 })
const lived = { eventful: 0, hardened: 0, pooled: 0 }

const growUntil = (economy: EconomyName, feature: Feature): Image => {
  const key = `${economy} ${feature}`
  for (; !found.has(key); lived[economy]++) {
    const life = lives[lived[economy]]
    if (life === undefined) throw new Error(`no life under ${economy} came to a ${feature}`)
    const { market, play } = beginLife(economies[economy]!, "life", false)
    for (const deed of life) {
      play(deed)
      for (const [name, slotIn] of Object.entries(features))
        if (!found.has(`${economy} ${name}`) && slotIn(open(market)) >= 0)
          found.set(`${economy} ${name}`, imageOf(market))
    }
  }
  return found.get(key)!
}

/** A copy of a state that shows the feature, and the slot that does. */
const stateWith = (feature: Feature, economy: EconomyName) => {
  const market = open(Either.getOrThrow(restoreImage(growUntil(economy, feature))))
  return { market, slot: features[feature](market) }
}

type Spoil<A> = (market: Market, slot: number) => A

/** Something done to such a state. */
export const given =
  (feature: Feature, act: Spoil<void>, economy: EconomyName = "eventful") =>
  (): void => {
    const { market, slot } = stateWith(feature, economy)
    act(market, slot)
  }

/** Such a state is spoilt, and audited. */
export const audited = (feature: Feature, spoil: Spoil<void>, economy?: EconomyName) =>
  given(
    feature,
    (market, slot) => {
      auditMarket(market)
      spoil(market, slot)
      auditMarket(market)
    },
    economy,
  )

type WithoutTime<E> = E extends unknown ? Omit<E, "at"> : never

/** Such a state is spoilt, and an event sent. */
export const stepped = (
  feature: Feature,
  spoil: Spoil<WithoutTime<MarketEvent>>,
  economy?: EconomyName,
) =>
  given(
    feature,
    (market, slot) => {
      const event = spoil(market, slot)
      step(market, { ...event, at: market.now } as MarketEvent, [])
    },
    economy,
  )

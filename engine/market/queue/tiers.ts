/**
 * Tiers (docs/rules.md#tiers): terms of a listing's host for calls, one for each priority. A call of a tier goes to
 * hosts that offer one of its priority, at that rate; the cheapest with room serves it.
 */
import { drawBelow } from "../../core/random.ts"
import { slotOf } from "../../core/table.ts"
import { isWhole, mulDivFloor } from "../../core/units.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf, Priority } from "../../protocol/event.ts"
import { priorities } from "../../protocol/event.ts"
import { noTier } from "../../rules/queue/fair-queue.ts"
import type { Ask } from "../../rules/pricing/pricing.ts"
import { lookAgainAtNode } from "../admission/probes.ts"
import { eligible } from "../admission/eligibility.ts"
import type { Market, Tier } from "../state/market-state.ts"
import { rankFlow } from "./flows.ts"

const mostRate = 1e15
const mostJobs = 1024
const mostLabel = 64

/** The class of a call's flow. */
export const classOf = (tier: Priority | undefined): number =>
  tier === undefined ? noTier : priorities.indexOf(tier) + 1

export const onTiersSet = (market: Market, event: EventOf<"TiersSet">): Rejection | undefined => {
  if (!market.rules.areTiersOffered) return "TiersNotOffered"
  const listing = slotOf(market.listings, event.listing)
  if (listing < 0) return "UnknownListing"
  if (!areTiers(event.tiers)) return "InvalidQuantity"
  setTiers(
    market,
    listing,
    event.tiers.map(({ label, priority, ratePerHour, maxJobs }) => ({
      label,
      class: classOf(priority),
      ratePerHour,
      maxJobs,
    })),
  )
  // Whoever waits may be served at other terms now.
  lookAgainAtNode(market, market.listings.columns.node[listing])
  return undefined
}

const areTiers = (tiers: EventOf<"TiersSet">["tiers"]): boolean =>
  Array.isArray(tiers) &&
  new Set(tiers.map(({ priority }) => priority)).size === tiers.length &&
  tiers.every(
    ({ label, priority, ratePerHour, maxJobs }) =>
      typeof label === "string" &&
      label.length <= mostLabel &&
      priorities.includes(priority) &&
      isWhole(ratePerHour) &&
      ratePerHour <= mostRate &&
      isWhole(maxJobs) &&
      maxJobs >= 1 &&
      maxJobs <= mostJobs,
  )

/** O(listings + flows). */
export const setTiers = (market: Market, listing: number, tiers: ReadonlyArray<Tier>): void => {
  market.tiers[listing] = tiers
  market.mostJobs.fill(0)
  for (const ofListing of market.tiers)
    for (const tier of ofListing)
      market.mostJobs[tier.class] = Math.max(market.mostJobs[tier.class], tier.maxJobs)
  for (let flow = 0; flow < market.flows.used; flow++)
    if (market.flows.ids[flow] !== -1) rankFlow(market, flow)
}

const tierAt = (market: Market, instance: number, kind: number): Tier | undefined => {
  const listing = market.nodes.columns.listing[market.instances.columns.node[instance]] - 1
  return listing < 0 ? undefined : market.tiers[listing]?.find((tier) => tier.class === kind)
}

/** What an hour of a tier costs there now; the listing's multiplier is on it as on the base rate. */
const rateAt = (market: Market, instance: number, tier: Tier): number => {
  const listing = market.nodes.columns.listing[market.instances.columns.node[instance]] - 1
  return mulDivFloor(tier.ratePerHour, market.listings.columns.multiplierBps[listing], 10_000)
}

/** The level at which an instance serves a call of a class: its tier's rate, or its price for anybody. */
export const levelFor = (market: Market, model: number, instance: number, kind: number): number => {
  if (kind === noTier) return market.rules.pricing.levelOf(market, model, instance)
  const tier = tierAt(market, instance, kind)
  return tier === undefined ? Infinity : rateAt(market, instance, tier)
}

/** The lowest level at which a call of a class could be served; +Infinity: nobody offers its tier. */
export const leastLevelFor = (market: Market, model: number, kind: number): number => {
  const { pricing } = market.rules
  if (kind === noTier) return pricing.leastLevel(market, model)
  return levelsOf(market, model, kind).reduce((least, level) => Math.min(least, level), Infinity)
}

/** The dearest that its consumer accepts and can pay. */
export const mostLevelFor = (
  market: Market,
  model: number,
  ask: Ask,
  budget: number,
  kind: number,
): number => {
  const { pricing } = market.rules
  const isAccepted = (level: number): boolean =>
    !pricing.isTooDear(market, model, ask, level) &&
    pricing.worst(market, model, ask, level) <= budget
  const levels =
    kind !== noTier
      ? levelsOf(market, model, kind)
      : pricing.isByInstance
        ? market.levels[model].prices
        : [pricing.leastLevel(market, model)]
  return levels.reduce((most, level) => (isAccepted(level) ? Math.max(most, level) : most), 0)
}

/** O(instances). */
const levelsOf = (market: Market, model: number, kind: number): ReadonlyArray<number> => {
  const { columns, ids, used } = market.instances
  const found: Array<number> = []
  for (let instance = 0; instance < used; instance++) {
    if (ids[instance] === -1 || columns.model[instance] !== model) continue
    const level = levelFor(market, model, instance, kind)
    if (level < Infinity) found.push(level)
  }
  return found
}

/** Draws who serves, among those that have not been tried: −1 where nobody can. O(log n), of a tier O(instances). */
export const drawFor = (
  market: Market,
  model: number,
  ask: Ask,
  budget: number,
  kind: number,
  tried: ReadonlyArray<number> = [],
): number => {
  if (kind === noTier) return market.rules.pricing.draw(market, model, ask, budget)
  const { pricing } = market.rules
  const { columns, ids, used } = market.instances
  let best = Infinity
  let found: Array<number> = []
  for (let instance = 0; instance < used; instance++) {
    if (ids[instance] === -1 || columns.model[instance] !== model) continue
    if (columns.reason[instance] !== eligible || tried.includes(instance)) continue
    const level = levelFor(market, model, instance, kind)
    if (level > best || level === Infinity || pricing.isTooDear(market, model, ask, level)) continue
    if (pricing.worst(market, model, ask, level) > budget) continue
    if (level < best) found = []
    best = level
    found.push(instance)
  }
  return found.length === 0 ? -1 : found[drawBelow(market.routeStreams[model], found.length)]
}

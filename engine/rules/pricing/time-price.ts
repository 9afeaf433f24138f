/**
 * A call costs the time that it takes, at the rate of its host's listing, and its tokens nothing
 * (docs/rules.md#priced-by-time). Rates are rounded down to three digits, so that there are few levels.
 */
import { microsPerHour, microsPerSecond, mulDivCeil } from "../../core/units.ts"
import { drawByLevel, leastLevel } from "./by-level.ts"
import { roundDown } from "./price-levels.ts"
import type { Offers, Pricing } from "./pricing.ts"

/** What so long costs at a rate an hour. */
export const priceOfTime = (micros: number, ratePerHour: number): number =>
  mulDivCeil(micros, ratePerHour, microsPerHour)

/** The level of whoever has no listing, and serves nobody: above every rate. */
const unlisted = Number.MAX_SAFE_INTEGER

const rateOf = ({ instances, listings, nodes }: Offers, _: number, instance: number): number => {
  const listing = nodes.columns.listing[instances.columns.node[instance]]
  return listing === 0 ? unlisted : roundDown(listings.columns.rate[listing - 1])
}

/** The lowest rate that anybody has. */
const leastRate = (offers: Offers, model: number): number => {
  const least = leastLevel(offers, model)
  return least === unlisted ? 0 : least
}

const nothing = (): number => 0

export const timePrice: Pricing = {
  isByInstance: true,
  isByTime: true,
  inputPrice: nothing,
  leastLevel: leastRate,
  levelOf: rateOf,
  isTooDear: (_, __, { maxRatePerHour }, level) =>
    maxRatePerHour !== undefined && level > maxRatePerHour,
  worst: (offers, _, __, level) => priceOfTime(offers.rules.callTimeoutMicros, level),
  draw: drawByLevel,
  outputPrice: nothing,
}

const slack = 1.25
const graceMicros = 5_000_000

/** The most that so many tokens account for, µs, at the measured speed of a stream. */
export const mostMicros = (tokens: number, tokensPerSecond: number): number =>
  tokensPerSecond === 0
    ? graceMicros
    : Math.floor((slack * tokens * microsPerSecond) / tokensPerSecond) + graceMicros

/** Rates are set anew every few minutes, region by region, as each listing's strategy says. */
import { invariant } from "../../core/invariant.ts"
import { microsPerDay } from "../../core/units.ts"
import { wakeAt } from "../../core/wake-queue.ts"
import { emit } from "../../protocol/command.ts"
import { priceStrategies } from "../../protocol/event.ts"
import { nextMultiplier } from "../../rules/hours/strategies.ts"
import { isWithin } from "../../rules/hours/spans.ts"
import { moveOffersOfNode } from "../pricing/offers.ts"
import type { Market } from "../state/market-state.ts"
import { ofRegions } from "../state/market-state.ts"
import { askForPeaks } from "./lookahead.ts"
import { countUse, takeRegionUse } from "./use.ts"

/** The mean use of a region is that of so long. */
const meanMicros = 7 * microsPerDay

/** The next turn: rates are set on the same minutes in every region. */
export const nextTurnOf = ({ now, rules: { adjustMicros } }: Market): number =>
  (Math.floor(now / adjustMicros) + 1) * adjustMicros

/** Sets the rates of a region's listings. O(listings + parties in the region). */
export const turnRegion = (market: Market, region: number): void => {
  const { columns } = market.regions
  const listings = listingsIn(market, region)
  let offeredMicros = 0
  for (const listing of listings) {
    countUse(market, listing)
    offeredMicros += market.listings.columns.offeredMicros[listing]
  }
  const use = takeRegionUse(market, region, offeredMicros)
  columns.use[region] = use
  columns.turns[region] += 1
  const turns = Math.min(columns.turns[region], meanMicros / market.rules.adjustMicros)
  columns.meanUse[region] += (use - columns.meanUse[region]) / turns
  for (const listing of listings) adjust(market, listing, region)
  askForPeaks(market, region)
  wakeAt(market.wakes[ofRegions], region, nextTurnOf(market))
}

const listingsIn = ({ listings }: Market, region: number): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (let listing = 0; listing < listings.used; listing++)
    if (listings.ids[listing] !== -1 && listings.columns.region[listing] === region)
      found.push(listing)
  return found
}

const adjust = (market: Market, listing: number, region: number): void => {
  const { rules, regions, now } = market
  const { columns } = market.listings
  const offered = columns.offeredMicros[listing]
  const multiplier = nextMultiplier(rules, priceStrategies[columns.strategy[listing]], {
    multiplierBps: columns.multiplierBps[listing],
    use: offered === 0 ? 0 : columns.busyMicros[listing] / offered,
    regionUse: regions.columns.use[region],
    regionMeanUse: regions.columns.meanUse[region],
    isPeak: isWithin(market.peaks[region], now),
    isInDemand: isInDemand(market, region),
    isBooked: columns.busyJobs[listing] > 0,
    idleMicros: columns.busyJobs[listing] > 0 ? 0 : now - columns.idleSince[listing],
    soldMicros: columns.soldMicros[listing],
    threshold: columns.thresholdBps[listing] / 10_000,
    mostBps: columns.mostBps[listing],
    peakBps: columns.peakBps[listing],
  })
  columns.busyMicros[listing] = 0
  columns.offeredMicros[listing] = 0
  setMultiplier(market, listing, multiplier)
}

/** Was so much of a region's capacity in use of late? */
export const isInDemand = ({ regions, rules }: Market, region: number): boolean =>
  regions.columns.turns[region] > 0 && regions.columns.use[region] >= rules.demandThreshold

/** Rates are whole minor units, rounded half up, and no lower than the host's own least. */
export const setMultiplier = (market: Market, listing: number, multiplierBps: number): void => {
  const { columns, ids } = market.listings
  invariant(multiplierBps > 0, "a rate is multiplied by something")
  columns.multiplierBps[listing] = multiplierBps
  const wanted = Math.floor((columns.baseRate[listing] * multiplierBps) / 10_000 + 0.5)
  const rate = Math.max(columns.leastRate[listing], wanted)
  if (rate === columns.rate[listing]) return
  columns.rate[listing] = rate
  moveOffersOfNode(market, columns.node[listing])
  emit(market.sink, { _tag: "Reprice", listing: ids[listing], ratePerHour: rate })
}

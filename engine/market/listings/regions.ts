/** Regions: where machines stand, and the peak hours of the clock there. */
import { insert, slotOf } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"
import { wakeAt } from "../../core/wake-queue.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { never, spansOf } from "../../rules/hours/spans.ts"
import type { Market } from "../state/market-state.ts"
import { ofRegions } from "../state/market-state.ts"
import { nextTurnOf } from "./repricing.ts"

/** The peak hours that are known stay: bookings were sold by them. An event brings the next ones. */
export const onRegionSet = (market: Market, event: EventOf<"RegionSet">): Rejection | undefined => {
  if (!market.rules.areHoursSold) return "HoursNotSold"
  if (!isWhole(event.region) || !isWhole(event.until)) return "InvalidQuantity"
  const spans = spansOf(event.peakFrom, event.peakUntil)
  if (spans === undefined || (spans.until.at(-1) ?? 0) > event.until) return "InvalidSpans"
  const known = slotOf(market.regions, event.region)
  const { columns } = market.regions
  const knownUntil = known >= 0 ? columns.peaksUntil[known] : 0
  if (event.until < knownUntil || (spans.from[0] ?? knownUntil) < knownUntil) return "PeaksFixed"
  const region = known >= 0 ? known : found(market, event.region)
  const { from, until } = market.peaks[region]
  market.peaks[region] = {
    from: Float64Array.of(...from, ...spans.from),
    until: Float64Array.of(...until, ...spans.until),
  }
  market.regions.columns.peaksUntil[region] = event.until
  return undefined
}

const found = (market: Market, id: number): number => {
  const region = insert(market.regions, id)
  market.peaks[region] = never
  market.regionDemand[region] = new Map()
  wakeAt(market.wakes[ofRegions], region, nextTurnOf(market))
  return region
}

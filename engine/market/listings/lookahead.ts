/** What is known of the future, schedules and peak hours, is asked for before it comes to its end. */
import { microsPerDay } from "../../core/units.ts"
import { emit } from "../../protocol/command.ts"
import type { Market } from "../state/market-state.ts"

/** More is asked for while no more than this is known. */
export const extendAheadMicros = 30 * microsPerDay

/** Asks for further peak hours while too few are known, and again after a day where nobody answers. */
export const askForPeaks = (market: Market, region: number): void => {
  const { askAt, peaksUntil } = market.regions.columns
  const until = market.now + extendAheadMicros + market.rules.maxAheadMicros
  if (peaksUntil[region] >= until || market.now < askAt[region]) return
  askAt[region] = market.now + microsPerDay
  emit(market.sink, {
    _tag: "ExtendPeaks",
    region: market.regions.ids[region],
    untilMicros: until + extendAheadMicros,
  })
}

/** What is known of the future, schedules and peak hours, is asked for before it comes to its end. */
import { microsPerDay } from "../../core/units.ts"
import { emit } from "../../protocol/command.ts"
import type { Market } from "../state/market-state.ts"

/** More is asked for while no more than this is known. */
export const extendAheadMicros = 30 * microsPerDay

/** Asks for further peak hours, turn by turn, while too few are known. */
export const askForPeaks = (market: Market, region: number): void => {
  if (!market.rules.isPeakByClock) return
  const until = market.now + extendAheadMicros + market.rules.maxAheadMicros
  if (market.regions.columns.peaksUntil[region] >= until) return
  emit(market.sink, {
    _tag: "ExtendPeaks",
    region: market.regions.ids[region],
    untilMicros: until + extendAheadMicros,
  })
}

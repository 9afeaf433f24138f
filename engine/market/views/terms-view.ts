/** What the rules ask of whoever drives the market, ready for use. */
import type { MarketHandle } from "../state/market-state.ts"
import { open } from "../state/market-state.ts"

export interface Terms {
  /** The least that can be withdrawn, minor units. */
  readonly leastWithdrawal: number
  /** A probe of a breaker, one of the speed floor and a measurement count as lost after this long, µs. */
  readonly probeLeaseMicros: number
  readonly floorProbeLeaseMicros: number
  readonly measureLeaseMicros: number
  /** Decoding below this is too slow, thousandths of a token per second. */
  readonly floorMilliTokensPerSecond: number
  /** Peak hours of the clock of a region, local hours of the day. */
  readonly peakFromHour: number
  readonly peakUntilHour: number
}

export const termsOf = (handle: MarketHandle): Terms => {
  const { economy, rules } = open(handle)
  return {
    leastWithdrawal: rules.minWithdrawalMinor,
    probeLeaseMicros: rules.probeLeaseMicros,
    floorProbeLeaseMicros: rules.floorProbeLeaseMicros,
    measureLeaseMicros: rules.measureLeaseMicros,
    floorMilliTokensPerSecond: rules.floorMilliTokensPerSecond,
    peakFromHour: economy.hours.peakFromHour,
    peakUntilHour: economy.hours.peakUntilHour,
  }
}

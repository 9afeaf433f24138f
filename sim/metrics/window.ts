/** A stretch of a replication, as metrics see it. */
import type { HoursRecording } from "../recording/hours-recorder.ts"
import type { PartyOutcome } from "../recording/replicated.ts"
import type { Channel, Recording } from "../recording/recorder.ts"
import type { BinRange } from "../recording/warm-up-cut.ts"
import type { NodeOutcome } from "../results/models/run-model.ts"

const daySeconds = 86_400

export const sumOf = (values: Float64Array): number => values.reduce((total, one) => total + one, 0)

export interface Window {
  readonly recording: Recording
  /** `null`: nobody sells hours. */
  readonly hours: HoursRecording | null
  /** As they are within the stretch. */
  readonly nodes: ReadonlyArray<NodeOutcome>
  /** By node: what its operator goes by; "" for those of a party. */
  readonly strategies: ReadonlyArray<string>
  /** By node: what its tokens are priced by; empty where nobody sets prices. */
  readonly priceStrategies: ReadonlyArray<string>
  /** Of the whole run. */
  readonly parties: ReadonlyArray<PartyOutcome>
  /** The stretch is [fromDay, fromDay + days). */
  readonly fromDay: number
  readonly days: number
  /** Of the whole run, its warm-up included: days, and requests that were served. */
  readonly horizonDays: number
  readonly servedInAll: number
  /** Minor units of a credit. */
  readonly minor: number
  readonly bins: BinRange
  /** Sum of a channel over the bins of the stretch. */
  readonly sum: (channel: Channel) => number
}

export interface WindowOptions {
  readonly hours: HoursRecording | null
  readonly horizonSeconds: number
  readonly scale: number
  readonly strategies: ReadonlyArray<string>
  readonly priceStrategies: ReadonlyArray<string>
  readonly parties: ReadonlyArray<PartyOutcome>
}

export const windowOf = (
  recording: Recording,
  nodes: ReadonlyArray<NodeOutcome>,
  bins: BinRange,
  { hours, horizonSeconds, scale, strategies, priceStrategies, parties }: WindowOptions,
): Window => {
  // The last bin is as much shorter as the horizon is no whole number of bins.
  const dayOfBin = (bin: number): number =>
    Math.min(horizonSeconds, bin * recording.binSeconds) / daySeconds
  return {
    recording,
    hours,
    nodes,
    strategies,
    priceStrategies,
    parties,
    fromDay: dayOfBin(bins.first),
    days:
      (bins.end === recording.bins ? horizonSeconds / daySeconds : dayOfBin(bins.end)) -
      dayOfBin(bins.first),
    horizonDays: horizonSeconds / daySeconds,
    servedInAll: sumOf(recording.sums.served),
    minor: 10 ** scale,
    bins,
    sum: (channel) => sumOf(recording.sums[channel].subarray(bins.first, bins.end)),
  }
}

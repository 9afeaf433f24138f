/** Recordings for the tests of what is made of them: empty ones, and ones filled bin by bin. */
import type { Channel, Recording } from "../../../sim/recording/recorder.ts"
import { Recorder } from "../../../sim/recording/recorder.ts"

export interface Filling {
  readonly horizonSeconds?: number
  readonly binSeconds?: number
  readonly models?: number
}

/** One device of each class: 0 consumer, 1 data centre, 2 Apple. */
export const openRecorder = (filling: Filling = {}): Recorder =>
  new Recorder({
    startMicros: 0,
    horizonSeconds: filling.horizonSeconds ?? 86_400,
    binSeconds: filling.binSeconds ?? 3600,
    models: filling.models ?? 1,
    hasHostPrices: false,
    floorTokensPerSecond: 5,
    classOfDevice: ["consumer", "datacenter", "apple"],
  })

/** A recording whose channels hold the given values, bin by bin, the drain last. */
export const recordingOf = (
  bins: Partial<Record<Channel, ReadonlyArray<number>>>,
  filling: Filling = {},
): Recording => {
  const recording = openRecorder(filling).recording()
  for (const [channel, values] of Object.entries(bins) as Array<[Channel, ReadonlyArray<number>]>)
    recording.sums[channel].set(values)
  return recording
}

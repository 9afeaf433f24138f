/**
 * How well each model is supplied: coverage, how often it is short, the bounty that answers, and how
 * long it takes after a crowd came for it.
 */
import type { Metric, Window } from "./metric.ts"
import { metric, sumOf } from "./metric.ts"
import type { ModelChannel } from "../recording/recorder.ts"

export interface OfferedModel {
  readonly name: string
  /** When the first flash crowd comes for it, s; null: none does. */
  readonly crowdSeconds: number | null
}

export const modelMetrics = (models: ReadonlyArray<OfferedModel>): ReadonlyArray<Metric> =>
  models.flatMap(({ name, crowdSeconds }, index) => [
    metric(
      `coverage.${name}`,
      "ratio",
      `Supply of ${name} against its target (1: covered), refused tries counted as demand`,
      sampled(index, "coverage"),
    ),
    metric(
      `coverageSpread.${name}`,
      "ratio",
      `Standard deviation of the coverage of ${name} over time`,
      coverageSpread(index),
    ),
    metric(
      `shortage.${name}`,
      "share",
      `Time in which the supply of ${name} was below its target`,
      sampled(index, "short"),
    ),
    ...(crowdSeconds === null
      ? []
      : [
          metric(
            `recovery.${name}`,
            "h",
            `From the first crowd for ${name} until its supply was back at the target for a day`,
            recoveryHours(index, crowdSeconds),
          ),
        ]),
    metric(`bounty.${name}`, "×", `Bounty multiplier of ${name}`, sampled(index, "multiplier")),
    metric(`nodes.${name}`, "nodes", `Nodes that served ${name}`, sampled(index, "nodes")),
  ])

const coverageSpread =
  (index: number) =>
  (window: Window): number => {
    const mean = sampled(index, "coverage")(window)
    const square = sampled(index, "coverageSquares")(window)
    return Math.sqrt(Math.max(0, square - mean * mean))
  }

const sampled =
  (index: number, channel: ModelChannel) =>
  ({ recording, firstBin, sum }: Window): number =>
    sumOf(recording.models[index][channel].subarray(firstBin, recording.bins)) / sum("samples")

/**
 * Hours from the crowd to the first bin that begins a whole day of full coverage, after the first one
 * without. 0 where the model was never short; NaN where it did not recover, or the run ended before the crowd.
 */
const recoveryHours =
  (index: number, crowdSeconds: number) =>
  ({ recording }: Window): number => {
    const { bins, binSeconds, models, sums } = recording
    const isShort = (bin: number) => models[index].coverage[bin] < sums.samples[bin]
    const first = Math.floor(crowdSeconds / binSeconds)
    if (first >= bins) return NaN
    let short = first
    while (short < bins && !isShort(short)) short++
    if (short === bins) return 0
    const dayBins = Math.ceil(86_400 / binSeconds)
    let covered = 0
    for (let bin = short; bin < bins; bin++) {
      covered = isShort(bin) ? 0 : covered + 1
      if (covered === dayBins) return ((bin + 1 - dayBins - first) * binSeconds) / 3600
    }
    return NaN
  }

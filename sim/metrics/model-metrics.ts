/**
 * How well each model is supplied: coverage, how often it is short, the bounty that answers, and how
 * long it takes after a crowd came for it.
 */
import type { ModelChannel } from "../recording/recorder.ts"
import type { Metric, MetricWords } from "./metric.ts"
import { metricsIn } from "./metric.ts"
import type { Window } from "./window.ts"
import { sumOf } from "./window.ts"

export interface OfferedModel {
  readonly name: string
  /** When the first flash crowd comes for it, s; null: none does. */
  readonly crowdSeconds: number | null
}

export const modelMetrics = (models: ReadonlyArray<OfferedModel>): ReadonlyArray<Metric> =>
  metricsIn(
    "models",
    models.flatMap(({ name, crowdSeconds }, index): ReadonlyArray<MetricWords> => [
      {
        name: `coverage.${name}`,
        label: `Coverage of ${name}`,
        unit: "ratio",
        meaning: `Supply of ${name} against its target (1: covered), refused tries counted as demand`,
        base: "time",
        valueOf: sampled(index, "coverage"),
      },
      {
        name: `coverageSpread.${name}`,
        label: `Its spread over time`,
        unit: "ratio",
        meaning: `Standard deviation of the coverage of ${name} over time`,
        base: "time",
        valueOf: coverageSpread(index),
      },
      {
        name: `shortage.${name}`,
        label: `${name} short`,
        unit: "share",
        meaning: `Time in which the supply of ${name} was below its target`,
        base: "time",
        valueOf: sampled(index, "short"),
      },
      ...(crowdSeconds === null ? [] : recoveryMetrics(name, index, crowdSeconds)),
      {
        name: `bounty.${name}`,
        label: `Bounty on ${name}`,
        unit: "×",
        meaning: `Bounty multiplier of ${name}`,
        base: "time",
        valueOf: sampled(index, "multiplier"),
      },
      {
        name: `nodes.${name}`,
        label: `Nodes for ${name}`,
        unit: "nodes",
        meaning: `Nodes that served ${name}`,
        base: "time",
        valueOf: sampled(index, "nodes"),
      },
    ]),
  )

const coverageSpread =
  (index: number) =>
  (window: Window): number => {
    const mean = sampled(index, "coverage")(window)
    const square = sampled(index, "coverageSquares")(window)
    return Math.sqrt(Math.max(0, square - mean * mean))
  }

const sampled =
  (index: number, channel: ModelChannel) =>
  ({ recording, bins, sum }: Window): number =>
    sumOf(recording.models[index][channel].subarray(bins.first, bins.end)) / sum("samples")

const recoveryMetrics = (
  name: string,
  index: number,
  crowdSeconds: number,
): ReadonlyArray<MetricWords> => [
  {
    name: `recovery.${name}`,
    label: `${name} back after the crowd`,
    unit: "h",
    meaning: `From the first crowd for ${name} until its supply was back at the target for a day; where the run ended first, as long as it was watched (Kaplan–Meier, restricted mean)`,
    base: "replications",
    window: "whole run",
    endsWith: `recovered.${name}`,
    valueOf: (window) => recoveryOf(window, index, crowdSeconds).hours,
  },
  {
    name: `recovered.${name}`,
    label: `${name} back before the end`,
    unit: "share",
    meaning: `Runs in which the supply of ${name} was back at the target for a day before they ended`,
    base: "replications",
    window: "whole run",
    valueOf: (window) => recoveryOf(window, index, crowdSeconds).isSeen,
  },
]

interface Recovery {
  /** From the crowd until the model was covered, or, not seen, as long as it surely was not. */
  readonly hours: number
  /** 1 or 0. */
  readonly isSeen: number
}

/**
 * The first bin that begins a whole day of full coverage, after the first one without. 0 hours where
 * the model was never short; NaN where the run ended before the crowd. What the run's end cut short
 * had at least not recovered before the last bin that was short.
 */
const recoveryOf = ({ recording }: Window, index: number, crowdSeconds: number): Recovery => {
  const { bins, binSeconds, models, sums } = recording
  const isShort = (bin: number) => models[index].coverage[bin] < sums.samples[bin]
  const first = Math.floor(crowdSeconds / binSeconds)
  if (first >= bins) return { hours: NaN, isSeen: NaN }
  const hoursUntil = (bin: number) => ((bin - first) * binSeconds) / 3600
  let short = first
  while (short < bins && !isShort(short)) short++
  if (short === bins) return { hours: 0, isSeen: 1 }
  const dayBins = Math.ceil(86_400 / binSeconds)
  let covered = 0
  for (let bin = short; bin < bins; bin++) {
    covered = isShort(bin) ? 0 : covered + 1
    if (covered === dayBins) return { hours: hoursUntil(bin + 1 - dayBins), isSeen: 1 }
  }
  return { hours: hoursUntil(bins - covered), isSeen: 0 }
}

/** Calls that wait for room: how many, for how long, who is refused, and how evenly those are served who wait. */
import type { TierChannel, TierRecord } from "../recording/queue-recorder.ts"
import { mergedSketch } from "../recording/sketches.ts"
import { firstDayAfter } from "../recording/warm-up-cut.ts"
import type { MetricWords } from "./metric.ts"
import { gainOrLoss, metricsIn } from "./metric.ts"
import type { Window } from "./window.ts"

/** What the registry depends on. */
export interface CataloguedQueue {
  /** Names of tiers; none: all calls are of one kind. */
  readonly tiers: ReadonlyArray<string>
  /** May items of batches give way? */
  readonly hasPreemption: boolean
}

type Of = (window: Window) => ReadonlyArray<TierRecord>

const sumOf = (
  records: ReadonlyArray<TierRecord>,
  channel: TierChannel,
  { bins }: Window,
): number =>
  records.reduce(
    (sum, record) =>
      record[channel].subarray(bins.first, bins.end).reduce((total, one) => total + one, sum),
    0,
  )

const ratio =
  (of: Of, top: TierChannel, bottom: TierChannel) =>
  (window: Window): number =>
    sumOf(of(window), top, window) / sumOf(of(window), bottom, window)

/** Quantiles are kept by day: of the days that lie in the window whole, the last of the run in any case. */
const quantile =
  (of: Of, p: number) =>
  (window: Window): number => {
    const { bins, recording } = window
    const days = of(window).flatMap(({ waits }) => {
      const end = bins.end === recording.bins ? waits.length : firstDayAfter(recording, bins.end)
      return waits.slice(firstDayAfter(recording, bins.first), end)
    })
    return days.length === 0 ? NaN : mergedSketch(days).quantile(p)
  }

const all: Of = ({ recording: { queue } }) => queue?.tiers ?? []

const ofTier =
  (wanted: string): Of =>
  ({ recording: { queue } }) =>
    (queue?.tiers ?? []).filter(({ name }) => name === wanted)

const made = "calls made"
const begun = "calls that began"

/** Of all calls, or of those of a tier. */
const waitsOf = (of: Of, tier?: string): ReadonlyArray<MetricWords> => {
  const own = (name: string): string => (tier === undefined ? name : `${name}.by.${tier}`)
  const label = (words: string): string => (tier === undefined ? words : `${words}, ${tier}`)
  const which = (words: string): string => (tier === undefined ? words : `${words} of tier ${tier}`)
  return [
    {
      name: own("queue.waitedShare"),
      label: label("Calls that waited"),
      unit: "share",
      meaning: `Calls that found no room and waited for it, whatever came of them`,
      base: which(made),
      valueOf: ratio(of, "waited", "asked"),
    },
    {
      name: own("queue.wait.mean"),
      label: label("Wait, mean"),
      unit: "s",
      meaning: "How long calls waited for room that began, those included that waited for none",
      base: which(begun),
      valueOf: ratio(of, "waitSeconds", "begun"),
    },
    {
      name: own("queue.wait.p99"),
      label: label("Wait, slowest 1%"),
      unit: "s",
      meaning: "One call in a hundred waited longer for room; from a sketch within 0.8%",
      base: `${which(begun)}, of whole days`,
      valueOf: quantile(of, 0.99),
    },
  ]
}

const refusals = [
  ["full", "Given up: the queue was full", "Calls given up since the queue was full", "full"],
  [
    "timeout",
    "Given up: waited for too long",
    "Calls given up that had waited for too long",
    "timedOut",
  ],
  [
    "left",
    "Given up: their consumers left",
    "Calls whose consumers left while these waited",
    "left",
  ],
] as const

const ofEach = (tier: string): ReadonlyArray<MetricWords> => {
  const of = ofTier(tier)
  const perDay = (channel: TierChannel) => (window: Window) =>
    sumOf(of(window), channel, window) / window.days
  return [
    ...waitsOf(of, tier),
    {
      name: `queue.servedShare.by.${tier}`,
      label: `Served, ${tier}`,
      unit: "share",
      meaning: "Calls that were served",
      base: `${made} of tier ${tier}`,
      most: null,
      valueOf: ratio(of, "served", "asked"),
    },
    {
      name: `queue.paidPerDay.by.${tier}`,
      label: `Paid, ${tier}`,
      unit: "credits/d",
      meaning: `What served calls of tier ${tier} were charged`,
      base: "time",
      valueOf: perDay("charged"),
    },
    {
      name: `queue.surplusPerDay.by.${tier}`,
      label: `Consumer surplus, ${tier}`,
      unit: "credits/d",
      meaning: `What served calls of tier ${tier} were worth beyond what they cost`,
      base: "time",
      ...gainOrLoss,
      valueOf: perDay("surplus"),
    },
  ]
}

export const queueMetrics = ({ tiers, hasPreemption }: CataloguedQueue) =>
  metricsIn("queue", [
    ...waitsOf(all),
    ...refusals.map(([reason, label, meaning, channel]): MetricWords => ({
      name: `queue.refused.${reason}`,
      label,
      unit: "share",
      meaning,
      base: made,
      valueOf: ratio(all, channel, "asked"),
    })),
    {
      name: "queue.jain",
      label: "Evenness among those who waited",
      unit: "index",
      meaning:
        "Jain's index of the work (input and twice the output tokens) that clients were served by weight; a party's accounts are one client",
      base: "clients of whom a call waited, hour by hour",
      valueOf: ({ bins, recording: { queue } }) => {
        const sum = (values: Float64Array | undefined) =>
          values?.subarray(bins.first, bins.end).reduce((total, one) => total + one, 0) ?? 0
        return sum(queue?.sums.jain) / sum(queue?.sums.jainSamples)
      },
    },
    ...(hasPreemption ? preemptions : []),
    ...tiers.flatMap(ofEach),
  ])

const totalOf =
  (channel: "preemptions" | "recalls") =>
  ({ bins, recording: { queue } }: Window): number =>
    queue === null
      ? NaN
      : queue.sums[channel].subarray(bins.first, bins.end).reduce((sum, one) => sum + one, 0)

const preemptions: ReadonlyArray<MetricWords> = [
  {
    name: "queue.preemptionsPerDay",
    label: "Items that gave way",
    unit: "1/d",
    meaning: "Items of batches that were to give way to a call that waited",
    base: "time",
    valueOf: (window) => totalOf("preemptions")(window) / window.days,
  },
  {
    name: "queue.gaveWayShare",
    label: "Of these, ended by themselves",
    unit: "share",
    meaning: "Items that had not to be broken off when their grace was over",
    base: "items that were to give way",
    least: null,
    valueOf: (window) => 1 - totalOf("recalls")(window) / totalOf("preemptions")(window),
  },
]

/**
 * A recording as the series and histograms that the reports draw, in the units of a reader.
 */
import type { Histogram, NodeOutcome, Series } from "../results/models/run-model.ts"
import { logHistogram, mergedSketch } from "../recording/sketches.ts"
import type { Channel, Recording } from "../recording/recorder.ts"
import { queueSeries } from "./queue-series.ts"
import { ageBinSeconds, deviceClasses, secondsOfBin } from "../recording/recorder.ts"

export const seriesOf = (
  recording: Recording,
  models: ReadonlyArray<string>,
): ReadonlyArray<Series> => {
  const { binSeconds, bins, sums, newcomers } = recording
  const series = (
    name: string,
    key: string,
    unit: string,
    value: (bin: number) => number,
  ): Series => ({
    name,
    key,
    unit,
    binSeconds,
    values: Array.from({ length: bins }, (_, bin) => finite(value(bin))),
  })
  const perSecond = (channel: Channel) => (bin: number) =>
    sums[channel][bin] / secondsOfBin(recording, bin)
  const rate = (name: string, key: string, unit: string, channel: Channel, perSeconds: number) =>
    series(name, key, unit, (bin) => perSecond(channel)(bin) * perSeconds)
  const perSample = (value: ArrayLike<number>) => (bin: number) => value[bin] / sums.samples[bin]
  const hour = 3600
  const rejections = rejectionsIn(recording)
  return [
    rate("requests.arrived", "", "requests/s", "arrived", 1),
    rate("requests.served", "", "requests/s", "served", 1),
    series("requests.rejected", "", "requests/s", (bin) =>
      rejections.reduce((sum, [, channel]) => sum + perSecond(channel)(bin), 0),
    ),
    series(
      "requests.badInput",
      "",
      "requests/s",
      (bin) => perSecond("badInput")(bin) + perSecond("tooLong")(bin),
    ),
    rate("requests.retried", "", "requests/s", "retried", 1),
    ...queueSeries(recording),
    ...rejections.map(([key, channel]) =>
      rate("requests.rejectedBy", key, "requests/s", channel, 1),
    ),
    ...deviceClasses.map((name) =>
      series(
        "utilisation",
        name,
        "share",
        (bin) => sums[`busySlotSeconds.${name}`][bin] / sums[`slotSeconds.${name}`][bin],
      ),
    ),
    ...deviceClasses.map((name) =>
      series("nodes.online", name, "nodes", perSample(sums[`nodes.${name}`])),
    ),
    ...models.flatMap((name, index) => [
      series("coverage", name, "ratio", perSample(recording.models[index].coverage)),
      series("bounty.multiplier", name, "×", perSample(recording.models[index].multiplier)),
      series("nodes.serving", name, "nodes", perSample(recording.models[index].nodes)),
    ]),
    ...recording.prices.flatMap((prices, index) => [
      ...(["low", "median", "high"] as const).map((level) =>
        series(
          `price.${level}`,
          models[index],
          "credits/Mtok",
          (bin) => prices[level][bin] / prices.samples[bin],
        ),
      ),
      series(
        "price.paid",
        models[index],
        "credits/Mtok",
        (bin) => (prices.paidCredits[bin] / prices.paidTokens[bin]) * 1e6,
      ),
    ]),
    rate("credits", "providers", "credits/h", "share", hour),
    rate("credits", "platform", "credits/h", "fee", hour),
    rate("credits", "bounty pool", "credits/h", "poolFee", hour),
    rate("credits", "withheld", "credits/h", "withheld", hour),
    rate("credits", "bounties paid", "credits/h", "bountyPaid", hour),
    rate("credits", "promotions spent", "credits/h", "promotionsSpent", hour),
    series("bountyPool.balance", "", "credits", perSample(sums.bountyPool)),
    rate("breaker.parks", "", "parks/h", "parks", hour),
    series(
      "breaker.parkedShare",
      "",
      "share",
      (bin) => sums.parkedInstances[bin] / sums.instances[bin],
    ),
    rate("switches", "", "switches/h", "switches", hour),
    ...ageSeries(newcomers),
  ]
}

const rejectionsIn = ({ queue }: Recording): ReadonlyArray<readonly [string, Channel]> => [
  ["every node busy", "refused.NoCapacity"],
  ["no node serves the model", "refused.NoInstance"],
  ["attempts failed", "refused.AttemptFailed"],
  ["credits missing", "refused.InsufficientCredits"],
  ["price too high", "refused.PriceTooHigh"],
  ...(queue === null
    ? []
    : ([
        ["queue full", "refused.QueueFull"],
        ["waited too long", "refused.QueueTimeout"],
        ["left while waiting", "refused.Withdrawn"],
      ] as const)),
]

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

/** By age since joining, not by time of the run. */
const ageSeries = (newcomers: Recording["newcomers"]): ReadonlyArray<Series> =>
  (
    [
      ["newcomer.ramp", newcomers.ramp, newcomers.onlineSeconds],
      ["newcomer.traffic", newcomers.traffic, newcomers.veteranTraffic],
      ["newcomer.pay", newcomers.pay, newcomers.veteranPay],
    ] as const
  ).map(([name, own, equal]) => ({
    name,
    key: "",
    unit: "ratio",
    binSeconds: ageBinSeconds,
    values: Array.from(own, (value, bin) => finite(value / equal[bin])),
  }))

const healthEdges = Array.from({ length: 51 }, (_, i) => 0.5 + i / 100)

/** What was observed from `firstDay` on, and the nodes' health at the end. */
export const histogramsOf = (
  recording: Recording,
  nodes: ReadonlyArray<NodeOutcome>,
  firstDay: number,
): ReadonlyArray<Histogram> => [
  {
    name: "ttft",
    key: "",
    unit: "s",
    ...logHistogram(mergedSketch(recording.ttft.slice(firstDay)), 10),
  },
  ...deviceClasses.map((key) => ({
    name: "tokensPerSecond",
    key,
    unit: "tokens/s",
    ...logHistogram(mergedSketch(recording.decodeRates[key].slice(firstDay)), 20),
  })),
  {
    name: "health",
    key: "",
    unit: "score",
    edges: healthEdges,
    counts: healthEdges.slice(1).map(
      (edge, i) =>
        nodes.filter(({ health, leftSeconds, onlineHours }) => {
          if (leftSeconds !== null || onlineHours === 0) return false
          const isFirst = i === 0 && health < healthEdges[0]
          const isLast = i === healthEdges.length - 2 && health >= edge
          return isFirst || isLast || (health >= healthEdges[i] - 1e-9 && health < edge - 1e-9)
        }).length,
    ),
  },
]

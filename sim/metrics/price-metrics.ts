/** Where hosts set prices: what they ask and are paid, how far apart and how restless that is, and who lives by which strategy. */
import type { PriceChannel } from "../recording/price-samples.ts"
import type { NodeOutcome } from "../results/models/run-model.ts"
import type { Metric, MetricWords } from "./metric.ts"
import { gainOrLoss, metricsIn } from "./metric.ts"
import { daysPresent, payOf } from "./pay-metrics.ts"
import type { Window } from "./window.ts"
import { sumOf } from "./window.ts"

/** `strategies`: those that a scenario mixes. */
export const priceMetrics = (
  models: ReadonlyArray<string>,
  strategies: ReadonlyArray<string>,
): ReadonlyArray<Metric> =>
  metricsIn("prices", [
    {
      name: "price.lerner",
      label: "Lerner index",
      unit: "ratio",
      meaning:
        "(Price − cost of a token on a machine whose slots are all busy) ÷ price: 0 where hosts ask their cost, 1 where it costs them nothing",
      base: "calls served",
      least: null,
      most: 1,
      valueOf: ({ sum }) => sum("lerner") / sum("pricedCalls"),
    },
    {
      name: "price.refusedChanges",
      label: "Price changes refused",
      unit: "share",
      meaning: "Price changes that the market refused, as too soon or too far",
      base: "price changes asked for",
      valueOf: ({ sum }) => sum("priceChangesRefused") / sum("priceChanges"),
    },
    ...models.flatMap(ofModel),
    ...strategies.flatMap(ofStrategy),
  ])

const ofModel = (name: string, model: number): ReadonlyArray<MetricWords> => {
  const within = (channel: PriceChannel, { recording, bins }: Window): number =>
    sumOf(recording.prices[model][channel].subarray(bins.first, bins.end))
  const sampled =
    (channel: PriceChannel) =>
    (window: Window): number =>
      within(channel, window) / within("samples", window)
  return [
    {
      name: `price.asked.${name}`,
      label: `Asked for ${name}`,
      unit: "credits/Mtok",
      meaning: `What hosts asked for a million output tokens of ${name}`,
      base: "offers, over time",
      valueOf: sampled("mean"),
    },
    {
      name: `price.paid.${name}`,
      label: `Paid for ${name}`,
      unit: "credits/Mtok",
      meaning: `What consumers paid for a million output tokens of ${name}`,
      base: "output tokens delivered",
      valueOf: (window) => (within("paidCredits", window) / within("paidTokens", window)) * 1e6,
    },
    {
      name: `price.dispersion.${name}`,
      label: `Dispersion, ${name}`,
      unit: "ratio",
      meaning: `Coefficient of variation of what hosts asked for ${name} at one moment`,
      base: "time",
      valueOf: sampled("variation"),
    },
    {
      name: `price.volatility.${name}`,
      label: `Volatility, ${name}`,
      unit: "ratio",
      meaning: `Standard deviation of the change a day of the logarithm of what hosts asked for ${name} on average`,
      base: "time",
      valueOf: (window) => volatilityOf(window, model),
    },
  ]
}

/** From bin to bin, and scaled to a day as the changes of a random walk are. */
const volatilityOf = ({ recording, bins }: Window, model: number): number => {
  const { mean, samples } = recording.prices[model]
  const changes: Array<number> = []
  for (let bin = bins.first + 1; bin < bins.end; bin++)
    if (samples[bin] > 0 && samples[bin - 1] > 0)
      changes.push(Math.log(mean[bin] / samples[bin]) - Math.log(mean[bin - 1] / samples[bin - 1]))
  const average = changes.reduce((sum, one) => sum + one, 0) / changes.length
  const square =
    changes.reduce((sum, one) => sum + (one - average) * (one - average), 0) / (changes.length - 1)
  return Math.sqrt((square * 86_400) / recording.binSeconds)
}

const ofStrategy = (name: string): ReadonlyArray<MetricWords> => {
  const theirs = ({ nodes, priceStrategies }: Window): ReadonlyArray<NodeOutcome> =>
    nodes.filter(({ node }) => priceStrategies[node] === name)
  const tokens = (nodes: ReadonlyArray<NodeOutcome>): number =>
    nodes.reduce((sum, { outputTokens }) => sum + outputTokens, 0)
  return [
    {
      name: `price.share.by.${name}`,
      label: `Sold by ${name}`,
      unit: "share",
      meaning: `Output tokens that hosts of the price strategy ${name} sold`,
      base: "output tokens of all hosts",
      valueOf: (window) => tokens(theirs(window)) / tokens(window.nodes),
    },
    {
      name: `price.profit.by.${name}`,
      label: `Left to ${name}`,
      unit: "credits/d",
      meaning: `Pay less cost of a node and day, price strategy ${name}`,
      base: "days on the market's books, online or not",
      ...gainOrLoss,
      valueOf: (window) => {
        const own = theirs(window)
        const profit = own.reduce(
          (sum, node) => sum + payOf(node) / window.minor - node.costCredits,
          0,
        )
        return profit / own.reduce((sum, node) => sum + daysPresent(node, window), 0)
      },
    },
  ]
}

/** What hosts ask for a model at a moment, and the channels in which a run with host prices keeps it. */

/**
 * By model. Sampled every `sampleSeconds` in which anyone offers the model; divide by `samples`: the tenth,
 * the middle and the nine-tenths of what hosts ask, its mean and its coefficient of variation. Summed: what
 * was paid for output, and the tokens.
 */
export const priceChannels = [
  "samples",
  "low",
  "median",
  "high",
  "mean",
  "variation",
  "paidCredits",
  "paidTokens",
] as const
export type PriceChannel = (typeof priceChannels)[number]
export type PriceSamples = Readonly<Record<PriceChannel, Float64Array<ArrayBuffer>>>

export type AskedPrices = Readonly<Record<"low" | "median" | "high" | "mean" | "variation", number>>

/** By ascending price: so many ask so much. Undefined where nobody asks anything. O(levels). */
export const askedPrices = (
  levels: ReadonlyArray<{ readonly price: number; readonly instances: number }>,
): AskedPrices | undefined => {
  const count = levels.reduce((sum, { instances }) => sum + instances, 0)
  if (count === 0) return undefined
  const mean = levels.reduce((sum, { price, instances }) => sum + price * instances, 0) / count
  const square =
    levels.reduce(
      (sum, { price, instances }) => sum + (price - mean) * (price - mean) * instances,
      0,
    ) / count
  const quantile = (share: number): number => {
    let left = share * count
    return (levels.find(({ instances }) => (left -= instances) <= 0) ?? levels[0]).price
  }
  return {
    low: quantile(0.1),
    median: quantile(0.5),
    high: quantile(0.9),
    mean,
    variation: Math.sqrt(square) / mean,
  }
}

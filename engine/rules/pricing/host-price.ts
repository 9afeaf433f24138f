/**
 * Each host sets the price of its own tokens (docs/rules.md#host-prices). A model is then offered at a few
 * prices, and a request sees those that its consumer accepts and can pay.
 *
 * Under `priceLottery` a level is drawn with weight room ÷ price², and who serves within it by room; under
 * any other selection the lowest price with room serves, and the selection decides among equals.
 * O(levels + log n).
 */
import { choose, isFieldEmpty, roomOf } from "../selection.ts"
import { priceOf } from "../price.ts"
import type { Ask, Offers, Pricing } from "./pricing.ts"

export const hostPrice: Pricing = {
  isByInstance: true,
  inputPrice: (offers, model) => offers.models.columns.inputPricePerMtok[model],
  leastOutputPrice: (offers, model) => offers.levels[model].prices[0] ?? 0,
  draw: (offers, model, ask, budget) => {
    const affordable = countAffordable(offers, model, ask, budget)
    return offers.rules.selection === "priceLottery"
      ? drawByPrice(offers, model, affordable)
      : drawCheapest(offers, model, affordable)
  },
  outputPrice: (offers, model, instance) => {
    const { ownPricePerMtok } = offers.instances.columns
    const own = ownPricePerMtok[instance]
    return own === 0 ? offers.models.columns.outputPricePerMtok[model] : own
  },
}

/** How many of a model's levels, from the lowest on, the consumer accepts and can pay. */
const countAffordable = (offers: Offers, model: number, ask: Ask, budget: number): number => {
  const { inputTokens, maxTokens, maxPricePerMtok = Infinity } = ask
  const { prices } = offers.levels[model]
  const inputPrice = offers.rules.pricing.inputPrice(offers, model)
  let count = 0
  while (
    count < prices.length &&
    prices[count] <= maxPricePerMtok &&
    priceOf(inputTokens, inputPrice, maxTokens, prices[count]) <= budget
  )
    count++
  return count
}

const drawCheapest = (offers: Offers, model: number, affordable: number): number => {
  const { fields } = offers.levels[model]
  for (let level = 0; level < affordable; level++) {
    const field = offers.fields[fields[level]]
    if (!isFieldEmpty(field)) return choose(field, offers.rules, offers.routeStreams[model])
  }
  return -1
}

const drawByPrice = (offers: Offers, model: number, affordable: number): number => {
  const { prices, fields } = offers.levels[model]
  const weightOf = (level: number): number =>
    roomOf(offers.fields[fields[level]]) *
    (Math.max(1, prices[0]) / Math.max(1, prices[level])) ** 2
  let total = 0
  for (let level = 0; level < affordable; level++) total += weightOf(level)
  if (total === 0) return -1
  const stream = offers.routeStreams[model]
  let lot = stream.next() * total
  let drawn = -1
  for (let level = 0; level < affordable; level++) {
    const weight = weightOf(level)
    if (weight === 0) continue
    // The last with room takes what rounding leaves over.
    drawn = level
    if (lot < weight) break
    lot -= weight
  }
  return choose(offers.fields[fields[drawn]], offers.rules, stream)
}

/**
 * Who serves where the instances of a model differ in price: a model is then offered at a few levels, and a
 * request sees those that its consumer accepts and can pay.
 *
 * Under `priceLottery` a level is drawn with weight room ÷ price², and who serves within it by room; under
 * any other selection the lowest price with room serves, and the selection decides among equals.
 * O(levels + log n).
 */
import { choose, isFieldEmpty, roomOf } from "../selection.ts"
import type { Ask, Offers } from "./pricing.ts"

export const leastLevel = (offers: Offers, model: number): number =>
  offers.levels[model].prices[0] ?? 0

export const drawByLevel = (offers: Offers, model: number, ask: Ask, budget: number): number => {
  const affordable = countAffordable(offers, model, ask, budget)
  return offers.rules.selection === "priceLottery"
    ? drawByPrice(offers, model, affordable)
    : drawCheapest(offers, model, affordable)
}

/** How many of a model's levels, from the lowest on, the consumer accepts and can pay. */
const countAffordable = (offers: Offers, model: number, ask: Ask, budget: number): number => {
  const { pricing } = offers.rules
  const { prices } = offers.levels[model]
  let count = 0
  while (
    count < prices.length &&
    !pricing.isTooDear(offers, model, ask, prices[count]) &&
    pricing.worst(offers, model, ask, prices[count]) <= budget
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

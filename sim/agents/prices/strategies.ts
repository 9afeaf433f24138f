/**
 * How operators price their tokens. Four are those of honest markets; `predator` and `flicker` are
 * attacks, and hold only what makes them so.
 */
import { logit } from "../logit.ts"
import type { DecidePrice, RivalLevel } from "./price-view.ts"

/** What the platform lists, whatever the others do. */
const list: DecidePrice = ({ listPrice }) => listPrice

/**
 * A step below the cheapest rival with room, never below its own cost: two of them walk down to the cost
 * (the falling part of a price cycle; Maskin and Tirole, "A theory of dynamic oligopoly II", Econometrica
 * 56, 1988). Where nobody else has room it asks the list price.
 */
const undercutter: DecidePrice = ({ rivals, listPrice, breakEvenPrice }, { step }) => {
  const cheapest = rivals.find(({ hasRoom }) => hasRoom)
  return Math.max(breakEvenPrice, cheapest === undefined ? listPrice : cheapest.price * (1 - step))
}

/** Its cost by the token that it expects to sell, and a margin on top. */
const costPlus: DecidePrice = ({ breakEvenPrice }, { expectedUtilisation, margin }) =>
  (breakEvenPrice / expectedUtilisation) * (1 + margin)

/** A factor above what the middle one of its rivals asks. */
const premium: DecidePrice = ({ rivals, listPrice }, { factor }) =>
  factor * (medianOf(rivals) ?? listPrice)

/**
 * Tries what it asks now, a step less and a step more, and is the likelier to stay with a price the more
 * it earned at it (logit). What it never tried, it thinks is as good as what it asks now.
 */
const probing: DecidePrice = (view, { step }, stream) => {
  const { price, listPrice, believedProfitAt, temperatureCreditsPerDay } = view
  if (price === null) return listPrice
  const here = believedProfitAt(price)
  if (here === null) return price
  const options = [price / (1 + step), price, price * (1 + step)].map((decision) => ({
    decision,
    profit: believedProfitAt(decision) ?? here,
  }))
  return logit(options, temperatureCreditsPerDay, stream)
}

/** Asks far below the list price while there are rivals, and a multiple of it once they have left. */
const predator: DecidePrice = ({ rivals, leastPrice, listPrice }, { step, factor }) =>
  rivals.length > 0 ? Math.max(leastPrice, listPrice * (1 - step)) : factor * listPrice

/** Shows a price below the list and asks one above it by turns, as fast as it may. */
const flicker: DecidePrice = ({ price, listPrice }, { step, factor }) =>
  price !== null && price < listPrice ? listPrice * factor : listPrice * (1 - step)

export const priceStrategies = {
  list,
  undercutter,
  "cost-plus": costPlus,
  premium,
  probing,
  predator,
  flicker,
} as const satisfies Record<string, DecidePrice>

export type PriceStrategyName = keyof typeof priceStrategies
export const priceStrategyNames = Object.keys(priceStrategies) as ReadonlyArray<PriceStrategyName>

/** What the middle one asks; the lower of two in the middle. */
const medianOf = (levels: ReadonlyArray<RivalLevel>): number | undefined => {
  let left = levels.reduce((sum, { instances }) => sum + instances, 0) / 2
  return levels.find(({ instances }) => (left -= instances) <= 0)?.price
}

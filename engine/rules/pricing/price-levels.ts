/**
 * At which prices a model is offered: a few levels, ascending, each with the field of those who ask it.
 * Where the platform sets the price there is one.
 */
export interface PriceLevels {
  /** Minor units per million output tokens, ascending. */
  readonly prices: Array<number>
  readonly fields: Array<number>
  /** How many of those who ask it are on nodes that are online. */
  readonly online: Array<number>
}

/** The place of a price, or of the first above it. O(log levels). */
export const placeOf = ({ prices }: PriceLevels, price: number): number => {
  let from = 0
  let to = prices.length
  while (from < to) {
    const middle = (from + to) >> 1
    if (prices[middle] < price) from = middle + 1
    else to = middle
  }
  return from
}

/** Has a price no more than three significant digits? Prices in between would only be more levels. */
export const isRound = (price: number): boolean => price % unitOf(price) === 0

/** The nearest prices of three significant digits, at most and at least as high; minor units. */
export const roundDown = (price: number): number => {
  const unit = unitOf(price)
  return Math.floor(price / unit) * unit
}
export const roundUp = (price: number): number => {
  const unit = unitOf(price)
  return Math.ceil(price / unit) * unit
}

/** What the third digit of a price counts. */
const unitOf = (price: number): number => {
  let unit = 1
  while (price >= unit * 1000) unit *= 10
  return unit
}

/**
 * At which prices a model is offered: a few levels, ascending, each with the field of those who ask it.
 * Where the platform sets the price there is one.
 */
export interface PriceLevels {
  /** Minor units per million output tokens, ascending. */
  readonly prices: Array<number>
  readonly fields: Array<number>
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
export const isRound = (price: number): boolean => {
  let unit = 1
  while (price >= unit * 1000) unit *= 10
  return price % unit === 0
}

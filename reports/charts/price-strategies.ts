/** Where hosts set prices: what each price strategy sells, and what it leaves. */
import { chartByName } from "./by-name.ts"

const missing = "The run recorded no strategies of prices."

export const priceShares = chartByName({
  id: "price-shares",
  name: "Tokens sold by price strategy",
  metric: "price.share.by.",
  xTitle: "percent of all output tokens",
  titleOf: (most, text) => `Of all output tokens, ${most} sells the most: ${text} %`,
  note: "of all output tokens",
  bounds: [],
  factor: 100,
  missing,
})

export const priceProfits = chartByName({
  id: "price-profits",
  name: "Profit by price strategy",
  metric: "price.profit.by.",
  xTitle: "credits a node and day",
  titleOf: (most, text) => `A node’s day leaves ${most} the most: ${text} credits`,
  note: "pay less electricity or rent, by the day on the books",
  bounds: [{ at: 0, label: "" }],
  factor: 1,
  missing,
})

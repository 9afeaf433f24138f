/**
 * Credits and prices as people write them. The kernel counts minor units, and prices in minor units
 * per million tokens; outside, both are decimal credits, a price that of one token.
 */
import type { Market } from "../../engine/index.ts"
import { formatCredits, parseDecimal } from "../../engine/index.ts"
import type { ModelRecord } from "../directory/records.ts"

/** Per million tokens: 10^6. */
const mtokDecimals = 6

export const creditsOf = ({ economy }: Market, minor: number): string =>
  formatCredits(minor, economy.money.scale)

/**
 * The same as a number, for clients that read one: the double nearest to the decimal, which JSON writes as
 * that very decimal up to 15 digits, a thousand million credits at a scale of 6.
 */
export const creditsNumberOf = (market: Market, minor: number): number =>
  Number(creditsOf(market, minor))

/** Decimals that a price per token may have. */
export const priceDecimals = ({ economy }: Market): number => economy.money.scale + mtokDecimals

export const pricePerToken = (market: Market, perMtok: number): string =>
  formatCredits(perMtok, priceDecimals(market))

/** Minor units per million tokens, exactly; `undefined` where the text is no such price. */
export const parsePricePerToken = (market: Market, text: string): number | undefined =>
  parseDecimal(text, priceDecimals(market))

/** A model's prices, as every route shows them. */
export const pricesOf = (market: Market, model: ModelRecord) => ({
  input_price_per_token: pricePerToken(market, model.inputPricePerMtok),
  output_price_per_token: pricePerToken(market, model.outputPricePerMtok),
})

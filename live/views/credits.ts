/**
 * Credits and prices as people write them. The kernel counts minor units, and prices in minor units
 * per million tokens; outside, both are decimal credits, a price that of one token.
 */
import type { Market } from "../../engine/index.ts"
import {
  formatCredits,
  listingViews,
  marketView,
  parseDecimal,
  priceOf,
  priceOfTime,
} from "../../engine/index.ts"
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

/** Minor units, exactly; `undefined` where the text is no such amount. */
export const parseCredits = ({ economy }: Market, text: string): number | undefined =>
  parseDecimal(text, economy.money.scale)

/** A number as it was most likely written, without an exponent: 1.2e-7 is 0.00000012. */
export const decimalOf = (value: number): string => {
  const [digits = "", exponent = "0"] = String(value).split("e")
  const shift = Number(exponent)
  if (shift >= 0) return shift === 0 ? digits : BigInt(value).toString()
  const [whole = "", fraction = ""] = digits.split(".")
  return `0.${"0".repeat(-shift - whole.length)}${whole}${fraction}`
}

/** What the platform lists a model at. */
export const listedPricesOf = (
  market: Market,
  model: Pick<ModelRecord, "inputPricePerMtok" | "outputPricePerMtok">,
) => ({
  input_price_per_token: pricePerToken(market, model.inputPricePerMtok),
  output_price_per_token: pricePerToken(market, model.outputPricePerMtok),
})

/** What a model costs, as every route shows it; where hosts set prices, the least that is asked for it now. */
export const pricesOf = (market: Market, model: ModelRecord) => ({
  input_price_per_token: pricePerToken(market, inputPriceOf(market, model)),
  output_price_per_token: pricePerToken(
    market,
    levelsOf(market, model)[0] ?? outputPriceOf(market, model),
  ),
})

/** What a prompt's tokens cost, minor units per million. */
export const inputPriceOf = ({ economy }: Market, model: ModelRecord): number =>
  economy.pricing.inputTokens === "free" ? 0 : withPremium(economy, model, model.inputPricePerMtok)

/** What the platform asks for a model: its list price, and more where it is specialised. */
const withPremium = (
  { specialised }: Market["economy"],
  { accuracyBps }: ModelRecord,
  listed: number,
): number => {
  if (accuracyBps === undefined) return listed
  const factorBps = BigInt(10_000 + Math.round(specialised.premium * 10_000))
  return Number((BigInt(listed) * factorBps + 9999n) / 10_000n)
}

const outputPriceOf = ({ economy }: Market, model: ModelRecord): number =>
  withPremium(economy, model, model.outputPricePerMtok)

/** What a call asks for: the model and its tokens at most, and what it accepts. */
interface Asked {
  readonly model: ModelRecord
  readonly inputTokens: number
  readonly maxTokens: number
  readonly maxPricePerMtok?: number
  readonly maxRatePerHour?: number
}

/** The most that a call can come to, whoever serves it, minor units. */
export const mostCostOf = (market: Market, asked: Asked): number => {
  const { model, inputTokens, maxTokens, maxPricePerMtok = Infinity } = asked
  if (isChargedByTime(market)) return mostCostOfTime(market, asked)
  const outputPrice = Math.min(maxPricePerMtok, mostPriceOf(market, model))
  return priceOf(inputTokens, inputPriceOf(market, model), maxTokens, outputPrice)
}

/** Does a call cost its time, at the rate of its host's listing? */
export const isChargedByTime = ({ economy }: Market): boolean =>
  economy.pricing.tokens === "listing"

const mostCostOfTime = (market: Market, { maxRatePerHour = Infinity }: Asked): number => {
  const rates = listingViews(market).map(({ ratePerHour }) => ratePerHour)
  const rate = Math.min(maxRatePerHour, Math.max(0, ...rates))
  return priceOfTime(Math.round(market.economy.pricing.timeoutSeconds * 1e6), rate)
}

/** The most that anyone asks for a model's output, minor units per million tokens. */
const mostPriceOf = (market: Market, model: ModelRecord): number =>
  levelsOf(market, model).at(-1) ?? outputPriceOf(market, model)

/** Where hosts set prices, what they ask for a model, ascending. */
const levelsOf = (market: Market, { id }: ModelRecord): ReadonlyArray<number> =>
  market.economy.pricing.tokens === "host"
    ? (marketView(market)
        .find(({ model }) => model === id)
        ?.levels.map(({ outputPricePerMtok }) => outputPricePerMtok) ?? [])
    : []

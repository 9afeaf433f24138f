/**
 * Price and split of a call (docs/rules.md#fee). "The platform takes a 12% fee; the remaining 88% is
 * credited to the host" (000).
 *
 * charge = ceil(tokens · price / 10^6), never 0 for a served token at a price;
 * fee = floor(charge · feeBps / 10^4); share = charge − fee.
 */
import { mulDivCeil, mulDivFloor, tokensPerMtok } from "../core/units.ts"

/** Price of a call in minor units: input and output priced per million tokens, rounded up once. */
export const priceOf = (
  inputTokens: number,
  inputPricePerMtok: number,
  outputTokens: number,
  outputPricePerMtok: number,
): number => {
  const total = inputTokens * inputPricePerMtok + outputTokens * outputPricePerMtok
  if (total <= Number.MAX_SAFE_INTEGER) return Math.ceil(total / tokensPerMtok)
  const exact =
    BigInt(inputTokens) * BigInt(inputPricePerMtok) +
    BigInt(outputTokens) * BigInt(outputPricePerMtok)
  return Number((exact + BigInt(tokensPerMtok - 1)) / BigInt(tokensPerMtok))
}

export const feeOf = (charge: number, feeBps: number): number => mulDivFloor(charge, feeBps, 10_000)

/** What is new of the fee, and of the pool's part in it, with what was taken of both before: parts add up. */
export const feesDue = (
  { feeBps, poolFeeBps }: { readonly feeBps: number; readonly poolFeeBps: number },
  total: number,
  feeBefore: number,
  poolFeeBefore: number,
): { readonly fee: number; readonly poolFee: number } => {
  const fee = feeOf(total, feeBps)
  return { fee: fee - feeBefore, poolFee: mulDivFloor(fee, poolFeeBps, 10_000) - poolFeeBefore }
}

/** Gross, fee and net of N tokens at one price, minor units. What `evenkeel quote` prints. */
export interface Quote {
  readonly gross: number
  readonly fee: number
  readonly net: number
}

export const quote = (tokens: number, pricePerMtok: number, feeBps: number): Quote => {
  const gross = mulDivCeil(tokens, pricePerMtok, tokensPerMtok)
  const fee = feeOf(gross, feeBps)
  return { gross, fee, net: gross - fee }
}

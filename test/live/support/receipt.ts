import type { Receipt } from "../../../live/store/receipt.ts"

/** What a call of 400 and 300 tokens was charged for, but for who and when. */
export const plainReceipt = {
  inputTokens: 400,
  outputTokens: 300,
  inputPricePerMtok: 100_000,
  outputPricePerMtok: 400_000,
  charge: 160,
  outcome: "completed",
} as const satisfies Partial<Receipt>

/** A receipt as a row of the table `receipts`. */
import type { Receipt } from "../../receipt.ts"

/** Columns of the table, in the order of `receiptRow`. */
export const receiptColumns = [
  "request",
  "at",
  "account",
  "key",
  "request_id",
  "model",
  "instance",
  "input_tokens",
  "output_tokens",
  "input_price",
  "output_price",
  "charge",
  "outcome",
] as const

export const receiptRow = (receipt: Receipt): ReadonlyArray<unknown> => [
  receipt.request,
  receipt.at,
  receipt.account,
  receipt.key,
  receipt.requestId,
  receipt.model,
  receipt.instance,
  receipt.inputTokens,
  receipt.outputTokens,
  receipt.inputPricePerMtok,
  receipt.outputPricePerMtok,
  receipt.charge,
  receipt.outcome,
]

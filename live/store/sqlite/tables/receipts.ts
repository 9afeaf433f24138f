/** What calls were charged for, one row a call. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Effect } from "effect"
import type { Receipt, ReceiptQuery, UsageRow } from "../../receipt.ts"
import { usageParts } from "../../receipt.ts"
import type { UsageQuery } from "../../store.ts"

const asReceipt = `request, at, account, key, request_id AS requestId, model, instance,
  input_tokens AS inputTokens, output_tokens AS outputTokens, input_price AS inputPricePerMtok,
  output_price AS outputPricePerMtok, charge, outcome`

export const readReceipts = (
  reader: SqlClient,
  { account, fromMicros, key, model, requestId, before, count }: ReceiptQuery,
): Effect.Effect<ReadonlyArray<Receipt>, SqlError> => {
  const conditions = ["account = ?", "at >= ?"]
  const parameters: Array<number | string> = [account, fromMicros]
  const only = (condition: string, ...values: ReadonlyArray<number | string>): void => {
    conditions.push(condition)
    parameters.push(...values)
  }
  if (key !== undefined) only("key = ?", key)
  if (model !== undefined) only("model = ?", model)
  if (requestId !== undefined) only("request_id = ?", requestId)
  if (before !== undefined) only("(at, request) < (?, ?)", before.at, before.request)
  return reader.unsafe<Receipt>(
    `SELECT ${asReceipt} FROM receipts WHERE ${conditions.join(" AND ")}
      ORDER BY at DESC, request DESC LIMIT ?`,
    [...parameters, count],
  )
}

export const readReceiptsOf = (
  reader: SqlClient,
  requests: ReadonlyArray<number>,
): Effect.Effect<ReadonlyArray<Receipt>, SqlError> =>
  reader.unsafe<Receipt>(
    `SELECT ${asReceipt} FROM receipts WHERE request IN (SELECT value FROM json_each(?))
      ORDER BY request`,
    [JSON.stringify(requests)],
  )

/** How usage is told apart, in SQL; the span takes the origin and the length. */
const partOf = {
  span: "(at + CAST(? AS INTEGER)) / CAST(? AS INTEGER)",
  model: "model",
  key: "coalesce(key, -1)",
} as const

export const readUsage = (
  reader: SqlClient,
  { account, by, fromMicros, lengthMicros, originMicros, before, count }: UsageQuery,
): Effect.Effect<ReadonlyArray<UsageRow>, SqlError> => {
  const parts = usageParts.map((part) => `${by.includes(part) ? partOf[part] : "-1"} AS ${part}`)
  return reader.unsafe<UsageRow>(
    `SELECT * FROM (
      SELECT ${parts.join(", ")}, count(*) AS calls, sum(input_tokens) AS inputTokens,
        sum(output_tokens) AS outputTokens, sum(charge) AS charge
      FROM receipts WHERE account = ? AND at >= ? GROUP BY 1, 2, 3
    )${before === undefined ? "" : " WHERE (span, model, key) < (?, ?, ?)"}
    ORDER BY span DESC, model DESC, key DESC LIMIT ?`,
    [
      ...(by.includes("span") ? [originMicros, lengthMicros] : []),
      account,
      fromMicros,
      ...(before === undefined ? [] : [before.span, before.model, before.key]),
      count,
    ],
  )
}

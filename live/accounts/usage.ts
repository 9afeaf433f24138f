/** What an account's calls cost, by day (UTC), model and key: as JSON, page by page, and as CSV. */
import { Effect, Schema } from "effect"
import type { AccountId } from "../../engine/index.ts"
import { microsPerHour, microsPerSecond } from "../../engine/index.ts"
import type { LiveServices } from "../directory/services.ts"
import { durably } from "../driver/market-driver.ts"
import { csvOf } from "../http/csv.ts"
import { Cursor, described, optional, pageOf, queryCount, UnixSeconds } from "../http/fields.ts"
import { badRequest, unknownCursor } from "../http/http-error.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import type { UsagePart, UsagePlace, UsageRow } from "../store/receipt.ts"
import { creditsOf, pricePerToken } from "../views/credits.ts"
import type { UnixTime } from "../views/market-time.ts"

export const usageDays = queryCount("How many days back, today included", 90, 30)
const usageLimit = queryCount("At most so many", 1000, 200)

const parts = {
  day_model_key: ["span", "model", "key"],
  day: ["span"],
  model: ["model"],
  key: ["key"],
  none: [],
} as const satisfies Record<string, ReadonlyArray<UsagePart>>

export const UsageQuery = Schema.Struct({
  days: usageDays.field,
  by: optional(
    Schema.Literal("day_model_key", "day", "model", "key", "none"),
    "What it is told apart by; default: day_model_key. none: one sum",
  ),
  limit: usageLimit.field,
  cursor: Cursor,
})
export type UsageQuery = typeof UsageQuery.Type

export const CsvQuery = Schema.Struct({ days: usageDays.field })
export type CsvQuery = typeof CsvQuery.Type

const UsageView = Schema.Struct({
  at: described(Schema.NullOr(Schema.Int), "Start of the day, UTC, Unix time, s"),
  model: Schema.NullOr(Schema.String),
  key_id: described(
    Schema.NullOr(Schema.String),
    "null, where usage is told apart by keys: calls that a restart of the gateway cut off",
  ),
  key: described(Schema.NullOr(Schema.String), "What that key is called"),
  calls: Schema.Int,
  input_tokens: Schema.Int,
  output_tokens: Schema.Int,
  cost: described(Schema.String, "What was charged, credits"),
  cost_per_output_token: described(
    Schema.NullOr(Schema.String),
    "The same by output token, credits, prompts included; null: there was none",
  ),
})
type UsageView = typeof UsageView.Type

export const UsagePage = Schema.Struct({
  from: UnixSeconds,
  until: UnixSeconds,
  ...pageOf(UsageView).fields,
})

const microsPerDay = 24 * microsPerHour
const secondsPerDay = microsPerDay / microsPerSecond

/** When the first of so many days began, by the market's clock. */
export const fromMicrosOf = (
  { driver }: Pick<LiveServices, "driver">,
  unixTime: UnixTime,
  days: number,
): number => {
  const originMicros = unixTime(0) * microsPerSecond
  const today = Math.floor((driver.clock.nowMicros() + originMicros) / microsPerDay)
  return Math.max(0, (today - days + 1) * microsPerDay - originMicros)
}

const parseCursor = (given: string): UsagePlace => {
  const match = /^(-1|\d{1,9})_(-1|\d{1,15})_(-1|\d{1,15})$/.exec(given)
  if (match === null) throw unknownCursor()
  return { span: Number(match[1]), model: Number(match[2]), key: Number(match[3]) }
}

export const usagePage = (
  services: LiveServices,
  unixTime: UnixTime,
  account: AccountId,
  query: UsageQuery,
): Effect.Effect<typeof UsagePage.Type, StoreBroken | StoreFault> => {
  const by = parts[query.by ?? "day_model_key"]
  const before = query.cursor === undefined ? undefined : parseCursor(query.cursor)
  const count = usageLimit.read(query.limit)
  return Effect.gen(function* () {
    const { driver } = services
    const fromMicros = fromMicrosOf(services, unixTime, usageDays.read(query.days))
    const rows = yield* rowsOf(services, unixTime, account, fromMicros, by, count + 1, before)
    const shown = rows.slice(0, count)
    const last = shown.at(-1)
    return {
      from: unixTime(fromMicros),
      until: unixTime(driver.clock.nowMicros()),
      data: shown.map((row) => usageView(services, by, row)),
      next_cursor:
        rows.length > count && last !== undefined ? `${last.span}_${last.model}_${last.key}` : null,
    }
  })
}

const rowsOf = (
  { driver, store }: LiveServices,
  unixTime: UnixTime,
  account: AccountId,
  fromMicros: number,
  by: ReadonlyArray<UsagePart>,
  count: number,
  before?: UsagePlace,
): Effect.Effect<ReadonlyArray<UsageRow>, StoreBroken | StoreFault> =>
  Effect.zipRight(
    durably(driver),
    store.usage({
      account,
      by,
      fromMicros,
      lengthMicros: microsPerDay,
      originMicros: unixTime(0) * microsPerSecond,
      count,
      ...(before === undefined ? {} : { before }),
    }),
  )

const usageView = (
  { driver, directory }: LiveServices,
  by: ReadonlyArray<UsagePart>,
  row: UsageRow,
): UsageView => {
  const key = by.includes("key") ? directory.keys.get(row.key) : undefined
  return {
    at: by.includes("span") ? row.span * secondsPerDay : null,
    model: by.includes("model") ? (directory.models.get(row.model)?.name ?? "") : null,
    key_id: key?.publicId ?? null,
    key: key?.name ?? null,
    calls: row.calls,
    input_tokens: row.inputTokens,
    output_tokens: row.outputTokens,
    cost: creditsOf(driver.market, row.charge),
    cost_per_output_token:
      row.outputTokens === 0
        ? null
        : pricePerToken(driver.market, Math.round((row.charge * 1e6) / row.outputTokens)),
  }
}

const mostCsvRows = 10_000

/** All rows; throws where they are too many, since a table that is cut off looks whole. */
export const usageCsv = (
  services: LiveServices,
  unixTime: UnixTime,
  account: AccountId,
  days: number,
): Effect.Effect<string, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    const by = parts.day_model_key
    const fromMicros = fromMicrosOf(services, unixTime, days)
    const rows = yield* rowsOf(services, unixTime, account, fromMicros, by, mostCsvRows + 1)
    if (rows.length > mostCsvRows)
      throw badRequest(
        `The table has more than ${mostCsvRows} rows; ask for fewer days, or page by page with GET /account/usage`,
        "days",
      )
    return csvOf(
      ["day", "model", "key_id", "key", "calls", "input_tokens", "output_tokens", "cost_credits"],
      rows.map((row) => {
        const { at, model, key_id, key, calls, input_tokens, output_tokens, cost } = usageView(
          services,
          by,
          row,
        )
        return [
          at === null ? null : new Date(at * 1000).toISOString().slice(0, 10),
          model,
          key_id,
          key,
          calls,
          input_tokens,
          output_tokens,
          cost,
        ]
      }),
    )
  })

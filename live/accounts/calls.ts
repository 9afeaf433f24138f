/**
 * Calls that an account was charged for, each with what its charge follows from
 * (docs/rules.md#fee): `cost = ⌈input · its price + output · its price⌉`, in the last digit of a credit.
 */
import { Effect, Schema } from "effect"
import type { AccountId } from "../../engine/index.ts"
import type { LiveServices } from "../directory/services.ts"
import { durably } from "../driver/market-driver.ts"
import { Cursor, described, optional, pageOf, prices, UnixSeconds } from "../http/fields.ts"
import { badRequest, notFound, unknownCursor } from "../http/http-error.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import type { Receipt, ReceiptPlace } from "../store/receipt.ts"
import { creditsOf, pricePerToken } from "../views/credits.ts"
import type { UnixTime } from "../views/market-time.ts"
import { pageLimit } from "./bodies.ts"
import { fromMicrosOf, usageDays } from "./usage.ts"

const text = Schema.String.pipe(Schema.maxLength(200))

export const CallsQuery = Schema.Struct({
  days: usageDays.field,
  key_id: optional(text, "Only calls of that key"),
  model: optional(text, "Only calls of that model"),
  limit: pageLimit.field,
  cursor: Cursor,
})
export type CallsQuery = typeof CallsQuery.Type

export const ChargedCall = Schema.Struct({
  id: described(Schema.String, "call_…, as lines of the statement name it"),
  request_id: described(
    Schema.NullOr(Schema.String),
    "The answer's x-request-id; null: a restart of the gateway cut the call off",
  ),
  at: UnixSeconds,
  model: Schema.String,
  input_tokens: Schema.Int,
  output_tokens: Schema.Int,
  ...prices,
  cost: described(Schema.String, "What was charged, credits"),
  host_id: Schema.NullOr(Schema.String),
  host: described(Schema.NullOr(Schema.String), "Who served it"),
  key_id: described(Schema.NullOr(Schema.String), "Which key asked; null likewise"),
  key: described(Schema.NullOr(Schema.String), "What that key is called"),
  outcome: described(Schema.String, "completed, or how it was cut short"),
})
export type ChargedCall = typeof ChargedCall.Type
export const CallsPage = pageOf(ChargedCall)

export const callId = (request: number): string => `call_${request}`

const chargedCall = (
  { driver, directory }: LiveServices,
  unixTime: UnixTime,
  receipt: Receipt,
): ChargedCall => {
  const { market } = driver
  const host = hostOf(directory, receipt.instance)
  const key = receipt.key === null ? undefined : directory.keys.get(receipt.key)
  return {
    id: callId(receipt.request),
    request_id: receipt.requestId,
    at: unixTime(receipt.at),
    model: directory.models.get(receipt.model)?.name ?? "",
    input_tokens: receipt.inputTokens,
    output_tokens: receipt.outputTokens,
    input_price_per_token: pricePerToken(market, receipt.inputPricePerMtok),
    output_price_per_token: pricePerToken(market, receipt.outputPricePerMtok),
    cost: creditsOf(market, receipt.charge),
    host_id: host?.publicId ?? null,
    host: host?.name ?? null,
    key_id: key?.publicId ?? null,
    key: key?.name ?? null,
    outcome: receipt.outcome,
  }
}

export const hostOf = (directory: LiveServices["directory"], instance: number) => {
  const record = directory.instances.get(instance)
  return record === undefined ? undefined : directory.hosts.get(record.host)
}

const parseCursor = (given: string): ReceiptPlace => {
  const match = /^(\d{1,16})-(\d{1,15})$/.exec(given)
  if (match === null) throw unknownCursor()
  return { at: Number(match[1]), request: Number(match[2]) }
}

/** The latest first. Throws where the query names what there is not. */
export const callsPage = (
  services: LiveServices,
  unixTime: UnixTime,
  account: AccountId,
  query: CallsQuery,
): Effect.Effect<typeof CallsPage.Type, StoreBroken | StoreFault> => {
  const { directory, driver, store } = services
  const key = query.key_id === undefined ? undefined : ownKey(services, account, query.key_id)
  const model = query.model === undefined ? undefined : directory.modelByName(query.model)?.id
  if (query.model !== undefined && model === undefined)
    throw badRequest("model has to be one that GET /v1/models lists", "model")
  const before = query.cursor === undefined ? undefined : parseCursor(query.cursor)
  const count = pageLimit.read(query.limit)
  return Effect.gen(function* () {
    yield* durably(driver)
    const found = yield* store.receipts({
      account,
      fromMicros: fromMicrosOf(services, unixTime, usageDays.read(query.days)),
      count: count + 1,
      ...(key === undefined ? {} : { key }),
      ...(model === undefined ? {} : { model }),
      ...(before === undefined ? {} : { before }),
    })
    const shown = found.slice(0, count)
    const last = shown.at(-1)
    return {
      data: shown.map((receipt) => chargedCall(services, unixTime, receipt)),
      next_cursor: found.length > count && last !== undefined ? `${last.at}-${last.request}` : null,
    }
  })
}

const ownKey = ({ directory }: LiveServices, account: AccountId, publicId: string): number => {
  for (const key of directory.keys.all())
    if (key.publicId === publicId && key.account === account) return key.id
  throw badRequest("key_id has to be one that GET /account/keys lists", "key_id")
}

/** One call, by its own id or by its answer's x-request-id. 404 where the account has none. */
export const callOf = (
  services: LiveServices,
  unixTime: UnixTime,
  account: AccountId,
  id: string,
): Effect.Effect<ChargedCall, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    const { driver, store } = services
    yield* durably(driver)
    const [, number] = /^call_(\d{1,15})$/.exec(id) ?? []
    const found =
      number === undefined
        ? yield* store.receipts({ account, fromMicros: 0, requestId: id, count: 1 })
        : yield* store.receiptsOf([Number(number)])
    const receipt = found.find((one) => one.account === account)
    if (receipt === undefined) throw notFound(`call ${id.slice(0, 100)} of yours that was charged`)
    return chargedCall(services, unixTime, receipt)
  })

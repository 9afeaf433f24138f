/** `GET /market/history`: how the market was, for whoever draws it. Public, as the market's state is. */
import type { FastifyInstance } from "fastify"
import { Schema } from "effect"
import type { ModelRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import { described, optional, UnixSeconds } from "../http/fields.ts"
import { notFound } from "../http/http-error.ts"
import { routeSchema } from "../http/route-schema.ts"
import { runEffect } from "../http/run-effect.ts"
import { listedPricesOf } from "../views/credits.ts"
import type { Figures } from "./trend-figures.ts"
import type { TrendRange, Trends } from "./trends.ts"
import { trendRanges, wholeMarket } from "./trends.ts"

const HistoryQuery = Schema.Struct({
  range: optional(
    Schema.Literal("hour", "day", "week", "month"),
    "How far back: an hour by the minute, a day by 5 minutes, a week by 30 minutes, 30 days by 2 hours; default: day",
  ),
  model: optional(
    Schema.String.pipe(Schema.maxLength(200)),
    "Name of a model; default: the whole market",
  ),
})
type HistoryQuery = typeof HistoryQuery.Type

const Price = described(
  Schema.NullOr(Schema.String),
  "At the end of the span; null: the whole market",
)

const HistorySpan = Schema.Struct({
  at: described(UnixSeconds, "When the span begins"),
  seconds: described(Schema.Number, "Of the span, for how long the gateway was there"),
  supply_tokens_per_second: described(Schema.Number, "Mean over the span, as are all below"),
  held_back_tokens_per_second: described(Schema.Number, "By the ramp of new hosts"),
  asked_tokens_per_second: described(
    Schema.Number,
    "Served and refused, as the rules count demand",
  ),
  served_tokens_per_second: Schema.Number,
  hosts: described(Schema.Number, "Online; of a model, those that take calls for it"),
  finished: described(Schema.Int, "Calls served to their end in the span"),
  failed: described(Schema.Int, "Calls cut short after they had begun"),
  refused: Schema.Int,
  refused_by_reason: described(
    Schema.Record({ key: Schema.String, value: Schema.Int }),
    "Of these, how many for which reason",
  ),
  bounty_multiplier: described(Schema.NullOr(Schema.Number), "null: the whole market"),
  input_price_per_token: Price,
  output_price_per_token: Price,
})
type HistorySpan = typeof HistorySpan.Type

const History = Schema.Struct({
  model: described(Schema.NullOr(Schema.String), "null: the whole market"),
  from: UnixSeconds,
  to: UnixSeconds,
  step_seconds: described(Schema.Int, "Length of a span"),
  data: described(Schema.Array(HistorySpan), "In order; spans without a gateway are not in it"),
})

export const trendRoutes = (app: FastifyInstance, services: LiveServices, trends: Trends): void => {
  app.get<{ Querystring: HistoryQuery }>(
    "/market/history",
    {
      schema: routeSchema({
        tag: "Operations",
        summary:
          "How the market was: supply, demand, refusals, prices, bounties, over up to 30 days",
        query: HistoryQuery,
        answers: { 200: History },
        errors: [404],
      }),
    },
    async ({ query: { range = "day", model } }) => {
      const record = model === undefined ? undefined : modelOf(services, model)
      const spans = await runEffect(trends.read(range, record?.id ?? wholeMarket))
      const to = Math.floor(services.nowMillis() / 1000)
      return {
        model: record?.name ?? null,
        from: to - trendRanges[range satisfies TrendRange].seconds,
        to,
        step_seconds: trendRanges[range].stepSeconds,
        data: spans.map(({ at, figures }) => spanView(services, record, at, figures)),
      }
    },
  )
}

const modelOf = ({ directory }: LiveServices, name: string): ModelRecord => {
  const model = directory.modelByName(name)
  if (model === undefined) throw notFound(`model ${name}; GET /v1/models lists them`)
  return model
}

const spanView = (
  { driver: { market } }: LiveServices,
  model: ModelRecord | undefined,
  at: number,
  figures: Figures,
): HistorySpan => {
  const { seconds, inputPricePerMtok, outputPricePerMtok } = figures
  const mean = (sum: number): number => Math.round((sum / seconds) * 100) / 100
  const prices =
    model === undefined
      ? { input_price_per_token: null, output_price_per_token: null }
      : listedPricesOf(market, { ...model, inputPricePerMtok, outputPricePerMtok })
  return {
    at,
    seconds: Math.round(seconds),
    supply_tokens_per_second: mean(figures.supply),
    held_back_tokens_per_second: mean(figures.heldBack),
    asked_tokens_per_second: mean(figures.askedTokens),
    served_tokens_per_second: mean(figures.servedTokens),
    hosts: mean(figures.hosts),
    finished: figures.finished,
    failed: figures.failed,
    refused: Object.values(figures.refused).reduce((sum, calls) => sum + calls, 0),
    refused_by_reason: figures.refused,
    bounty_multiplier: model === undefined ? null : mean(figures.bounty),
    ...prices,
  }
}

/** What an account's calls cost, and why: for its own keys. */
import type { FastifyInstance, FastifyRequest } from "fastify"
import type { LiveServices } from "../directory/services.ts"
import type { AccountRecord } from "../directory/records.ts"
import { sendCsv } from "../http/csv.ts"
import { routeSchema } from "../http/route-schema.ts"
import { runEffect } from "../http/run-effect.ts"
import type { UnixTime } from "../views/market-time.ts"
import { ById } from "./bodies.ts"
import { callOf, CallsPage, callsPage, CallsQuery, ChargedCall } from "./calls.ts"
import { CsvQuery, usageCsv, usageDays, UsagePage, usagePage, UsageQuery } from "./usage.ts"

/** `accountOf`: whose key a request carries. */
export const usageRoutes = (
  app: FastifyInstance,
  services: LiveServices,
  unixTime: UnixTime,
  accountOf: (request: FastifyRequest) => AccountRecord,
): void => {
  const tag = "Accounts"
  const keys = ["account"] as const
  app.get<{ Querystring: UsageQuery }>(
    "/account/usage",
    {
      schema: routeSchema({
        tag,
        summary: "What the account's calls cost, by day, model and key, the latest day first",
        keys,
        query: UsageQuery,
        answers: { 200: UsagePage },
      }),
    },
    async (request) =>
      runEffect(usagePage(services, unixTime, accountOf(request).id, request.query)),
  )
  app.get<{ Querystring: CsvQuery }>(
    "/account/usage.csv",
    {
      schema: routeSchema({
        tag,
        summary: "The same as CSV, in one piece",
        keys,
        query: CsvQuery,
        answer:
          "text/csv: day, model, key_id, key, calls, input_tokens, output_tokens, cost_credits",
      }),
    },
    async (request, reply) => {
      const days = usageDays.read(request.query.days)
      const csv = await runEffect(usageCsv(services, unixTime, accountOf(request).id, days))
      return sendCsv(reply, "usage.csv", csv)
    },
  )
  app.get<{ Querystring: CallsQuery }>(
    "/account/calls",
    {
      schema: routeSchema({
        tag,
        summary: "Each call that the account was charged for, and what the charge follows from",
        keys,
        query: CallsQuery,
        answers: { 200: CallsPage },
      }),
    },
    async (request) =>
      runEffect(callsPage(services, unixTime, accountOf(request).id, request.query)),
  )
  app.get<{ Params: ById }>(
    "/account/calls/:id",
    {
      schema: routeSchema({
        tag,
        summary: "One of them, by its id or by its answer's x-request-id",
        keys,
        params: ById,
        answers: { 200: ChargedCall },
        errors: [404],
      }),
    },
    async (request) =>
      runEffect(callOf(services, unixTime, accountOf(request).id, request.params.id)),
  )
}

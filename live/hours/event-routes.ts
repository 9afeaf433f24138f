/** The feed of an account's bookings, and whom it is sent to. */
import type { FastifyInstance } from "fastify"
import { routeSchema } from "../http/route-schema.ts"
import { runEffect } from "../http/run-effect.ts"
import { sendSecret } from "../http/secret-answer.ts"
import * as Protocol from "../protocol/hours-protocol.ts"
import { accountKeys, accountOf, changeRate } from "./caller.ts"
import { eventsOf } from "./events.ts"
import type { Hours } from "./hours.ts"

const tag = "Hours"
const smallBodyBytes = 16_384

export const eventRoutes = (
  app: FastifyInstance,
  { services, calendar, webhooks }: Hours,
): void => {
  app.get<{ Querystring: Protocol.EventQuery }>(
    "/marketplace/events",
    {
      schema: routeSchema({
        tag,
        summary: "What has happened to the account's bookings, the oldest first",
        keys: accountKeys,
        query: Protocol.EventQuery,
        answers: { 200: Protocol.EventPage },
      }),
    },
    async (request) => {
      const { account } = accountOf(services, request)
      const { after = "0" } = request.query
      const count = Protocol.bookingLimit.read(request.query.limit)
      const data = await runEffect(eventsOf(services, calendar, account.id, Number(after), count))
      return { data, last_id: data.at(-1)?.id ?? after }
    },
  )
  app.post<{ Body: Protocol.WebhookWish }>(
    "/account/webhooks",
    {
      bodyLimit: smallBodyBytes,
      config: changeRate(services),
      schema: routeSchema({
        tag,
        summary:
          "Have the account's events sent to an address, signed; from now on, each at least once. The secret is shown this once",
        keys: accountKeys,
        body: Protocol.WebhookWish,
        answers: { 201: Protocol.NewWebhook },
        errors: [409],
      }),
    },
    async (request, reply) => {
      const { account } = accountOf(services, request)
      const { webhook, secret } = await webhooks.add(account.id, request.body.url)
      await services.driver.durable()
      return sendSecret(reply, 201, { ...webhooks.view(webhook), secret })
    },
  )
  app.get(
    "/account/webhooks",
    {
      schema: routeSchema({
        tag,
        summary: "Where the account's events are sent to",
        keys: accountKeys,
        answers: { 200: Protocol.WebhookList },
      }),
    },
    async (request) => {
      const { account } = accountOf(services, request)
      return { data: webhooks.of(account.id).map(webhooks.view) }
    },
  )
  app.delete<{ Params: Protocol.WebhookPath }>(
    "/account/webhooks/:id",
    {
      config: changeRate(services),
      schema: routeSchema({
        tag,
        summary: "Send them there no more",
        keys: accountKeys,
        params: Protocol.WebhookPath,
        without: "It is gone",
        errors: [404],
      }),
    },
    async (request, reply) => {
      const { account } = accountOf(services, request)
      webhooks.remove(account.id, request.params.id)
      await services.driver.durable()
      return reply.status(204).send()
    },
  )
}

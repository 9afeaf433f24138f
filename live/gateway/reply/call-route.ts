/**
 * A route that consumers call. It checks who asks and what, makes an order of it and opens the call,
 * which does the rest. What is a route's own is how its body becomes an order, and how the answer is
 * written.
 */
import type { AccountId } from "../../../engine/index.ts"
import type { Schema } from "effect"
import { Either } from "effect"
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { requireKey } from "../../directory/authentication.ts"
import type { KeyRecord } from "../../directory/records.ts"
import type { HttpError } from "../../http/http-error.ts"
import { jsonSchemaOf, openly } from "../../http/json-schema.ts"
import { routeSchema } from "../../http/route-schema.ts"
import type { LiveServices } from "../../directory/services.ts"
import type { Call, CallOrder, Consumer } from "../call/call.ts"
import type { CallRate } from "./call-rate.ts"
import type { Calls } from "../call/calls.ts"
import { loopOf } from "../couriers/loop.ts"
import { maxPriceHeader } from "../request/order.ts"

export interface CallRoute<Body> {
  readonly path: string
  readonly summary: string
  /** What a 200 is, in words. */
  readonly answer: string
  readonly schema: Schema.Schema.All
  /** The body as the order is made of it, or the error for the client. */
  readonly check: (body: unknown) => Either.Either<Body, HttpError>
  /** The order of a body that was checked. Throws, or rejects with, what the consumer is told. */
  readonly orderOf: (
    account: AccountId,
    body: Body,
    headers: FastifyRequest["headers"],
  ) => CallOrder | Promise<CallOrder>
  /** Who gets the answer. `callOf`: the call, once it is open. */
  readonly consumerOf: (
    order: CallOrder,
    body: Body,
    request: FastifyRequest,
    reply: FastifyReply,
    callOf: () => Call | undefined,
  ) => Consumer
}

/** What the routes share. */
export interface CallTools {
  readonly services: LiveServices
  readonly calls: Calls
  readonly rate: CallRate
  /** What a key with a limit has spent is known once this is over. */
  readonly readBudget: (key: KeyRecord) => Promise<void>
}

/** The key that a call came with. */
const callerKey = "gatewayCallerKey"

/** Once for each server, before its routes. */
export const decorateCalls = (app: FastifyInstance): void => {
  app.decorateRequest(callerKey, undefined)
}

export const callRoute = <Body>(
  app: FastifyInstance,
  { services, calls, rate, readBudget }: CallTools,
  route: CallRoute<Body>,
): void => {
  const { config, driver } = services
  app.post(
    route.path,
    {
      bodyLimit: config.limits.bodyBytes,
      schema: {
        ...routeSchema({
          tag: "Calls",
          summary: route.summary,
          keys: ["account"],
          body: route.schema,
          answer: route.answer,
          errors: [402, 404, 502, 504],
        }),
        // What it does not name is left out, not refused.
        body: openly(jsonSchemaOf(route.schema)),
        headers: {
          type: "object",
          properties: {
            [maxPriceHeader]: {
              type: "string",
              description: "Highest acceptable price of output tokens, credits per token",
            },
          },
        },
      },
      validatorCompiler: ({ httpPart }) =>
        httpPart === "body" ? (body) => checked(route, body) : () => true,
      onRequest: (request, _reply, done) => {
        // Who has no key, or comes when too much is under way, is told so before the body is read.
        const key = requireKey(services, request, "account")
        request.setDecorator(callerKey, key)
        const { via } = request.headers
        done(loopOf(via) ?? calls.excess() ?? rate.take(key.id, driver.clock.nowMicros()))
      },
    },
    (request, reply) => {
      const key = request.getDecorator<KeyRecord | undefined>(callerKey)
      if (key?.account === undefined) throw new Error("gateway: a consumer's key belongs to nobody")
      const body = request.body as Body
      const order = route.orderOf(key.account, body, request.headers)
      const begin = (counted: CallOrder): void => {
        if (reply.raw.destroyed) return
        const free = calls.budgets.reserve(key, counted)
        const asker = { key: key.id, requestId: request.id, free }
        open(calls, route, { ...counted, asker }, body, request, reply)
      }
      if (order instanceof Promise || key.limit !== undefined)
        readBudget(key)
          .then(() => order)
          .then(begin)
          .catch((error: unknown) => void reply.send(error))
      else begin(order)
    },
  )
}

/** As Fastify's validators answer: what it gives takes the body's place. */
const checked = <Body>({ check }: CallRoute<Body>, body: unknown) =>
  Either.match(check(body), {
    onLeft: (error) => ({ error }),
    onRight: (value) => ({ value }),
  })

const open = <Body>(
  calls: Calls,
  route: CallRoute<Body>,
  order: CallOrder,
  body: Body,
  request: FastifyRequest,
  reply: FastifyReply,
): void => {
  let call: Call | undefined = undefined as Call | undefined
  const consumer = route.consumerOf(order, body, request, reply, () => call)
  reply.raw.on("close", () => {
    if (!reply.raw.writableFinished) call?.leave()
  })
  call = calls.open(order, consumer)
}

/**
 * What consumers call: OpenAI's routes, so that its clients work unchanged. A route checks and counts,
 * the call does the rest.
 */
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify"
import type { Market } from "../../engine/index.ts"
import { microsPerSecond } from "../../engine/index.ts"
import { creditsOf, parsePricePerToken } from "../accounts/credits.ts"
import { secondsOf } from "../accounts/market-time.ts"
import { requireKey } from "../http/authentication.ts"
import type { HttpError } from "../http/http-error.ts"
import { badRequest } from "../http/http-error.ts"
import { routeSchema } from "../http/route-schema.ts"
import type { JsonObject } from "../../platform/json-object.ts"
import type { LiveServices } from "../services.ts"
import type { ModelRecord } from "../store/records.ts"
import type { EmbeddingEncoding, Envelope } from "./answer.ts"
import { makeAssembler } from "./answer.ts"
import { newAnswerId } from "./answer-id.ts"
import type { BodyOf } from "./bodies.ts"
import { bodyCheck, bodySchemas, forwarded } from "./bodies.ts"
import type { Call, CallOrder, Consumer } from "./call.ts"
import type { CallRate } from "./call-rate.ts"
import { makeCallRate } from "./call-rate.ts"
import type { Calls } from "./calls.ts"
import type { JobKind } from "./delivery.ts"
import { unknownModel } from "./failures.ts"
import { loopOf } from "./loop.ts"
import { modelRoutes } from "./model-routes.ts"
import { promptTokens } from "./prompt.ts"
import type { KeepAlive } from "./stream-reply.ts"
import { streamTo } from "./stream-reply.ts"

const paths = {
  chat: "/v1/chat/completions",
  completion: "/v1/completions",
  embedding: "/v1/embeddings",
} as const satisfies Record<JobKind, string>

const summaries = {
  chat: "An answer to a conversation, in one piece or as server-sent events",
  completion: "A text that goes on from a prompt, in one piece or as server-sent events",
  embedding: "Vectors of texts",
} as const satisfies Record<JobKind, string>

const answers = {
  chat: "OpenAI's `chat.completion`; with `stream` its chunks, as server-sent events",
  completion: "OpenAI's `text_completion`; with `stream` its chunks, as server-sent events",
  embedding: "OpenAI's list of embeddings",
} as const satisfies Record<JobKind, string>

/** Whose call it is, as the key says. */
const callerAccount = "gatewayCallerAccount"
/** Highest acceptable price of output tokens: credits per token, as a decimal. */
const maxPriceHeader = "x-evenkeel-max-price"
/** What an answer cost: credits, as a decimal. Only where the answer comes in one piece. */
const chargeHeader = "x-evenkeel-charge"

/**
 * The routes of consumers. Whoever closes the server lets the calls finish first, with `calls.drain`,
 * while hosts are still heard; what is left when it closes is ended.
 */
export const gatewayRoutes =
  (services: LiveServices, calls: Calls): FastifyPluginAsync =>
  async (app) => {
    const rate = makeCallRate(services.config.limits.requestsPerMinute)
    app.decorateRequest(callerAccount, undefined)
    app.addHook("preClose", () => calls.drain(0))
    modelRoutes(app, services)
    for (const kind of ["chat", "completion", "embedding"] as const)
      callRoute(app, services, calls, rate, kind)
  }

const callRoute = <K extends JobKind>(
  app: FastifyInstance,
  services: LiveServices,
  calls: Calls,
  rate: CallRate,
  kind: K,
): void => {
  const { config, driver, nowMillis } = services
  const check = bodyCheck(kind)
  const { market } = driver
  const keepAlive: KeepAlive = {
    clock: driver.clock,
    micros: config.timeouts.keepAliveSeconds * microsPerSecond,
  }
  app.post(
    paths[kind],
    {
      bodyLimit: config.limits.bodyBytes,
      schema: {
        ...routeSchema({
          tag: "Calls",
          summary: summaries[kind],
          keys: ["account"],
          body: bodySchemas[kind],
          answer: answers[kind],
          errors: [402, 404, 502, 504],
        }),
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
        httpPart === "body" ? (body) => checked(check, body) : () => true,
      onRequest: (request, _reply, done) => {
        // Who has no key, or comes when too much is under way, is told so before the body is read.
        const { id, account } = requireKey(services, request, "account")
        request.setDecorator(callerAccount, account)
        const { via } = request.headers
        done(loopOf(via) ?? calls.excess() ?? rate.take(id, driver.clock.nowMicros()))
      },
    },
    (request, reply) => {
      const account = request.getDecorator<number | undefined>(callerAccount)
      if (account === undefined) throw new Error("gateway: a consumer's key belongs to nobody")
      const order = orderOf(services, account, kind, request)
      const begin = (counted: CallOrder): void => {
        if (reply.raw.destroyed) return
        answer(calls, market, nowMillis(), keepAlive, counted, request, reply)
      }
      if (order instanceof Promise)
        order.then(begin).catch((error: unknown) => void reply.send(error))
      else begin(order)
    },
  )
}

const checked = (
  check: (body: unknown) => HttpError | undefined,
  body: unknown,
): { readonly value: unknown } | { readonly error: Error } => {
  const error = check(body)
  return error === undefined ? { value: body } : { error }
}

/** The order of a valid body. Throws, or rejects with, what the consumer is to be told. */
const orderOf = <K extends JobKind>(
  { config, directory, driver }: LiveServices,
  account: number,
  kind: K,
  request: FastifyRequest,
): CallOrder | Promise<CallOrder> => {
  const body = request.body as BodyOf<K>
  const model = directory.modelByName(body.model)
  if (model === undefined) throw unknownModel(body.model)
  if ((model.kind === "embedding") !== (kind === "embedding"))
    throw badRequest(
      `${model.name} is a model for ${model.kind === "embedding" ? paths.embedding : paths.chat}`,
      "model",
    )
  const maxPricePerMtok = maxPriceOf(request, driver.market)
  const base = {
    account,
    model,
    kind,
    ...(maxPricePerMtok === undefined ? {} : { maxPricePerMtok }),
  }
  const made = (inputTokens: number): CallOrder => {
    const maxTokens = maxTokensOf(kind, body, model, inputTokens, config.limits.defaultMaxTokens)
    return { ...base, body: jobBody(kind, body, maxTokens), inputTokens, maxTokens }
  }
  const counted = promptTokens(kind, body, model.contextTokens)
  return typeof counted === "number" ? made(counted) : counted.then(made)
}

const maxPriceOf = (request: FastifyRequest, market: Market): number | undefined => {
  const given = request.headers[maxPriceHeader]
  if (given === undefined) return undefined
  const price = typeof given === "string" ? parsePricePerToken(market, given) : undefined
  if (price === undefined)
    throw badRequest(
      `The header ${maxPriceHeader} must be credits per token as a decimal, such as 0.0000004`,
      maxPriceHeader,
    )
  return price
}

/** What the call asks for, at most what the context leaves. An embedding generates nothing. */
const maxTokensOf = (
  kind: JobKind,
  body: JsonObject,
  { name, contextTokens }: ModelRecord,
  inputTokens: number,
  byDefault: number,
): number => {
  const left = contextTokens - inputTokens
  if (left < 0 || (left === 0 && kind !== "embedding"))
    throw badRequest(
      `The input is longer than the context of ${name}, which holds ${contextTokens} tokens with the answer`,
      kind === "chat" ? "messages" : kind === "completion" ? "prompt" : "input",
    )
  if (kind === "embedding") return 0
  const asked = body["max_completion_tokens"] ?? body["max_tokens"] ?? byDefault
  return Math.min(left, asked as number)
}

/** Hosts stream always, and count always; their answers are bounded in the way they all know. */
const jobBody = (kind: JobKind, body: JsonObject, maxTokens: number): JsonObject => {
  const kept = forwarded(body)
  if (kind === "embedding") return kept
  delete kept["max_completion_tokens"]
  kept["max_tokens"] = maxTokens
  kept["stream"] = true
  kept["stream_options"] = { include_usage: true }
  return kept
}

const answer = (
  calls: Calls,
  market: Market,
  nowMillis: number,
  keepAlive: KeepAlive,
  order: CallOrder,
  request: FastifyRequest,
  reply: FastifyReply,
): void => {
  const body = request.body as JsonObject
  const envelope: Envelope = {
    id: newAnswerId(order.kind),
    created: secondsOf(nowMillis),
    model: order.model.name,
  }
  let call: Call | undefined = undefined as Call | undefined
  const consumer =
    order.kind !== "embedding" && body["stream"] === true
      ? streamTo(request, reply, order.kind, envelope, asksForUsage(body), keepAlive, () => call)
      : wholeTo(reply, order, encodingOf(body), envelope, market)
  reply.raw.on("close", () => {
    if (!reply.raw.writableFinished) call?.leave()
  })
  call = calls.open(order, consumer)
}

const asksForUsage = (body: JsonObject): boolean =>
  (body["stream_options"] as JsonObject | null | undefined)?.["include_usage"] === true

const encodingOf = (body: JsonObject): EmbeddingEncoding =>
  body["encoding_format"] === "base64" ? "base64" : "float"

/** A consumer that gets its answer in one piece. */
const wholeTo = (
  reply: FastifyReply,
  { kind }: CallOrder,
  encoding: EmbeddingEncoding,
  envelope: Envelope,
  market: Market,
): Consumer => ({
  isStreaming: false,
  assembler: () => makeAssembler(kind, encoding),
  chunk: () => {},
  end: (end, assembler) => {
    if (end._tag === "Failed") return void reply.send(end.error)
    if (assembler === undefined) throw new Error("gateway: a served call has no answer")
    void reply
      .header(chargeHeader, creditsOf(market, end.chargeMinor))
      .header("content-type", "application/json; charset=utf-8")
      .send(JSON.stringify(assembler.answer(envelope, end.usage)))
  },
})

/** What consumers call: OpenAI's routes, so that its clients work unchanged. */
import type { FastifyPluginAsync } from "fastify"
import { runEffect } from "../http/run-effect.ts"
import { secondsOf } from "../views/market-time.ts"
import type { JsonObject } from "../../platform/json/json-object.ts"
import type { LiveServices } from "../directory/services.ts"
import type { EmbeddingEncoding, Envelope } from "./answer/answer.ts"
import { makeAssembler } from "./answer/answer.ts"
import { newAnswerId } from "./answer/answer-id.ts"
import type { BodyOf } from "./request/bodies.ts"
import { bodyCheck, bodySchemas } from "./request/bodies.ts"
import { makeCallRate } from "./reply/call-rate.ts"
import type { CallRoute, CallTools } from "./reply/call-route.ts"
import { callRoute, decorateCalls } from "./reply/call-route.ts"
import type { Calls } from "./call/calls.ts"
import type { JobKind } from "../protocol/delivery.ts"
import { modelRoutes } from "./model-routes.ts"
import { orderOf, paths } from "./request/order.ts"
import { responsesRoute } from "./responses/responses-route.ts"
import { unstoredRoutes } from "./responses/unstored-routes.ts"
import type { KeepAlive } from "./reply/stream-reply.ts"
import { chunkEvents, keepAliveOf, streamTo } from "./reply/stream-reply.ts"
import { wholeTo } from "./reply/whole-reply.ts"

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

/**
 * The routes of consumers. Whoever closes the server lets the calls finish first, with `calls.drain`,
 * while hosts are still heard; what is left when it closes is ended.
 */
export const gatewayRoutes =
  (services: LiveServices, calls: Calls): FastifyPluginAsync =>
  async (app) => {
    const rate = makeCallRate(services.config.limits.requestsPerMinute)
    const tools: CallTools = {
      services,
      calls,
      rate,
      readBudget: (key) => runEffect(calls.budgets.read(key)),
    }
    decorateCalls(app)
    app.addHook("preClose", () => calls.drain(0))
    modelRoutes(app, services)
    for (const kind of ["chat", "completion", "embedding"] as const)
      callRoute(app, tools, routeOf(services, keepAliveOf(services), kind))
    callRoute(app, tools, responsesRoute(services))
    unstoredRoutes(app, services)
  }

/** One of OpenAI's routes, whose body and answer are those of the job itself. */
const routeOf = <K extends JobKind>(
  services: LiveServices,
  keepAlive: KeepAlive,
  kind: K,
): CallRoute<BodyOf<K>> => ({
  path: paths[kind],
  summary: summaries[kind],
  answer: answers[kind],
  schema: bodySchemas[kind],
  check: bodyCheck(kind),
  orderOf: (account, body, headers) => orderOf(services, account, kind, body, headers),
  consumerOf: ({ model }, given, request, reply, callOf) => {
    const body: JsonObject = given
    const envelope: Envelope = {
      id: newAnswerId(kind),
      created: secondsOf(services.nowMillis()),
      model: model.name,
    }
    return kind !== "embedding" && body["stream"] === true
      ? streamTo(request, reply, chunkEvents(kind, envelope, asksForUsage(body)), keepAlive, callOf)
      : wholeTo(
          reply,
          services.driver.market,
          () => makeAssembler(kind, encodingOf(body)),
          (assembled, usage) => assembled.answer(envelope, usage),
        )
  },
})

const asksForUsage = (body: JsonObject): boolean =>
  (body["stream_options"] as JsonObject | null | undefined)?.["include_usage"] === true

const encodingOf = (body: JsonObject): EmbeddingEncoding =>
  body["encoding_format"] === "base64" ? "base64" : "float"

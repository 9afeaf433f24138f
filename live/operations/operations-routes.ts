/**
 * How the gateway and its market are doing: for machines (health, readiness, metrics, the feed) and
 * for people (breakers, routing, the rules). All of it is public, and nothing of it is anybody's own.
 */
import type { FastifyInstance, FastifyPluginAsync } from "fastify"
import { Schema } from "effect"
import { knobRows } from "../../engine/index.ts"
import { pricesOf } from "../views/credits.ts"
import { described, ModelPath, prices } from "../http/fields.ts"
import { partyOf } from "../http/client-address.ts"
import { notFound } from "../http/http-error.ts"
import { routeSchema } from "../http/route-schema.ts"
import type { LiveServices } from "../directory/services.ts"
import type { Feed } from "./feed.ts"
import { InstanceStatus, instanceStatuses } from "../views/instance-status.ts"
import { MarketState, marketState } from "./market-state.ts"
import type { MarketMetrics } from "./metrics.ts"
import type { ServerPhase } from "./readiness.ts"
import { problemsOf } from "./readiness.ts"
import { trendRoutes } from "./trend-routes.ts"
import type { Trends } from "./trends.ts"

export interface OperationsParts {
  readonly metrics: MarketMetrics
  readonly feed: Feed
  readonly trends: Trends
  readonly phase: ServerPhase
}

const Health = Schema.Struct({ status: Schema.Literal("ok") })
const Readiness = Schema.Struct({
  status: Schema.Literal("ready", "not ready"),
  problems: Schema.Array(Schema.String),
})

const Breakers = Schema.Struct({
  rule: Schema.Struct({
    failures: Schema.Int,
    window_seconds: Schema.Number,
    cooldown_seconds: Schema.Number,
    min_failure_ratio: Schema.Number,
  }),
  instances: Schema.Array(InstanceStatus),
})

const Routing = Schema.Struct({
  model: Schema.String,
  kind: Schema.Literal("text", "embedding"),
  ...prices,
  rule: Schema.Struct({ selection: Schema.String, tie_break: Schema.String, load: Schema.String }),
  eligible: described(Schema.Int, "Candidates that a request could go to now"),
  candidates: Schema.Array(InstanceStatus),
})
type Routing = typeof Routing.Type

const Knob = Schema.Struct({
  path: Schema.String,
  value: Schema.Unknown,
  unit: Schema.String,
  meaning: Schema.String,
  source: Schema.String,
})
const EconomyView = Schema.Struct({
  name: Schema.String,
  meaning: Schema.String,
  knobs: Schema.Array(Knob),
})

const tag = "Operations"

export const operationsRoutes =
  (services: LiveServices, parts: OperationsParts): FastifyPluginAsync =>
  async (app) => {
    healthRoutes(app, services, parts)
    metricsRoute(app, parts)
    marketRoutes(app, services, parts)
    trendRoutes(app, services, parts.trends)
    rulesRoute(app, services)
    feedRoute(app, parts)
  }

const healthRoutes = (
  app: FastifyInstance,
  services: LiveServices,
  { phase }: OperationsParts,
): void => {
  app.get(
    "/healthz",
    { schema: routeSchema({ tag, summary: "The process answers", answers: { 200: Health } }) },
    async () => ({ status: "ok" }),
  )
  app.get(
    "/readyz",
    {
      schema: routeSchema({
        tag,
        summary: "Whether to send requests here; 503 says why not",
        answers: { 200: Readiness, 503: Readiness },
      }),
    },
    async (_request, reply) => {
      const problems = await problemsOf(services, phase)
      const isReady = problems.length === 0
      return reply
        .status(isReady ? 200 : 503)
        .send({ status: isReady ? "ready" : "not ready", problems })
    },
  )
}

const metricsRoute = (app: FastifyInstance, { metrics }: OperationsParts): void => {
  app.get(
    "/metrics",
    {
      schema: {
        tags: ["Operations"],
        summary: "Figures for Prometheus",
        produces: ["text/plain"],
      },
    },
    async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  )
}

const marketRoutes = (
  app: FastifyInstance,
  services: LiveServices,
  { feed }: OperationsParts,
): void => {
  const { driver, directory } = services
  app.get(
    "/market",
    {
      schema: routeSchema({
        tag,
        summary: "The market now: models, prices, supply, demand",
        answers: { 200: MarketState },
      }),
    },
    async () => marketState(services, feed.rates),
  )
  app.get(
    "/breakers",
    {
      schema: routeSchema({
        tag,
        summary: "Each instance: its breaker, why it gets no requests, when it recovers",
        answers: { 200: Breakers },
      }),
    },
    async () => {
      const { breaker } = driver.market.economy
      return {
        rule: {
          failures: breaker.threshold,
          window_seconds: breaker.windowSeconds,
          cooldown_seconds: breaker.cooldownSeconds,
          min_failure_ratio: breaker.minFailureRatio,
        },
        instances: instanceStatuses(services),
      }
    },
  )
  const routingOf = (name: string): Routing => {
    const model = directory.modelByName(name)
    if (model === undefined)
      throw notFound(`model ${name.slice(0, 200)}; GET /v1/models lists them`)
    const { routing } = driver.market.economy
    const candidates = instanceStatuses(services, model.id)
    return {
      model: model.name,
      kind: model.kind,
      ...pricesOf(driver.market, model),
      rule: { selection: routing.selection, tie_break: routing.tieBreak, load: routing.load },
      eligible: candidates.filter(({ reason }) => reason === "Eligible").length,
      candidates,
    }
  }
  app.get<{ Params: ModelPath }>(
    "/routing/:model",
    {
      schema: routeSchema({
        tag,
        summary: "Where a model's requests can go: its candidates, and why others are none",
        params: ModelPath,
        answers: { 200: Routing },
        errors: [404],
      }),
    },
    async (request) => routingOf(request.params.model),
  )
  // Names of models have slashes in them, which not every client escapes.
  app.get<{ Params: { readonly "*": string } }>(
    "/routing/*",
    { schema: { hide: true } },
    async (request) => routingOf(request.params["*"]),
  )
}

const rulesRoute = (app: FastifyInstance, { driver }: LiveServices): void => {
  const { economy } = driver.market
  app.get(
    "/economy",
    {
      schema: routeSchema({
        tag,
        summary: "The rules: every knob with its value, unit and meaning",
        answers: { 200: EconomyView },
      }),
    },
    async () => ({ name: economy.name, meaning: economy.meaning, knobs: knobRows(economy) }),
  )
}

const feedRoute = (app: FastifyInstance, { feed }: OperationsParts): void => {
  app.get(
    "/events",
    {
      schema: {
        tags: ["Operations"],
        summary:
          "Server-sent events: `market` (its state, when it has changed), `park`, `announce`, `audit`",
        produces: ["text/event-stream"],
      },
    },
    (request, reply) => {
      feed.join(reply.raw, partyOf(request.ip), reply.getHeaders())
      reply.hijack()
    },
  )
  app.addHook("preClose", async () => feed.close())
}

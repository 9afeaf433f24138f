/** Routes for operators, and the market of hosts for everyone. */
import type { FastifyInstance } from "fastify"
import { microsPerSecond } from "../../engine/index.ts"
import { earningsHours, EarningsQuery } from "../views/earnings.ts"
import type { UnixTime } from "../views/market-time.ts"
import { readMarketTime } from "../views/market-time.ts"
import { runEffect } from "../http/run-effect.ts"
import { unknownCursor } from "../http/http-error.ts"
import { rateByKey } from "../directory/key-rate.ts"
import type { LiveServices } from "../directory/services.ts"
import type { HostRecord } from "../directory/records.ts"
import { earningsOf } from "./earnings.ts"
import { lookAtHost, requireHost, requireOperator } from "./host-access.ts"
import { statusOf } from "../directory/host-state.ts"
import { isTroubled, ownHost, publicHost, publicHosts } from "./host-view.ts"
import type { JobBoard } from "./jobs/job-board.ts"
import type { HostHours } from "./host-hours.ts"
import * as Protocol from "../protocol/host-protocol.ts"
import { ratesOf } from "./market-rates.ts"
import { requireHostPrices } from "./registry/prices.ts"
import type { Registry } from "./registry/registry.ts"
import { routeSchema } from "../http/route-schema.ts"
import { sendSecret } from "../http/secret-answer.ts"

export interface OperatorParts {
  readonly services: LiveServices
  readonly board: JobBoard
  readonly registry: Registry
  readonly hours?: HostHours | undefined
}

const smallBodyBytes = 262_144
/** The market is the same for everyone; it is looked at anew once in this time. */
const listMicros = microsPerSecond
const ownerKeys = ["account", "admin"] as const
const anyKeys = ["host", "account", "admin"] as const

const heartbeatsPerMinute = 1200
const changesPerMinute = 1200
/** Changes are journalled: how many one operator makes is bounded, whatever keys it makes them with. */
const changeRate = (services: LiveServices) =>
  rateByKey(services, changesPerMinute, ({ account, publicId }) =>
    account === undefined ? publicId : `operator ${account}`,
  )

export const operatorRoutes = (app: FastifyInstance, parts: OperatorParts): void => {
  registrationRoutes(app, parts)
  marketRoutes(app, parts)
  heartbeatRoute(app, parts)
  changeRoutes(app, parts)
  secretRoutes(app, parts)
  earningsRoute(app, parts)
}

/**
 * What every answer to an agent repeats, so that it follows a change of the configuration. Heartbeats
 * never rarer than the market's rules count them.
 */
const pacing = ({ config, driver }: LiveServices) => ({
  heartbeat_interval_seconds: Math.min(
    config.hosts.heartbeatSeconds,
    driver.market.economy.liveness.heartbeatSeconds,
  ),
  lease_seconds: config.hosts.leaseSeconds,
  poll_seconds: config.hosts.pollSeconds,
})

const own = ({ services, registry, board }: OperatorParts, host: HostRecord): Protocol.OwnHost =>
  ownHost(services, host, registry, board)

const registrationRoutes = (app: FastifyInstance, parts: OperatorParts): void => {
  const { services, registry } = parts
  const registered = (
    host: HostRecord,
    secret: string | undefined,
    ask: number | string | undefined,
  ): Protocol.Registered => {
    const { feeBps, pricing } = services.driver.market.economy
    const isByHost = pricing.tokens === "host"
    const share = `the model's list price for each token that reaches the consumer, less ${feeBps / 100} %`
    return {
      host_id: host.publicId,
      api_key: secret ?? null,
      ...pacing(services),
      pricing: {
        set_by: isByHost ? "host" : "platform",
        fee_bps: feeBps,
        asked_price_per_token: ask ?? null,
        message: isByHost
          ? hostPriceText(ask, feeBps)
          : ask === undefined
            ? `You earn ${share}`
            : `Prices are the platform's, so the asked price has no effect: you earn ${share}. See host.models for the prices`,
      },
      host: own(parts, host),
    }
  }
  app.post<{ Body: Protocol.Registration }>(
    "/hosts",
    {
      bodyLimit: smallBodyBytes,
      config: changeRate(services),
      schema: routeSchema({
        tag: "Hosts",
        summary: "Register a host. Its key is shown this once",
        keys: ownerKeys,
        body: Protocol.Registration,
        answers: { 200: Protocol.Registered, 201: Protocol.Registered },
        errors: [409],
      }),
    },
    async (request, reply) => {
      const account = requireOperator(services, request, request.body.account_id)
      const { host, secret } = await registry.register(account, request.body)
      await services.driver.durable()
      return sendSecret(
        reply,
        secret === undefined ? 200 : 201,
        registered(host, secret, request.body.price_per_token),
      )
    },
  )
  app.delete<{ Params: Protocol.HostPath }>(
    "/hosts/:id",
    {
      config: changeRate(services),
      schema: routeSchema({
        tag: "Hosts",
        summary: "Remove a host. It gets no more jobs, and is gone when those it has have ended",
        keys: anyKeys,
        params: Protocol.HostPath,
        answers: { 200: Protocol.Removal },
        errors: [404],
      }),
    },
    async (request) => {
      const { id } = request.params
      const { host } = requireHost(services, request, id, ...anyKeys)
      const status = registry.remove(host)
      await services.driver.durable()
      return { host_id: host.publicId, status }
    },
  )
}

const hostPriceText = (ask: number | string | undefined, feeBps: number): string =>
  `You earn ${ask === undefined ? "the model's list price" : `${ask} credits`} for each token that reaches the consumer, less ${feeBps / 100} %. PATCH /hosts/:id/price changes it; GET /market/rates shows what others ask`

const marketRoutes = (app: FastifyInstance, parts: OperatorParts): void => {
  const { services } = parts
  let seen: ReadonlyArray<Protocol.PublicHost> = []
  let seenMicros = -Infinity
  const hostsNow = (): ReadonlyArray<Protocol.PublicHost> => {
    const nowMicros = services.driver.clock.nowMicros()
    if (nowMicros - seenMicros >= listMicros) {
      seen = publicHosts(services)
      seenMicros = nowMicros
    }
    return seen
  }
  app.get<{ Querystring: Protocol.HostListQuery }>(
    "/hosts",
    {
      schema: routeSchema({
        tag: "Hosts",
        summary: "The market: hosts, their models, prices, load and health",
        query: Protocol.HostListQuery,
        answers: { 200: Protocol.HostPage },
      }),
    },
    async (request) => {
      const { model, standing, cursor } = request.query
      const limit = Protocol.hostLimit.read(request.query.limit)
      const all = hostsNow()
      const start =
        cursor === undefined ? 0 : all.findIndex(({ host_id }) => host_id === cursor) + 1
      if (cursor !== undefined && start === 0) throw unknownCursor()
      const hosts = all
        .slice(start)
        .filter(
          (host) =>
            (model === undefined || host.models.some((one) => one.model === model)) &&
            (standing === undefined || isTroubled(host) === (standing === "troubled")),
        )
      const page = hosts.slice(0, limit)
      const last = page.at(-1)
      return {
        data: page,
        next_cursor: hosts.length > limit && last !== undefined ? last.host_id : null,
      }
    },
  )
  app.get<{ Querystring: Protocol.RatesQuery }>(
    "/market/rates",
    {
      schema: routeSchema({
        tag: "Hosts",
        summary:
          "Where hosts set prices: what those that are heard of ask for each model, from the least to the most",
        query: Protocol.RatesQuery,
        answers: { 200: Protocol.MarketRates },
        errors: [409],
      }),
    },
    async (request) => {
      requireHostPrices(services)
      const { model } = request.query
      const rates = ratesOf(services.driver.market, hostsNow())
      return { data: rates.filter((one) => model === undefined || one.model === model) }
    },
  )
  app.get<{ Params: Protocol.HostPath }>(
    "/hosts/:id",
    {
      schema: routeSchema({
        tag: "Hosts",
        summary: "One host: as the market sees it; with its own or its operator's key, all of it",
        keys: anyKeys,
        isKeyOptional: true,
        params: Protocol.HostPath,
        answers: { 200: Protocol.HostSeen },
        errors: [404],
      }),
    },
    async (request) => {
      const { host, isOwn } = lookAtHost(services, request, request.params.id)
      return isOwn ? own(parts, host) : publicHost(services, host)
    },
  )
}

const heartbeatRoute = (app: FastifyInstance, parts: OperatorParts): void => {
  const { services, registry, hours } = parts
  app.post<{ Params: Protocol.HostPath; Body: Protocol.Heartbeat }>(
    "/hosts/:id/heartbeat",
    {
      bodyLimit: smallBodyBytes,
      config: rateByKey(services, heartbeatsPerMinute),
      schema: routeSchema({
        tag: "Hosts",
        summary: "The host is alive. The answer says which jobs it should be working on",
        keys: ["host"],
        params: Protocol.HostPath,
        body: Protocol.Heartbeat,
        answers: { 200: Protocol.HeartbeatAnswer },
        errors: [404],
      }),
    },
    async (request) => {
      const { host } = requireHost(services, request, request.params.id, "host")
      const held = registry.heartbeat(host, request.body)
      const wanted = new Set(held.map(({ jobId }) => jobId))
      const sold = hours?.(host, request.body)
      const paced = pacing(services)
      return {
        status: statusOf(services, host),
        ...paced,
        heartbeat_interval_seconds: Math.min(
          paced.heartbeat_interval_seconds,
          sold?.withinSeconds ?? Infinity,
        ),
        ...(sold === undefined ? {} : { bookings: sold.bookings }),
        ...(sold?.monitoring === undefined ? {} : { monitoring: sold.monitoring }),
        jobs: held.map(({ jobId, attempt, epoch, phase, chunks }) => ({
          job_id: jobId,
          attempt,
          epoch,
          phase,
          chunks,
        })),
        stop: (request.body.jobs ?? []).filter((jobId) => !wanted.has(jobId)),
      }
    },
  )
}

const changeRoutes = (app: FastifyInstance, parts: OperatorParts): void => {
  const { services, registry } = parts
  app.post<{ Params: Protocol.HostPath; Body: Protocol.ModelChange }>(
    "/hosts/:id/models",
    {
      bodyLimit: smallBodyBytes,
      config: changeRate(services),
      schema: routeSchema({
        tag: "Hosts",
        summary: "Add a model, remove one, or switch one for another",
        keys: anyKeys,
        params: Protocol.HostPath,
        body: Protocol.ModelChange,
        answers: { 200: Protocol.OwnHost },
        errors: [404, 409],
      }),
    },
    async (request) => {
      const { id } = request.params
      const { host, key } = requireHost(services, request, id, ...anyKeys)
      registry.changeModel(host, request.body, key.role === "admin")
      await services.driver.durable()
      return own(parts, host)
    },
  )
  app.patch<{ Params: Protocol.HostPath; Body: Protocol.PriceChange }>(
    "/hosts/:id/price",
    {
      bodyLimit: smallBodyBytes,
      config: changeRate(services),
      schema: routeSchema({
        tag: "Hosts",
        summary: "Where hosts set prices: ask another price for a token from now on",
        keys: anyKeys,
        params: Protocol.HostPath,
        body: Protocol.PriceChange,
        answers: { 200: Protocol.OwnHost },
        errors: [404, 409],
      }),
    },
    async (request) => {
      const { id } = request.params
      const { host } = requireHost(services, request, id, ...anyKeys)
      registry.changePrice(host, request.body)
      await services.driver.durable()
      return own(parts, host)
    },
  )
  const drainRoute = (path: string, isDraining: boolean, summary: string): void => {
    app.post<{ Params: Protocol.HostPath }>(
      path,
      {
        bodyLimit: smallBodyBytes,
        config: changeRate(services),
        schema: routeSchema({
          tag: "Hosts",
          summary,
          keys: anyKeys,
          params: Protocol.HostPath,
          answers: { 200: Protocol.DrainAnswer },
          errors: [404],
        }),
      },
      async (request) => {
        const { id } = request.params
        const { host } = requireHost(services, request, id, ...anyKeys)
        registry.setDraining(host, isDraining)
        await services.driver.durable()
        const { status, in_flight } = publicHost(services, host)
        return { host_id: host.publicId, status, in_flight }
      },
    )
  }
  drainRoute("/hosts/:id/drain", true, "No new jobs; those under way run on. /resume ends it")
  drainRoute("/hosts/:id/resume", false, "Jobs again, after /drain")
}

const secretRoutes = (app: FastifyInstance, parts: OperatorParts): void => {
  const { services, registry } = parts
  app.post<{ Params: Protocol.HostPath; Body: Protocol.TokenReplacement }>(
    "/hosts/:id/token",
    {
      bodyLimit: smallBodyBytes,
      config: changeRate(services),
      schema: routeSchema({
        tag: "Hosts",
        summary:
          "Replace the provider's token of a cloud host. Instances whose credential was refused serve again",
        keys: ownerKeys,
        params: Protocol.HostPath,
        body: Protocol.TokenReplacement,
        answers: { 200: Protocol.OwnHost },
        errors: [404],
      }),
    },
    async (request) => {
      const { host } = requireHost(services, request, request.params.id, ...ownerKeys)
      registry.replaceToken(host, request.body.token)
      await services.driver.durable()
      return own(parts, host)
    },
  )
  app.post<{ Params: Protocol.HostPath }>(
    "/hosts/:id/key",
    {
      bodyLimit: smallBodyBytes,
      config: changeRate(services),
      schema: routeSchema({
        tag: "Hosts",
        summary: "Replace the host's key, such as a lost one. The keys before it end at once",
        keys: ownerKeys,
        params: Protocol.HostPath,
        answers: { 201: Protocol.NewKey },
        errors: [404],
      }),
    },
    async (request, reply) => {
      const { host } = requireHost(services, request, request.params.id, ...ownerKeys)
      const secret = registry.replaceKey(host)
      await services.driver.durable()
      return sendSecret(reply, 201, { host_id: host.publicId, api_key: secret })
    },
  )
}

const earningsRoute = (app: FastifyInstance, { services }: OperatorParts): void => {
  let unixTime: UnixTime | undefined
  app.get<{ Params: Protocol.HostPath; Querystring: EarningsQuery }>(
    "/hosts/:id/earnings",
    {
      schema: routeSchema({
        tag: "Hosts",
        summary: "What the host earned by hour, and its operator's lots",
        keys: anyKeys,
        params: Protocol.HostPath,
        query: EarningsQuery,
        answers: { 200: Protocol.Earnings },
        errors: [404],
      }),
    },
    async (request) => {
      const { id } = request.params
      const { host } = requireHost(services, request, id, ...anyKeys)
      const hours = earningsHours.read(request.query.hours)
      unixTime ??= await runEffect(readMarketTime(services))
      return runEffect(earningsOf(services, unixTime, host, hours))
    },
  )
}

/**
 * The HTTP server: what every route shares. Limits on what may come in, request ids, errors in one
 * shape, logs without secrets. What it serves are the plugins that it is given.
 */
import helmet from "@fastify/helmet"
import rateLimit from "@fastify/rate-limit"
import underPressure from "@fastify/under-pressure"
import { randomBytes } from "node:crypto"
import type {
  FastifyError,
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  FastifyServerOptions,
} from "fastify"
import Fastify, { LogController } from "fastify"
import type { LiveConfig } from "../../config/config.ts"
import { bodyBudget } from "./body-budget.ts"
import { bodyIntake } from "./body-intake.ts"
import { boundConnections } from "./connections.ts"
import { partyOf } from "../client-address.ts"
import { errorBody, HttpError, overloaded } from "../http-error.ts"
import { serveHalfClosed } from "./half-closed.ts"
import { jsonBodyParser } from "./json-body.ts"
import { crossOrigin } from "./cross-origin.ts"
import { lazySchemas } from "./lazy-schemas.ts"
import { plainUrl } from "./request-url.ts"
import { validationError } from "./validation-error.ts"
import { membership, parseNetwork } from "../networks.ts"

/** Headers that may carry a secret: never in a log. */
const secretHeaders = ["authorization", "api-key", "x-api-key", "cookie", "proxy-authorization"]

const maxHeaderBytes = 16_384
const headersTimeoutMillis = 15_000
const smallBodyBytes = 65_536

export interface ServerOptions {
  readonly config: LiveConfig
  /** In the order in which they are registered; documentation first. */
  readonly plugins: ReadonlyArray<FastifyPluginAsync>
  readonly logger: Exclude<FastifyServerOptions["logger"], undefined>
  /** Told whenever the body of a failure that is ours, not the client's, is answered. */
  readonly onFault?: (error: unknown) => void
}

const contentPolicy =
  "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"

/**
 * What is never shed: what is asked in order to learn how busy the gateway is, and what hosts bring.
 * It ends work that was begun, and a host would be blamed for what is the gateway's lateness.
 */
const unshed = /^\/(healthz|readyz|metrics|hosts\/(next-job|jobs\/.*|[^/]+\/heartbeat))(\?|$)/

/** A server that is ready to listen. */
export const buildServer = async (options: ServerOptions): Promise<FastifyInstance> => {
  const { config, plugins } = options
  const { limits, timeouts } = config
  const runId = randomBytes(6).toString("base64url")
  const longestMillis = Math.ceil((timeouts.requestSeconds + timeouts.shutdownSeconds) * 1000)
  let requests = 0
  const answerError = (
    error: FastifyError | HttpError,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void => {
    const known = asHttpError(error, request)
    if (known.status >= 500 && !(error instanceof HttpError)) {
      request.log.error({ err: error }, "a request failed in a way that it should not")
      options.onFault?.(error)
    }
    if (known.retryAfterSeconds !== undefined)
      void reply.header("retry-after", String(Math.ceil(known.retryAfterSeconds)))
    void reply.header("x-request-id", request.id).status(known.status).send(errorBody(known))
  }
  const isProxy = membership(config.listen.trustedProxies.map(parseNetwork))
  const server = Fastify({
    logger: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => `req_${runId}_${(++requests).toString(36)}`,
    trustProxy: config.listen.trustedProxies.length === 0 ? false : isProxy,
    // Routes that take more say so.
    bodyLimit: Math.min(limits.bodyBytes, smallBodyBytes),
    // A host's upload of tokens is one request for as long as its call may last.
    requestTimeout: longestMillis,
    // Whoever reads nothing of its answer for so long never will.
    connectionTimeout: longestMillis,
    keepAliveTimeout: 72_000,
    routerOptions: { maxParamLength: 256 },
    rewriteUrl: ({ url = "/" }) => plainUrl(url),
    // Paths that no route is even looked for.
    frameworkErrors: answerError,
    forceCloseConnections: "idle",
    return503OnClosing: true,
    http: { maxHeaderSize: maxHeaderBytes, headersTimeout: headersTimeoutMillis },
    schemaController: { compilersFactory: lazySchemas() },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: false } },
  })
  serveHalfClosed(server)
  boundConnections(server.server, limits.connections, isProxy)
  server.setErrorHandler(answerError)
  server.setNotFoundHandler((request, reply) =>
    reply.status(404).send(
      errorBody(
        new HttpError({
          status: 404,
          type: "not_found_error",
          code: "no_such_route",
          message: `There is no ${request.method} ${request.url.split("?")[0].slice(0, 200)}; GET /openapi.json lists what there is`,
        }),
      ),
    ),
  )
  server.addHook("onRequest", (request, reply, done) => {
    // Requests that come ahead of their answers: each of those would be kept until the one before it
    // is read, which may be never. No client of today sends them.
    if (reply.raw.socket === null) return void request.raw.destroy()
    void reply.header("x-request-id", request.id)
    // On the response itself, where whoever serves files puts that of its pages.
    reply.raw.setHeader("content-security-policy", contentPolicy)
    done()
  })
  if (config.log.requests)
    server.addHook("onResponse", async (request, reply) => {
      const { method, routeOptions } = request
      request.log.info(
        { method, route: routeOptions.url, status: reply.statusCode, millis: reply.elapsedTime },
        "request",
      )
    })
  // Its policy is one text for all: pages that need another set their own.
  await server.register(helmet, { contentSecurityPolicy: false })
  // Before whatever refuses a request: a page reads its error only if it is let in.
  await server.register(crossOrigin(config.listen.allowedOrigins))
  await server.register(rateLimit, {
    global: true,
    max: limits.requestsPerMinuteByAddress,
    timeWindow: 60_000,
    cache: 50_000,
    keyGenerator: ({ ip }) => partyOf(ip),
    errorResponseBuilder: (_request, context) =>
      new HttpError({
        status: 429,
        type: "rate_limit_error",
        code: "rate_limit_exceeded",
        message: `More than ${context.max} requests a minute; try again in ${Math.ceil(context.ttl / 1000)} s`,
        retryAfterSeconds: context.ttl / 1000,
      }),
  })
  // A loop that is late cannot keep its promises to streams: new work is shed.
  await server.register(underPressure, {
    maxEventLoopDelay: limits.loopDelayMillis,
    pressureHandler: async (request) => {
      if (!unshed.test(request.url)) throw overloaded("The gateway is busy; try again shortly", 1)
    },
  })
  const budget = bodyBudget({ bytes: limits.bodiesBytes, millis: limits.bodySeconds * 1000 })
  server.addHook("onRequest", budget.onRequest)
  server.addHook("preParsing", bodyIntake(budget))
  server.addContentTypeParser(
    "application/json",
    { parseAs: "buffer" },
    jsonBodyParser(server, limits.jsonDepth),
  )
  for (const plugin of plugins) await server.register(plugin)
  return server
}

/** What a client is told of an error, whoever raised it. */
const asHttpError = (error: FastifyError | HttpError, request: FastifyRequest): HttpError => {
  if (error instanceof HttpError) return error
  if (error.validation !== undefined) return validationError(error, request)
  const status = error.statusCode ?? 500
  if (status < 400 || status >= 500)
    return new HttpError({
      status: 500,
      type: "server_error",
      code: "internal_error",
      message: "Something went wrong in the gateway; its log says more under this request's id",
    })
  return new HttpError({
    status,
    type: "invalid_request_error",
    code: error.code?.toLowerCase().replace(/^fst_/, "") ?? "invalid_request",
    message: error.message,
  })
}

/** JSON lines on stderr, without secrets. */
export const loggerOf = (config: LiveConfig): Exclude<FastifyServerOptions["logger"], undefined> =>
  config.log.level === "silent"
    ? false
    : {
        level: config.log.level,
        stream: process.stderr,
        redact: {
          paths: secretHeaders.flatMap((name) => [`req.headers["${name}"]`, `headers["${name}"]`]),
          censor: "[redacted]",
        },
      }

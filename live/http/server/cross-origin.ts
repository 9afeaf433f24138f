/**
 * Pages of other origins that call the API (CORS, as the Fetch standard has it). Only consumers'
 * routes, below `/v1/`, let them: each of those asks for a key, which a page has only if its user gave
 * it one; the cookies of the gateway's own pages count for nothing there (directory/authentication.ts), so
 * no page acts for somebody who does not know.
 */
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify"
import { anyOrigin } from "../../config/origins.ts"
import { forWholeServer } from "../whole-server.ts"

const methods = "GET, HEAD, POST, DELETE"
/** What a page may read of an answer, beside its body. */
const exposed =
  "x-request-id, x-evenkeel-charge, retry-after, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset"
/** No browser believes a preflight for longer. */
const maxAgeSeconds = 7200
const isHeaderList = /^[\w!#$%&'*+.^`|~-]+(\s*,\s*[\w!#$%&'*+.^`|~-]+)*$/

export const crossOrigin = (allowedOrigins: ReadonlyArray<string>): FastifyPluginAsync =>
  forWholeServer(async (server) => {
    if (allowedOrigins.length === 0) return
    const isAny = allowedOrigins.includes(anyOrigin)
    server.addHook("onRequest", (request, reply, done) => {
      if (request.url.startsWith("/v1/")) letIn(request, reply)
      done()
    })
    server.options("/v1/*", { schema: { hide: true } }, (request, reply) => {
      const { "access-control-request-headers": asked } = request.headers
      if (reply.hasHeader("access-control-allow-origin"))
        void reply.headers({
          "access-control-allow-methods": methods,
          "access-control-max-age": String(maxAgeSeconds),
          // Clients send headers of their own, such as `x-stainless-lang`: none does any harm.
          ...(asked !== undefined && isHeaderList.test(asked)
            ? { "access-control-allow-headers": asked }
            : {}),
        })
      void reply.header("allow", `${methods}, OPTIONS`).status(204).send()
    })

    const letIn = ({ headers, method }: FastifyRequest, reply: FastifyReply): void => {
      const { origin } = headers
      const vary = [
        ...(isAny ? [] : ["Origin"]),
        ...(method === "OPTIONS" ? ["Access-Control-Request-Headers"] : []),
      ]
      if (vary.length > 0) void reply.header("vary", vary.join(", "))
      if (origin === undefined || !(isAny || allowedOrigins.includes(origin))) return
      void reply.headers({
        "access-control-allow-origin": isAny ? anyOrigin : origin,
        "access-control-expose-headers": exposed,
      })
      // On the response itself, after whoever says otherwise for all.
      reply.raw.setHeader("cross-origin-resource-policy", "cross-origin")
    }
  })

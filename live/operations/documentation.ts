/**
 * The OpenAPI 3.1 document of every route, at `/openapi.json`, and a page to read and try it at
 * `/docs`. To be registered before the routes that it describes.
 */
import swagger from "@fastify/swagger"
import swaggerUi from "@fastify/swagger-ui"
import type { FastifyPluginAsync } from "fastify"
import { version } from "../../platform/package.ts"
import type { LiveConfig } from "../config/config.ts"
import { documented } from "../http/route-schema.ts"
import { forWholeServer } from "../http/whole-server.ts"

const bearer = (description: string) => ({ type: "http", scheme: "bearer", description }) as const

/** Names of the keys, for the `security` of a route. */
const securitySchemes = {
  accountKey: bearer("sk_live_…: calls, and the account"),
  hostKey: bearer("hk_live_…: one host's own protocol"),
  adminKey: bearer("ak_live_…: the platform"),
}

/** The page's scripts are files; its styles are partly written by its scripts. */
const pagePolicy =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"

export const documentation = (config: LiveConfig): FastifyPluginAsync =>
  // So that it sees every route.
  forWholeServer(async (app) => {
    await app.register(swagger, {
      transform: ({ schema, url }) => ({ schema: documented(schema), url }),
      openapi: {
        openapi: "3.1.0",
        info: {
          title: "Evenkeel",
          version,
          description:
            "A market for GPU inference: consumers call models with the OpenAI API, operators serve them and earn credits. A key comes as `Authorization: Bearer`, or else as `api-key` or `x-api-key`. Money is credits as decimal strings, times are Unix time in seconds, those of hours ISO 8601.",
          license: { name: "Apache-2.0", identifier: "Apache-2.0" },
        },
        ...(config.publicUrl === undefined ? {} : { servers: [{ url: config.publicUrl }] }),
        tags: [
          { name: "Calls", description: "What clients of the OpenAI API call" },
          { name: "Accounts", description: "Signing up, keys, credits" },
          { name: "Hosts", description: "The market's hosts, and what their operators do" },
          {
            name: "Hours",
            description: "Machines that are sold by the hour: listings, bookings, escrow",
          },
          { name: "Jobs", description: "How a host gets its jobs and gives back tokens" },
          { name: "Operations", description: "How the market and the gateway are doing" },
          { name: "Admin", description: "What the platform does" },
        ],
        components: { securitySchemes },
      },
    })
    await app.register(swaggerUi, {
      routePrefix: "/docs",
      staticCSP: pagePolicy,
      theme: {
        title: "Evenkeel API",
        css: [{ filename: "evenkeel.css", content: ".swagger-ui .topbar { display: none }" }],
      },
      uiConfig: { docExpansion: "list", deepLinking: false },
    })
    app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger())
  })

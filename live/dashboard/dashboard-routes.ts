/**
 * The dashboard at `/`: plain files from pages/, with the charts' libraries from their packages. It
 * asks the same routes as everyone.
 */
import fastifyStatic from "@fastify/static"
import type { FastifyPluginAsync, FastifyRequest } from "fastify"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { agentRoutes } from "./agent-routes.ts"
import { forWholeServer } from "../http/whole-server.ts"

// The pages are not compiled: they are found from the package's own name, wherever this is run.
const packageRequire = createRequire(import.meta.url)
const pagesFolder = join(
  dirname(packageRequire.resolve("evenkeel/package.json")),
  "live/dashboard/pages",
)

/** The packages export their modules only; the builds for browsers lie in the same folders. */
const libraries = [
  ["vega", "vega.min.js"],
  ["vega-lite", "vega-lite.min.js"],
  ["vega-embed", "vega-embed.min.js"],
] as const

/** Nothing but our own files: no script in the page, none evaluated, nobody else's frame. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ")

const libraryMaxAgeMillis = 3_600_000

/** Which page shows what a route answers in JSON. */
const pagesOfRoutes: ReadonlyArray<readonly [RegExp, string]> = [
  [/^\/account\/(usage|calls)\b/, "usage"],
  [/^\/account\/hosts$/, "hosts"],
  [/^\/account(\/[^/]*)?$/, "account"],
  [/^\/accounts?$/, "account"],
  [/^\/hosts$/, "fleet"],
  [/^\/hosts\/(host_[\w-]+)$/, "host/$1"],
  [/^\/market(\/history)?$/, "market"],
  [/^\/marketplace\/gpu$/, "hours"],
  [/^\/marketplace\/gpu\/(host_[\w-]+)$/, "gpu/$1"],
  [/^\/marketplace\/rates$/, "hours"],
  [/^\/marketplace\/bookings$/, "bookings"],
  [/^\/swarms$/, "swarms"],
  [/^\/marketplace\/(contracts|reservations)$/, "contracts"],
  [/^\/admin\b/, "admin"],
]

/** Whoever types an address into a browser's bar means the page, not what programs read. */
const isTyped = ({ method, headers }: FastifyRequest): boolean =>
  method === "GET" && /\btext\/html\b/.test(headers.accept ?? "")

const pageFor = (request: FastifyRequest): string | undefined => {
  if (!isTyped(request)) return undefined
  const path = request.url.split("?")[0].replace(/(.)\/$/, "$1")
  for (const [route, page] of pagesOfRoutes)
    if (route.test(path))
      // Relative, so that a gateway below a path works as well.
      return `${"../".repeat(request.url.split("?")[0].split("/").length - 2) || "./"}#${path.replace(route, page)}`
  return undefined
}

/** On the server itself, before its routes. */
export const pagesForBrowsers: FastifyPluginAsync = forWholeServer(async (server) => {
  server.addHook("onRequest", async (request, reply) => {
    const page = pageFor(request)
    if (page !== undefined) return reply.header("vary", "accept").redirect(page, 303)
  })
})

export const dashboardRoutes = (): FastifyPluginAsync => async (app) => {
  agentRoutes(app)
  await app.register(fastifyStatic, {
    root: pagesFolder,
    prefix: "/dashboard/",
    index: false,
    dotfiles: "deny",
    // A new version's page has to meet the new version's scripts.
    cacheControl: false,
    setHeaders: (response) => {
      response.setHeader("content-security-policy", pagePolicy)
      response.setHeader("cache-control", "no-cache")
    },
  })
  app.get("/", { schema: { hide: true } }, (_request, reply) =>
    reply.sendFile("index.html", pagesFolder),
  )
  for (const [name, file] of libraries)
    app.get(`/dashboard/lib/${file}`, { schema: { hide: true } }, (_request, reply) =>
      reply.sendFile(file, dirname(packageRequire.resolve(name)), {
        cacheControl: true,
        maxAge: libraryMaxAgeMillis,
      }),
    )
}

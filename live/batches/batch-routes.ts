/** OpenAI's routes of batches. */
import type { FastifyInstance, FastifyPluginAsync } from "fastify"
import type { LiveServices } from "../directory/services.ts"
import { routeSchema } from "../http/route-schema.ts"
import type { Batches } from "./batches.ts"
import { callerOf, pageAfter, refuseLimited } from "./caller.ts"
import { fileRoutes } from "./file-routes.ts"
import type { Files } from "./files.ts"
import * as Protocol from "./protocol.ts"

const smallBodyBytes = 65_536

export const batchRoutes =
  (services: LiveServices, files: Files, batches: Batches): FastifyPluginAsync =>
  async (app) => {
    fileRoutes(app, services, files)
    openRoute(app, services, batches)
    viewRoutes(app, services, batches)
  }

const openRoute = (app: FastifyInstance, services: LiveServices, batches: Batches): void => {
  app.post<{ Body: Protocol.BatchWish }>(
    "/v1/batches",
    {
      bodyLimit: smallBodyBytes,
      schema: routeSchema({
        tag: "Calls",
        summary: "Open a batch: the requests of a file, answered within a day, at a discount",
        keys: ["account"],
        body: Protocol.BatchWish,
        answers: { 200: Protocol.BatchView },
        errors: [404],
      }),
    },
    async (request) => {
      const { account, key } = callerOf(services, request)
      refuseLimited(key)
      const batch = batches.open(account, key, request.body)
      const view = batches.view(batch)
      await services.driver.durable()
      return view
    },
  )
  app.post<{ Params: Protocol.BatchPath }>(
    "/v1/batches/:id/cancel",
    {
      schema: routeSchema({
        tag: "Calls",
        summary: "Cancel a batch: what is under way is still answered",
        keys: ["account"],
        params: Protocol.BatchPath,
        answers: { 200: Protocol.BatchView },
        errors: [404, 409],
      }),
    },
    async (request) => {
      const { account } = callerOf(services, request)
      const batch = batches.cancel(batches.named(account, request.params.id))
      await services.driver.durable()
      return batches.view(batch)
    },
  )
}

const viewRoutes = (app: FastifyInstance, services: LiveServices, batches: Batches): void => {
  app.get<{ Querystring: Protocol.BatchQuery }>(
    "/v1/batches",
    {
      schema: routeSchema({
        tag: "Calls",
        summary: "One's own batches, the latest first",
        keys: ["account"],
        query: Protocol.BatchQuery,
        answers: { 200: Protocol.BatchPage },
      }),
    },
    async (request) => {
      const { account } = callerOf(services, request)
      const { limit = "20", after } = request.query
      const count = Math.min(Protocol.mostBatches, Number(limit))
      const { shown, hasMore } = pageAfter(batches.of(account), after, count)
      return {
        object: "list",
        data: shown.map(batches.view),
        first_id: shown.at(0)?.publicId ?? null,
        last_id: shown.at(-1)?.publicId ?? null,
        has_more: hasMore,
      }
    },
  )
  app.get<{ Params: Protocol.BatchPath }>(
    "/v1/batches/:id",
    {
      schema: routeSchema({
        tag: "Calls",
        summary: "A batch as it stands",
        keys: ["account"],
        params: Protocol.BatchPath,
        answers: { 200: Protocol.BatchView },
        errors: [404],
      }),
    },
    async (request) => {
      const view = batches.view(
        batches.named(callerOf(services, request).account, request.params.id),
      )
      // What is told of a batch is on disk.
      await services.driver.durable()
      return view
    },
  )
}

/** What the agents of machines look at, and what they have found. */
import type { FastifyInstance } from "fastify"
import { routeSchema } from "../http/route-schema.ts"
import * as Figures from "../protocol/figures-protocol.ts"
import * as Protocol from "../protocol/hours-protocol.ts"
import { accountKeys, accountOf, changeRate, providerKeys, requireProvider } from "./caller.ts"
import type { Hours } from "./hours.ts"

const tag = "Hours"
const smallBodyBytes = 16_384

export const alertRoutes = (app: FastifyInstance, { services, gpus, alerts }: Hours): void => {
  const described = {
    tag,
    keys: providerKeys,
    params: Protocol.GpuPath,
    answers: { 200: Figures.MonitoringView },
    errors: [404, 409],
  } as const
  app.get<{ Params: Protocol.GpuPath }>(
    "/marketplace/gpu/:id/monitoring",
    {
      schema: routeSchema({ ...described, summary: "What its agent looks at, and what it found" }),
    },
    async (request) => {
      const listed = gpus.named(request.params.id)
      requireProvider(services, request, listed)
      return alerts.view(listed)
    },
  )
  app.put<{ Params: Protocol.GpuPath; Body: Figures.Monitoring }>(
    "/marketplace/gpu/:id/monitoring",
    {
      bodyLimit: smallBodyBytes,
      config: changeRate(services),
      schema: routeSchema({
        ...described,
        summary:
          "Change what its agent looks at, and what it tells of; the agent hears of it with its next heartbeat",
        body: Figures.Monitoring,
      }),
    },
    async (request) => {
      const listed = gpus.named(request.params.id)
      requireProvider(services, request, listed)
      alerts.configure(listed, request.body)
      await services.driver.durable()
      return alerts.view(gpus.named(request.params.id))
    },
  )
  app.delete<{ Params: Protocol.GpuPath }>(
    "/marketplace/gpu/:id/monitoring",
    {
      config: changeRate(services),
      schema: routeSchema({
        tag,
        summary: "Its agent looks at nothing any more; alerts that fire are resolved",
        keys: providerKeys,
        params: Protocol.GpuPath,
        without: "Nothing is looked at",
        errors: [404, 409],
      }),
    },
    async (request, reply) => {
      const listed = gpus.named(request.params.id)
      requireProvider(services, request, listed)
      alerts.configure(listed, null)
      await services.driver.durable()
      return reply.status(204).send()
    },
  )
  app.get<{ Querystring: Figures.AlertQuery }>(
    "/marketplace/alerts",
    {
      schema: routeSchema({
        tag,
        summary: "Alerts of the account's machines: those that fire first, then the latest",
        keys: accountKeys,
        query: Figures.AlertQuery,
        answers: { 200: Figures.AlertList },
      }),
    },
    async (request) => {
      const { account } = accountOf(services, request)
      const { state, gpu_id: gpuId, limit } = request.query
      const data = alerts
        .of(account.id)
        .filter(
          (one) =>
            (state === undefined || one.state === state) &&
            (gpuId === undefined || one.gpu_id === gpuId),
        )
      return { data: data.slice(0, Figures.alertLimit.read(limit)) }
    },
  )
}

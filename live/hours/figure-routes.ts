/** How a machine does: for its provider and the platform. */
import type { FastifyInstance, FastifyRequest } from "fastify"
import { routeSchema } from "../http/route-schema.ts"
import { runEffect } from "../http/run-effect.ts"
import * as Figures from "../protocol/figures-protocol.ts"
import * as Protocol from "../protocol/hours-protocol.ts"
import { providerKeys, requireProvider } from "./caller.ts"
import { analyticsOf, earningsOf, statusOf } from "./earnings.ts"
import type { Listed } from "./gpus.ts"
import type { Hours } from "./hours.ts"
import { suggestionsOf } from "./suggestions.ts"

const figuresRoute = <Answer, Query = never>(
  app: FastifyInstance,
  { services, gpus }: Hours,
  path: string,
  route: {
    readonly summary: string
    readonly query?: Parameters<typeof routeSchema>[0]["query"] & {}
    readonly answer: Parameters<typeof routeSchema>[0]["body"] & {}
    readonly look: (listed: Listed, query: Query) => Answer
  },
): void => {
  const { summary, query, answer, look } = route
  app.get<{ Params: Protocol.GpuPath }>(
    `/marketplace/gpu/:id/${path}`,
    {
      schema: routeSchema({
        tag: "Hours",
        summary,
        keys: providerKeys,
        params: Protocol.GpuPath,
        ...(query === undefined ? {} : { query }),
        answers: { 200: answer },
        errors: [404, 409],
      }),
    },
    async (request: FastifyRequest<{ Params: Protocol.GpuPath }>) => {
      const listed = gpus.named(request.params.id)
      requireProvider(services, request, listed)
      return look(listed, request.query as Query)
    },
  )
}

export const figureRoutes = (app: FastifyInstance, hours: Hours): void => {
  figuresRoute(app, hours, "status", {
    summary: "How it does: utilization, bookings, realized rate",
    answer: Protocol.GpuStatus,
    look: (listed) => runEffect(statusOf(hours, listed)),
  })
  figuresRoute<Promise<Figures.GpuEarnings>, Figures.EarningsQuery>(app, hours, "earnings", {
    summary: "What it earned: by the hour, and by calls that its host served",
    query: Figures.EarningsQuery,
    answer: Figures.GpuEarnings,
    look: (listed, query) => runEffect(earningsOf(hours, listed, query)),
  })
  figuresRoute<Promise<Figures.GpuAnalytics>, Figures.AnalyticsQuery>(app, hours, "analytics", {
    summary: "How much of it was sold, when most, and what brought most for an hour of work",
    query: Figures.AnalyticsQuery,
    answer: Figures.GpuAnalytics,
    look: (listed, { period }) => runEffect(analyticsOf(hours, listed, period)),
  })
  figuresRoute(app, hours, "suggestions", {
    summary: "What its provider could change, and what that follows from; after 48 hours of data",
    answer: Figures.GpuSuggestions,
    look: (listed) => suggestionsOf(hours, listed),
  })
}

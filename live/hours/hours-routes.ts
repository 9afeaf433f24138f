/** All routes of hours. */
import type { FastifyPluginAsync } from "fastify"
import { bookingRoutes } from "./booking-routes.ts"
import { eventRoutes } from "./event-routes.ts"
import { gpuRoutes } from "./gpu-routes.ts"
import type { Hours } from "./hours.ts"

export const hoursRoutes =
  (hours: Hours): FastifyPluginAsync =>
  async (app) => {
    gpuRoutes(app, hours)
    bookingRoutes(app, hours)
    eventRoutes(app, hours)
  }

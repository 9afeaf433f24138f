/** All routes of hours. */
import type { FastifyPluginAsync } from "fastify"
import { alertRoutes } from "./alert-routes.ts"
import { bookingRoutes } from "./booking-routes.ts"
import { eventRoutes } from "./event-routes.ts"
import { figureRoutes } from "./figure-routes.ts"
import { gpuRoutes } from "./gpu-routes.ts"
import { queueRoutes } from "./queue-routes.ts"
import type { Hours } from "./hours.ts"
import { offerRoutes } from "./offer-routes.ts"
import { qualityRoutes } from "./quality-routes.ts"
import { ratingRoutes } from "./rating-routes.ts"
import { swarmRoutes } from "./swarm-routes.ts"

export const hoursRoutes =
  (hours: Hours): FastifyPluginAsync =>
  async (app) => {
    gpuRoutes(app, hours)
    figureRoutes(app, hours)
    alertRoutes(app, hours)
    bookingRoutes(app, hours)
    offerRoutes(app, hours)
    eventRoutes(app, hours)
    ratingRoutes(app, hours)
    qualityRoutes(app, hours)
    swarmRoutes(app, hours)
    queueRoutes(app, hours)
  }

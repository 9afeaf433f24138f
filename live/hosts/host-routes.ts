/**
 * The host protocol as a plugin of the server: operators and their hosts, the market for everyone,
 * and the work of hosts that poll. `job-board` is the way that their jobs take.
 */
import { Effect } from "effect"
import type { FastifyInstance, FastifyPluginAsync } from "fastify"
import { microsPerSecond } from "../../engine/index.ts"
import { runEffect } from "../http/run-effect.ts"
import { requireKey } from "../directory/authentication.ts"
import { conflict } from "../http/http-error.ts"
import type { LiveServices } from "../directory/services.ts"
import { isInMarket } from "../directory/host-state.ts"
import type { JobBoard } from "./jobs/job-board.ts"
import { makeJobBoard } from "./jobs/job-board.ts"
import { jobRoutes } from "./job-routes.ts"
import type { NetworkGuard } from "./network-guard.ts"
import { operatorRoutes } from "./operator-routes.ts"
import * as Protocol from "../protocol/host-protocol.ts"
import type { HostHours } from "./host-hours.ts"
import type { Registry } from "./registry/registry.ts"
import { makeRegistry } from "./registry/registry.ts"
import { routeSchema } from "../http/route-schema.ts"
import type { UploadWay } from "../protocol/upload-way.ts"
import { proxiesPage } from "../protocol/upload-way.ts"
import type { Vault } from "./credentials/vault.ts"
import { rewrapTokens } from "./credentials/vault.ts"

export interface HostParts {
  readonly guard: NetworkGuard
  readonly vault: Vault
  /** Made here where none is given. */
  readonly registry?: Registry
  readonly hours?: HostHours
}

/** A host needs one poll, and another while the first one's answer is on its way. */
const pollsOfHost = 8
const rememberedAnswers = 20_000

/** The way to the hosts that poll, as the configuration has it. */
export const jobBoardOf = ({ config, driver, directory, uploads }: LiveServices): JobBoard =>
  makeJobBoard({
    clock: driver.clock,
    hostOf: (instance) => {
      const host = directory.instances.get(instance)?.host
      return host !== undefined && isInMarket(driver.market, host) ? host : undefined
    },
    uploads,
    limits: {
      queuedJobs: config.hosts.queuedJobs,
      polls: pollsOfHost,
      leaseMicros: config.hosts.leaseSeconds * microsPerSecond,
      pickUpMicros: config.timeouts.connectSeconds * microsPerSecond,
      answers: rememberedAnswers,
    },
  })

export const hostRoutes = (
  services: LiveServices,
  board: JobBoard,
  { guard, vault, registry = makeRegistry({ services, board, guard, vault }), hours }: HostParts,
): FastifyPluginAsync => {
  return async (app) => {
    operatorRoutes(app, { services, board, registry, hours })
    jobRoutes(app, { services, board, registry })
    services.uploads.onChange((host, way) => tellWay(app, services, host, way))
    rotationRoute(app, services, vault)
    app.addHook("preClose", async () => {
      // Polls that wait would hold up the server's end.
      board.close()
      registry.close()
    })
  }
}

/** The operator's own proxy and the platform's look alike from here: both are to hear of it. */
const tellWay = (
  { log }: FastifyInstance,
  { directory }: LiveServices,
  id: number,
  way: UploadWay,
): void => {
  const host = directory.hosts.get(id)?.publicId
  if (way === "heldBack")
    log.warn(
      { host },
      `the uploads of a host arrive in one go: a proxy between holds them back; see ${proxiesPage}`,
    )
  else log.info({ host }, "the uploads of a host come through as they are sent")
}

const rotationRoute = (app: FastifyInstance, services: LiveServices, vault: Vault): void => {
  app.post(
    "/admin/vault/rotate",
    {
      schema: routeSchema({
        tag: "Admin",
        summary: "A new master key for the tokens of cloud hosts; nothing stops meanwhile",
        keys: ["admin"],
        answers: { 200: Protocol.Rotated },
        errors: [409],
      }),
    },
    async (request) => {
      const { directory, driver } = services
      requireKey(services, request, "admin")
      await runEffect(
        Effect.mapError(vault.renew, ({ message }) => conflict("keys_not_renewable", message)),
      )
      const { wrapped, broken } = rewrapTokens(directory, vault)
      await driver.durable()
      return { rewrapped: wrapped, broken }
    },
  )
}

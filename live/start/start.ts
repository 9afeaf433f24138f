/**
 * A running gateway: opens the market of a data directory, serves it, and closes it in order. What
 * `evenkeel serve` runs, and with it the demonstration, the tests and the benchmarks.
 *
 *     open the store ─► recover the market ─► end what was cut off ─► listen
 *     stop listening ─► finish calls under way ─► snapshot ─► write what is queued ─► close
 */
import { FileSystem, Path } from "@effect/platform"
import type { Scope } from "effect"
import { Data, Deferred, Effect, Layer } from "effect"
import type { FastifyInstance, FastifyPluginAsync, FastifyServerOptions } from "fastify"
import { randomBytes } from "node:crypto"
import type { AddressInfo } from "node:net"
import type { Economy, EconomyInvalid } from "../../engine/index.ts"
import { deriveEconomy, economies, overlay } from "../../engine/index.ts"
import type { MarketBroken } from "../driver/market-driver.ts"
import { causeText } from "../../platform/cause.ts"
import { accountRoutes } from "../accounts/account-routes.ts"
import type { ModelUnlistable } from "../accounts/model-list.ts"
import { listConfiguredModels } from "../accounts/model-list.ts"
import type { LiveConfig } from "../config/config.ts"
import { ConfigInvalid } from "../config/load-config.ts"
import { dashboardRoutes, pagesForBrowsers } from "../dashboard/dashboard-routes.ts"
import { ensureAdminKey } from "../directory/keys.ts"
import type { LiveServices } from "../directory/services.ts"
import { Live } from "../directory/services.ts"
import type { JournalDiverged, OpenedMarket } from "../driver/recovery.ts"
import { endWhatWasUnderWay, Opened, readDelivered } from "../driver/recovery.ts"
import { batchRoutes } from "../batches/batch-routes.ts"
import { makeBatches } from "../batches/batches.ts"
import { makeFiles } from "../batches/files.ts"
import { makeCalls } from "../gateway/call/calls.ts"
import { gatewayRoutes } from "../gateway/gateway-routes.ts"
import { startProber } from "../gateway/probing/prober.ts"
import type { VaultUnusable } from "../hosts/credentials/master-keys.ts"
import { rewrapTokens, TokenVault } from "../hosts/credentials/vault.ts"
import { hostRoutes } from "../hosts/host-routes.ts"
import { makeRegistry } from "../hosts/registry/registry.ts"
import { hoursRoutes } from "../hours/hours-routes.ts"
import { makeHours } from "../hours/hours.ts"
import { Jobs } from "../hosts/jobs/job-board.ts"
import type { NetworkGuard } from "../hosts/network-guard.ts"
import { makeNetworkGuard } from "../hosts/network-guard.ts"
import { NetworkInvalid, parseNetwork } from "../http/networks.ts"
import { buildServer } from "../http/server/server.ts"
import { documentation } from "../operations/documentation.ts"
import { makeFeed } from "../operations/feed.ts"
import { makeMarketMetrics } from "../operations/metrics.ts"
import { makeTrends } from "../operations/trends.ts"
import { operationsRoutes } from "../operations/operations-routes.ts"
import { HostCouriers } from "../protocol/delivery.ts"
import type { StoreBroken, StoreFault, StoreUnusable } from "../store/errors.ts"
import type { GatewayLayers } from "./layers.ts"
import { gatewayLayer } from "./layers.ts"
import { measureCalls } from "./measured-calls.ts"

export interface GatewayOptions {
  readonly config: LiveConfig
  readonly dataDirectory: string
  readonly logger: Exclude<FastifyServerOptions["logger"], undefined>
}

export interface RunningGateway {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  readonly url: string
  readonly server: FastifyInstance
  readonly services: LiveServices
  /** Secret of the admin key, at the first start only. */
  readonly adminSecret: string | undefined
  readonly opened: Pick<OpenedMarket, "isNew" | "replayed"> & {
    /** Requests that the end of the process before this one had cut off. */
    readonly cutOff: number
  }
  /** Fails when the market broke off, or its directory cannot be written or is damaged: the process should end. */
  readonly broken: Effect.Effect<never, MarketBroken | StoreBroken | StoreUnusable>
}

/** The address cannot be listened on. */
export class CannotListen extends Data.TaggedError("CannotListen")<{
  readonly host: string
  readonly port: number
  readonly reason: string
}> {
  override get message(): string {
    return `${this.host}:${this.port}: cannot be listened on (${this.reason}); set listen.host, listen.port or --port`
  }
}

export type GatewayFault =
  | CannotListen
  | ConfigInvalid
  | EconomyInvalid
  | JournalDiverged
  | ModelUnlistable
  | StoreBroken
  | StoreFault
  | StoreUnusable
  | VaultUnusable

/** Starts the gateway; it ends, in order, with the scope. `layers`: in the place of those of layers.ts. */
export const startGateway = (
  { config, dataDirectory, logger }: GatewayOptions,
  layers: Partial<GatewayLayers> = {},
): Effect.Effect<RunningGateway, GatewayFault, Scope.Scope | FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const guard = yield* guardOf(config)
    const economy = yield* economyOf(config)
    const breakage = yield* Deferred.make<never, MarketBroken | StoreBroken | StoreUnusable>()
    const onBroken = (error: MarketBroken | StoreBroken | StoreUnusable): void =>
      Deferred.unsafeDone(breakage, Effect.fail(error))
    const parts = gatewayLayer(
      {
        config,
        dataDirectory,
        economy,
        newSeed: () => randomBytes(32).toString("base64url"),
        nowMillis: Date.now(),
        checkedFirstMib: config.store.checkedFirstMib,
        guard,
        onBroken,
      },
      layers,
    )
    const running = yield* Effect.provide(serve(guard, logger), yield* Layer.build(parts))
    return { ...running, broken: Deferred.await(breakage) }
  })

/** Ends what was cut off, and listens. */
const serve = (guard: NetworkGuard, logger: GatewayOptions["logger"]) =>
  Effect.gen(function* () {
    const services = yield* Live
    const { config, directory, driver, store } = services
    const { isNew, replayed } = yield* Opened
    yield* listConfiguredModels(services)
    rewrapTokens(directory, yield* TokenVault)
    const delivered = yield* readDelivered
    const { server, batches } = yield* openServer(guard, logger)
    // Every taker of commands is there: what is found out about the past is noted, too.
    const cutOff = isNew ? 0 : endWhatWasUnderWay(driver, store, delivered)
    batches.resume()
    const { host, port } = config.listen
    yield* Effect.tryPromise({
      try: () => server.listen({ host, port }),
      catch: (cause) => new CannotListen({ host, port, reason: causeText(cause) }),
    })
    // Last: it is shown this once, so a start that fails must not have made it.
    const adminSecret = ensureAdminKey(services)
    yield* Effect.promise(() => driver.durable())
    return {
      url: urlOf(server.server.address() as AddressInfo),
      server,
      services,
      adminSecret,
      opened: { isNew, replayed, cutOff },
    }
  })

/** The server with all that it serves, not listening yet. At the end: calls finish, then it closes. */
const openServer = (guard: NetworkGuard, logger: GatewayOptions["logger"]) =>
  Effect.gen(function* () {
    const services = yield* Live
    const { config, driver } = services
    const couriers = yield* HostCouriers
    const board = yield* Jobs
    const vault = yield* TokenVault
    const feed = makeFeed(services)
    const metrics = makeMarketMetrics(services)
    const trends = yield* makeTrends(services, feed.rates)
    const calls = measureCalls(
      makeCalls(services, couriers),
      driver.clock,
      metrics,
      (model, reason) => {
        feed.rates.noteRefused(model)
        trends.noteRefused(model, reason)
      },
    )
    const files = makeFiles(services)
    const batches = makeBatches(services, calls, files)
    const phase = { isShuttingDown: false }
    const registry = makeRegistry({ services, board, guard, vault })
    const { lastSeq } = yield* Opened
    const hours = yield* makeHours({ services, guard, vault, registry, lastSeq })
    const plugins: ReadonlyArray<FastifyPluginAsync> = [
      documentation(config),
      pagesForBrowsers,
      metrics.httpPlugin,
      gatewayRoutes(services, calls),
      batchRoutes(services, files, batches),
      hostRoutes(services, board, { guard, vault, registry, hours: hours.hostHours }),
      hoursRoutes(hours),
      accountRoutes(services),
      operationsRoutes(services, { metrics, feed, trends, phase }),
      dashboardRoutes(),
    ]
    const server = yield* Effect.acquireRelease(
      Effect.promise(() => buildServer({ config, plugins, logger })),
      (one) =>
        Effect.promise(async () => {
          phase.isShuttingDown = true
          batches.close()
          // Hosts must still be heard for what is under way: only then does the server close.
          await calls.drain(config.timeouts.shutdownSeconds)
          feed.close()
          trends.close()
          await hours.close()
          await closeWithin(one, lastAnswersMillis)
        }),
    )
    yield* Effect.acquireRelease(
      Effect.sync(() => startProber(services, couriers)),
      (prober) => Effect.sync(() => prober.close()),
    )
    return { server, batches }
  })

/** For the last answers to go out. */
const lastAnswersMillis = 3000

/** Closes the server; a client that does not read its answer is not waited for. */
const closeWithin = async (server: FastifyInstance, millis: number): Promise<void> => {
  const timer = setTimeout(() => server.server.closeAllConnections(), millis)
  await server.close()
  clearTimeout(timer)
}

/**
 * On top of the preset, below the configuration's knobs: a market that opens has nobody past their ramp,
 * and would refuse most of its calls for a week.
 */
const newMarketKnobs = { ramp: { bootstrapShare: 0.25 } }

const economyOf = (config: LiveConfig): Effect.Effect<Economy, ConfigInvalid | EconomyInvalid> => {
  const { preset, knobs } = config.economy
  return Object.hasOwn(economies, preset)
    ? deriveEconomy(economies[preset], overlay(newMarketKnobs, knobs), "economy.knobs")
    : new ConfigInvalid({
        source: "economy.preset",
        issues: [
          `${preset}: no economy is called that; there are ${Object.keys(economies).join(", ")}`,
        ],
      })
}

/** The networks of the configuration are checked before anything is opened. */
const guardOf = ({ hosts, listen }: LiveConfig): Effect.Effect<NetworkGuard, ConfigInvalid> =>
  Effect.zipRight(
    networksOf("listen.trustedProxies", () => listen.trustedProxies.map(parseNetwork)),
    networksOf("hosts.allowedNetworks", () => makeNetworkGuard(hosts.allowedNetworks)),
  )

const networksOf = <A>(setting: string, read: () => A): Effect.Effect<A, ConfigInvalid> =>
  Effect.try({
    try: read,
    catch: (cause) => {
      if (cause instanceof NetworkInvalid)
        return new ConfigInvalid({ source: setting, issues: [cause.message] })
      throw cause
    },
  })

const urlOf = ({ address, port, family }: AddressInfo): string => {
  const host = address === "0.0.0.0" || address === "::" ? "127.0.0.1" : address
  return `http://${family === "IPv6" && host.includes(":") ? `[${host}]` : host}:${port}`
}

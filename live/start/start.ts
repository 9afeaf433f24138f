/**
 * A running gateway: opens the market of a data directory, serves it, and closes it in order. What
 * `evenkeel serve` runs, and with it the demonstration, the tests and the benchmarks.
 *
 *     open the store ─► recover the market ─► end what was cut off ─► listen
 *     stop listening ─► finish calls under way ─► snapshot ─► write what is queued ─► close
 */
import { FileSystem, Path } from "@effect/platform"
import type { Scope } from "effect"
import { Data, Deferred, Effect } from "effect"
import type { FastifyInstance, FastifyPluginAsync, FastifyServerOptions } from "fastify"
import { randomBytes } from "node:crypto"
import type { AddressInfo } from "node:net"
import type { Economy, EconomyInvalid } from "../../engine/index.ts"
import { deriveEconomy, economies } from "../../engine/index.ts"
import { accountRoutes } from "../accounts/account-routes.ts"
import { ensureAdminKey } from "../directory/keys.ts"
import type { ModelUnlistable } from "../accounts/model-list.ts"
import { listConfiguredModels } from "../accounts/model-list.ts"
import type { LiveConfig } from "../config/config.ts"
import { dashboardRoutes } from "../dashboard/dashboard-routes.ts"
import { systemClock } from "../driver/clock.ts"
import type { MarketDriver } from "../driver/market-driver.ts"
import { makeMarketDriver } from "../driver/market-driver.ts"
import type { JournalDiverged, OpenedMarket } from "../driver/recovery.ts"
import { openDirectory } from "./open-directory.ts"
import { endWhatWasUnderWay, readDelivered } from "../driver/recovery.ts"
import { makeCalls } from "../gateway/call/calls.ts"
import { gatewayRoutes } from "../gateway/gateway-routes.ts"
import { startProber } from "../gateway/probing/prober.ts"
import { makePushCourier } from "../gateway/couriers/push-courier.ts"
import { hostRoutes, jobBoardOf } from "../hosts/host-routes.ts"
import type { NetworkGuard } from "../hosts/network-guard.ts"
import { guardedConnector, makeNetworkGuard } from "../hosts/network-guard.ts"
import { makeUploadWays } from "../directory/upload-ways.ts"
import { NetworkInvalid, parseNetwork } from "../http/networks.ts"
import type { VaultUnusable } from "../hosts/credentials/master-keys.ts"
import type { Vault } from "../hosts/credentials/vault.ts"
import { openVault, rewrapTokens, tokenOf } from "../hosts/credentials/vault.ts"
import { ConfigInvalid } from "../config/load-config.ts"
import { documentation } from "../operations/documentation.ts"
import { makeFeed } from "../operations/feed.ts"
import { measureCalls } from "./measured-calls.ts"
import { makeMarketMetrics } from "../operations/metrics.ts"
import { operationsRoutes } from "../operations/operations-routes.ts"
import { buildServer } from "../http/server/server.ts"
import type { LiveServices } from "../directory/services.ts"
import type { StoreBroken, StoreFault, StoreUnusable } from "../store/errors.ts"
import { type MarketStore, Store } from "../store/store.ts"

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
  /** Fails when the data directory can no longer be written, or is damaged: the process should end. */
  readonly broken: Effect.Effect<never, StoreBroken | StoreUnusable>
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
  | StoreFault
  | StoreUnusable
  | VaultUnusable

/** Starts the gateway; it ends, in order, with the scope. */
export const startGateway = (
  options: GatewayOptions,
): Effect.Effect<RunningGateway, GatewayFault, Scope.Scope | FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const { config } = options
    const guard = yield* guardOf(config)
    const breakage = yield* Deferred.make<never, StoreBroken | StoreUnusable>()
    const { services, vault, market } = yield* openServices(options, (error) => {
      Deferred.unsafeDone(breakage, Effect.fail(error))
    })
    const { driver, store } = services
    yield* listConfiguredModels(services)
    rewrapTokens(services.directory, vault)
    const delivered = yield* Effect.provideService(readDelivered, Store, store)
    const server = yield* openServer(services, guard, vault, options.logger)
    // Every taker of commands is there: what is found out about the past is noted, too.
    const cutOff = market.isNew ? 0 : endWhatWasUnderWay(driver, store, delivered)
    const { host, port } = config.listen
    yield* Effect.tryPromise({
      try: () => server.listen({ host, port }),
      catch: (cause) =>
        new CannotListen({ host, port, reason: cause instanceof Error ? cause.message : "" }),
    })
    // Last: it is shown this once, so a start that fails must not have made it.
    const adminSecret = ensureAdminKey(services)
    yield* Effect.promise(() => driver.durable())
    return {
      url: urlOf(server.server.address() as AddressInfo),
      server,
      services,
      adminSecret,
      opened: { isNew: market.isNew, replayed: market.replayed, cutOff },
      broken: Deferred.await(breakage),
    }
  })

/** The data directory and the market in it, as it stood. At the end: a snapshot, and all of it on disk. */
const openServices = (
  { config, dataDirectory }: GatewayOptions,
  onBroken: (error: StoreBroken | StoreUnusable) => void,
) =>
  Effect.gen(function* () {
    const economy = yield* economyOf(config)
    const newSeed = () => randomBytes(32).toString("base64url")
    const { store, directory, market } = yield* openDirectory(dataDirectory, {
      economy,
      newSeed,
      nowMillis: Date.now(),
      checkedFirstMib: config.store.checkedFirstMib,
      onBroken,
    })
    yield* Effect.promise(() => store.durable())
    const vault = yield* openVault(dataDirectory)
    const driver = yield* Effect.acquireRelease(
      Effect.sync(() => startDriver(market, store)),
      (one) =>
        Effect.promise(async () => {
          one.stop()
          await snapshots.close()
        }),
    )
    const snapshots = keepSnapshots(driver, store, config.store.snapshotEntries)
    const uploads = makeUploadWays()
    const services: LiveServices = {
      config,
      driver,
      directory,
      store,
      uploads,
      nowMillis: Date.now,
    }
    return { services, vault, market }
  })

/** The server with all that it serves, not listening yet. At the end: calls finish, then it closes. */
const openServer = (
  services: LiveServices,
  guard: NetworkGuard,
  vault: Vault,
  logger: GatewayOptions["logger"],
): Effect.Effect<FastifyInstance, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { config, directory, driver } = services
    const board = jobBoardOf(services)
    const push = makePushCourier({
      hostOf: (instance) => {
        const record = directory.instances.get(instance)
        return record === undefined ? undefined : directory.hosts.get(record.host)
      },
      tokenOf: (host) => tokenOf(vault, host),
      connect: guardedConnector(guard, { timeout: config.timeouts.connectSeconds * 1000 }),
    })
    const couriers = { pull: board, push }
    const feed = makeFeed(services)
    const metrics = makeMarketMetrics(services)
    const calls = measureCalls(makeCalls(services, couriers), driver.clock, metrics)
    const phase = { isShuttingDown: false }
    const plugins: ReadonlyArray<FastifyPluginAsync> = [
      documentation(config),
      metrics.httpPlugin,
      gatewayRoutes(services, calls),
      hostRoutes(services, board, { guard, vault }),
      accountRoutes(services),
      operationsRoutes(services, { metrics, feed, phase }),
      dashboardRoutes(),
    ]
    const server = yield* Effect.acquireRelease(
      Effect.promise(() => buildServer({ config, plugins, logger })),
      (one) =>
        Effect.promise(async () => {
          phase.isShuttingDown = true
          // Hosts must still be heard for what is under way: only then does the server close.
          await calls.drain(config.timeouts.shutdownSeconds)
          feed.close()
          await closeWithin(one, lastAnswersMillis)
          await push.close()
        }),
    )
    yield* Effect.acquireRelease(
      Effect.sync(() => startProber(services, couriers)),
      (prober) => Effect.sync(() => prober.close()),
    )
    return server
  })

/** For the last answers to go out. */
const lastAnswersMillis = 3000

/** Closes the server; a client that does not read its answer is not waited for. */
const closeWithin = async (server: FastifyInstance, millis: number): Promise<void> => {
  const timer = setTimeout(() => server.server.closeAllConnections(), millis)
  await server.close()
  clearTimeout(timer)
}

const economyOf = (config: LiveConfig): Effect.Effect<Economy, ConfigInvalid | EconomyInvalid> => {
  const { preset, knobs } = config.economy
  return Object.hasOwn(economies, preset)
    ? deriveEconomy(economies[preset], knobs, "economy.knobs")
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

/** After an outage, the first that the market hears is that what fell due is nobody's fault. */
const startDriver = ({ engine, meta, isNew }: OpenedMarket, store: MarketStore): MarketDriver => {
  const clock = systemClock(meta.openedAtMillis, engine.market.now)
  const driver = makeMarketDriver(engine, clock, store)
  if (!isNew) driver.submit({ _tag: "GatewayResumed" })
  return driver
}

/** A snapshot every so many entries, so that recovery stays short, and one at the end. */
const keepSnapshots = (driver: MarketDriver, store: MarketStore, entries: number) => {
  let next = store.lastSeq() + entries
  let underWay: Promise<void> | undefined
  const write = (): Promise<void> => {
    next = store.lastSeq() + entries
    const written = store.putSnapshot(driver.market).finally(() => {
      underWay = undefined
    })
    underWay = written
    return written
  }
  driver.addTaker(() => {
    if (underWay === undefined && store.lastSeq() >= next) void write()
  })
  return {
    close: async (): Promise<void> => {
      await underWay
      await write()
    },
  }
}

const urlOf = ({ address, port, family }: AddressInfo): string => {
  const host = address === "0.0.0.0" || address === "::" ? "127.0.0.1" : address
  return `http://${family === "IPv6" && host.includes(":") ? `[${host}]` : host}:${port}`
}

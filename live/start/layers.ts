/**
 * What a gateway runs on, as Layers: each is built on those below it, and ends before them. A test puts
 * another in the place of any that it names.
 *
 *     couriers ─► job board ─► services ─► driver ─► clock ─► vault ─► the data directory, opened
 */
import type { FileSystem, Path } from "@effect/platform"
import { Effect, Layer } from "effect"
import type { LiveConfig } from "../config/config.ts"
import { HostDirectory } from "../directory/directory.ts"
import { Live } from "../directory/services.ts"
import { loadSessions } from "../directory/sessions.ts"
import { makeUploadWays } from "../directory/upload-ways.ts"
import { MarketClock, systemClock } from "../driver/clock.ts"
import { Driver, makeMarketDriver } from "../driver/market-driver.ts"
import type { JournalDiverged } from "../driver/recovery.ts"
import { Opened } from "../driver/recovery.ts"
import { makePushCourier } from "../gateway/couriers/push-courier.ts"
import type { VaultUnusable } from "../hosts/credentials/master-keys.ts"
import { openVault, tokenOf, TokenVault } from "../hosts/credentials/vault.ts"
import { jobBoardOf } from "../hosts/host-routes.ts"
import { Jobs } from "../hosts/jobs/job-board.ts"
import type { NetworkGuard } from "../hosts/network-guard.ts"
import { guardedConnector } from "../hosts/network-guard.ts"
import { HostCouriers } from "../protocol/delivery.ts"
import type { StoreUnusable } from "../store/errors.ts"
import { unusable } from "../store/errors.ts"
import { Store } from "../store/store.ts"
import { keepSnapshots } from "./keep-snapshots.ts"
import type { DirectoryLayers, OpenOptions } from "./open-directory.ts"
import { openedLayer } from "./open-directory.ts"

export interface LayerOptions extends OpenOptions {
  readonly config: LiveConfig
  readonly guard: NetworkGuard
}

/** Those that another may take the place of. */
export interface GatewayLayers extends DirectoryLayers {
  readonly clock: Layer.Layer<MarketClock, never, Opened>
  readonly couriers: Layer.Layer<HostCouriers, never, Jobs | Live | TokenVault>
}

export type GatewayServices =
  Driver | HostCouriers | HostDirectory | Jobs | Live | MarketClock | Opened | Store | TokenVault

export const gatewayLayer = (
  options: LayerOptions,
  given: Partial<GatewayLayers> = {},
): Layer.Layer<
  GatewayServices,
  JournalDiverged | StoreUnusable | VaultUnusable,
  FileSystem.FileSystem | Path.Path
> => {
  const { clock = systemClockLayer, couriers = couriersLayer(options) } = given
  return couriers.pipe(
    Layer.provideMerge(Layer.effect(Jobs, Effect.map(Live, jobBoardOf))),
    Layer.provideMerge(servicesLayer(options)),
    Layer.provideMerge(driverLayer(options)),
    Layer.provideMerge(clock),
    Layer.provideMerge(vaultLayer(options)),
    Layer.provideMerge(openedLayer(options, given)),
  )
}

const vaultLayer = ({ dataDirectory }: LayerOptions) =>
  Layer.effect(TokenVault, openVault(dataDirectory))

const systemClockLayer = Layer.effect(
  MarketClock,
  Effect.map(Opened, ({ meta, engine }) => systemClock(meta.openedAtMillis, engine.market.now)),
)

/** At the end: a snapshot. */
const driverLayer = ({ config, onBroken }: LayerOptions) =>
  Layer.scoped(
    Driver,
    Effect.gen(function* () {
      const { engine, isNew } = yield* Opened
      const store = yield* Store
      const driver = makeMarketDriver(engine, yield* MarketClock, store, onBroken)
      // After an outage, the first that the market hears is that what fell due is nobody's fault.
      if (!isNew) driver.submit({ _tag: "GatewayResumed" })
      const snapshots = keepSnapshots(driver, store, config.store.snapshotEntries)
      yield* Effect.addFinalizer(() => {
        driver.stop()
        return Effect.promise(() => snapshots.close())
      })
      return driver
    }),
  )

const servicesLayer = ({ config, dataDirectory }: LayerOptions) =>
  Layer.effect(
    Live,
    Effect.gen(function* () {
      const sessions = yield* Effect.mapError(loadSessions(Date.now), (fault) =>
        unusable(dataDirectory, fault),
      )
      return {
        config,
        driver: yield* Driver,
        directory: yield* HostDirectory,
        store: yield* Store,
        sessions,
        uploads: makeUploadWays(),
        nowMillis: Date.now,
      }
    }),
  )

/** At the end: the connections to hosts are closed. */
const couriersLayer = ({ config, guard }: LayerOptions) =>
  Layer.scoped(
    HostCouriers,
    Effect.gen(function* () {
      const { directory } = yield* Live
      const vault = yield* TokenVault
      const push = makePushCourier({
        hostOf: (instance) => {
          const record = directory.instances.get(instance)
          return record === undefined ? undefined : directory.hosts.get(record.host)
        },
        tokenOf: (host) => tokenOf(vault, host),
        connect: guardedConnector(guard, { timeout: config.timeouts.connectSeconds * 1000 }),
      })
      yield* Effect.addFinalizer(() => Effect.promise(() => push.close()))
      return { pull: yield* Jobs, push }
    }),
  )

/**
 * A data directory, opened: what it holds is found to be whole, the names are in memory, the market
 * stands as it stood. Or it fails, and says what is damaged or lost, and what to do.
 *
 *     market ─► directory of names ─► check of what was written ─► store
 */
import type { FileSystem, Path } from "@effect/platform"
import { Effect, Layer } from "effect"
import type { MarketBroken } from "../driver/market-driver.ts"
import type { Economy } from "../../engine/index.ts"
import { HostDirectory, loadDirectory } from "../directory/directory.ts"
import type { JournalDiverged } from "../driver/recovery.ts"
import { Opened, openMarket } from "../driver/recovery.ts"
import { type StoreBroken, type StoreFault, type StoreUnusable, unusable } from "../store/errors.ts"
import { sqliteStore } from "../store/sqlite/open-store.ts"
import { Store } from "../store/store.ts"

export interface OpenOptions {
  readonly dataDirectory: string
  /** Of a market that is new. */
  readonly economy: Economy
  /** Called where the market is new; has to be unpredictable. */
  readonly newSeed: () => string
  readonly nowMillis: number
  /** Up to this size the history is checked first, else while the market already runs. */
  readonly checkedFirstMib: number
  /** Called later, where the directory can no longer be written or is found to be damaged. */
  readonly onBroken: (error: MarketBroken | StoreBroken | StoreUnusable) => void
}

/** Those that another may take the place of. */
export interface DirectoryLayers {
  readonly store: Layer.Layer<Store, StoreUnusable, FileSystem.FileSystem | Path.Path>
  readonly directory: Layer.Layer<HostDirectory, StoreFault, Store>
}

export const openedLayer = (
  options: OpenOptions,
  given: Partial<DirectoryLayers> = {},
): Layer.Layer<
  HostDirectory | Opened | Store,
  JournalDiverged | StoreUnusable,
  FileSystem.FileSystem | Path.Path
> => {
  const { dataDirectory, onBroken } = options
  const {
    store = sqliteStore(dataDirectory, onBroken),
    directory = Layer.effect(HostDirectory, loadDirectory),
  } = given
  return marketLayer(options).pipe(
    Layer.provideMerge(directory),
    Layer.provideMerge(checkedLayer(options)),
    Layer.provideMerge(store),
    Layer.mapError((fault) =>
      fault._tag === "StoreDamaged" || fault._tag === "StoreUnreadable"
        ? unusable(dataDirectory, fault)
        : fault,
    ),
  )
}

/** The market as it stood; one that is new is on disk. */
const marketLayer = ({ economy, newSeed, nowMillis }: OpenOptions) =>
  Layer.effect(
    Opened,
    Effect.gen(function* () {
      const opened = yield* openMarket(economy, newSeed, nowMillis)
      const store = yield* Store
      yield* Effect.promise(() => store.durable())
      return opened
    }),
  )

/** Between two pages of the check of a large directory: it takes a part of a core at most. */
const restMillis = 20

/**
 * A small directory is checked before it is used, a large one beside. Where that finds damage the
 * gateway ends, since more on top of it would make it worse.
 */
const checkedLayer = ({ dataDirectory, checkedFirstMib, onBroken }: OpenOptions) =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const { history } = yield* Store
      if ((yield* history.bytes) <= checkedFirstMib * 2 ** 20) return yield* history.check(0)
      yield* history.check(restMillis).pipe(
        Effect.catchAll((fault) => Effect.sync(() => onBroken(unusable(dataDirectory, fault)))),
        Effect.interruptible,
        Effect.forkScoped,
      )
    }),
  )

/**
 * A data directory, opened: what it holds is found to be whole, the names are in memory, the market
 * stands as it stood. Or it fails, and says what is damaged or lost, and what to do.
 */
import type { FileSystem, Path } from "@effect/platform"
import type { Scope } from "effect"
import { Effect, Layer } from "effect"
import type { Economy } from "../../engine/index.ts"
import type { Directory } from "../directory/directory.ts"
import { loadDirectory } from "../directory/directory.ts"
import type { JournalDiverged, OpenedMarket } from "../driver/recovery.ts"
import { openMarket } from "../driver/recovery.ts"
import { type StoreBroken, type StoreFault, type StoreUnusable, unusable } from "../store/errors.ts"
import { sqliteStore } from "../store/sqlite/open-store.ts"
import { type MarketStore, Store } from "../store/store.ts"

export interface OpenedDirectory {
  readonly store: MarketStore
  readonly directory: Directory
  readonly market: OpenedMarket
}

export interface OpenOptions {
  /** Of a market that is new. */
  readonly economy: Economy
  /** Called where the market is new; has to be unpredictable. */
  readonly newSeed: () => string
  readonly nowMillis: number
  /** Up to this size the history is checked first, else while the market already runs. */
  readonly checkedFirstMib: number
  /** Called later, where the directory can no longer be written or is found to be damaged. */
  readonly onBroken: (error: StoreBroken | StoreUnusable) => void
}

/** The store closes with the scope. */
export const openDirectory = (
  dataDirectory: string,
  options: OpenOptions,
): Effect.Effect<
  OpenedDirectory,
  JournalDiverged | StoreUnusable,
  Scope.Scope | FileSystem.FileSystem | Path.Path
> =>
  Effect.flatMap(Layer.build(sqliteStore(dataDirectory, options.onBroken)), (services) =>
    openStored(dataDirectory, options).pipe(
      Effect.provide(services),
      Effect.catchTags({
        StoreUnreadable: (error) => unusable(dataDirectory, error),
        StoreDamaged: (error) => unusable(dataDirectory, error),
      }),
    ),
  )

const openStored = (
  dataDirectory: string,
  { economy, newSeed, nowMillis, checkedFirstMib, onBroken }: OpenOptions,
) =>
  Effect.gen(function* () {
    const store = yield* Store
    yield* checkHistory(store, checkedFirstMib, (error) => onBroken(unusable(dataDirectory, error)))
    const directory = yield* loadDirectory
    const market = yield* openMarket(economy, newSeed, nowMillis)
    return { store, directory, market }
  })

/** Between two pages of the check of a large directory: it takes a part of a core at most. */
const restMillis = 20

/**
 * A small directory is checked before it is used, a large one beside. Where that finds damage the
 * gateway ends, since more on top of it would make it worse.
 */
const checkHistory = (
  { history }: MarketStore,
  checkedFirstMib: number,
  onDamage: (fault: StoreFault) => void,
) =>
  Effect.gen(function* () {
    if ((yield* history.bytes) <= checkedFirstMib * 2 ** 20) return yield* history.check(0)
    yield* history.check(restMillis).pipe(
      Effect.catchAll((fault) => Effect.sync(() => onDamage(fault))),
      Effect.forkScoped,
    )
  })

/**
 * A data directory, opened: what it holds is found to be whole, the names are in memory, the market
 * stands as it stood. Or it fails, and says what is damaged or lost, and what to do.
 */
import type { FileSystem, Path } from "@effect/platform"
import type { SqlError } from "@effect/sql/SqlError"
import type { Scope } from "effect"
import { Effect } from "effect"
import type { Economy } from "../../engine/index.ts"
import type { StoreBroken } from "../store/sqlite/commit-queue.ts"
import type { StoreDamaged } from "../store/sqlite/damage.ts"
import { reasonOf, restoreAdvice } from "../store/sqlite/damage.ts"
import type { Directory } from "../directory/records.ts"
import { loadDirectory } from "../directory/records.ts"
import type { Store } from "../store/sqlite/open-store.ts"
import { openStore, StoreUnusable } from "../store/sqlite/open-store.ts"
import type { JournalDiverged, OpenedMarket } from "../driver/recovery.ts"
import { openMarket } from "../driver/recovery.ts"

export interface OpenedDirectory {
  readonly store: Store
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
  { economy, newSeed, nowMillis, checkedFirstMib, onBroken }: OpenOptions,
): Effect.Effect<
  OpenedDirectory,
  JournalDiverged | StoreUnusable,
  Scope.Scope | FileSystem.FileSystem | Path.Path
> =>
  Effect.gen(function* () {
    const store = yield* openStore(dataDirectory, onBroken)
    yield* checkHistory(store, dataDirectory, checkedFirstMib, onBroken)
    const directory = yield* loadDirectory(store.reader, store.queue)
    const market = yield* openMarket(store, economy, newSeed, nowMillis)
    return { store, directory, market }
  }).pipe(
    Effect.catchTags({
      SqlError: (error) => unusable(dataDirectory, error),
      StoreDamaged: (error) => unusable(dataDirectory, error),
    }),
  )

/** Between two pages of the check of a large directory: it takes a part of a core at most. */
const restMillis = 20

/**
 * A small directory is checked before it is used, a large one beside. Where that finds damage the
 * gateway ends, since more on top of it would make it worse.
 */
const checkHistory = (
  { history }: Store,
  directory: string,
  checkedFirstMib: number,
  onBroken: (error: StoreUnusable) => void,
) =>
  Effect.gen(function* () {
    if ((yield* history.bytes) <= checkedFirstMib * 2 ** 20) return yield* history.check(0)
    yield* history.check(restMillis).pipe(
      Effect.catchAll((error) => Effect.sync(() => onBroken(unusable(directory, error)))),
      Effect.forkScoped,
    )
  })

const unusable = (directory: string, error: SqlError | StoreDamaged): StoreUnusable =>
  new StoreUnusable({
    directory,
    reason: error._tag === "SqlError" ? reasonOf(error) : `${error.message}. ${restoreAdvice}`,
  })

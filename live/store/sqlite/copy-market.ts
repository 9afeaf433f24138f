/**
 * A copy of a market, also while a gateway runs on it. It is checked from its first entry to its last,
 * and has a head of its own: where it is put in the place of what was lost, it is a market that
 * acknowledged as far as it goes.
 */
import { FileSystem, Path } from "@effect/platform"
import { Effect } from "effect"
import { databaseName, headName } from "../data-directory.ts"
import { StoreUnusable } from "../errors.ts"
import { createHead, headUnusable, markOf } from "./journal/head.ts"
import { lastSeal } from "./journal/stored-journal.ts"
import { openDatabase, openToCheck } from "./open-store.ts"
import { reasonOf } from "./schema/damage.ts"

/** Fills an existing folder. Gives the copy's size, bytes. */
export const copyMarket = (directory: string, folder: string) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const reader = yield* openDatabase(directory)
    yield* files.makeDirectory(folder, { recursive: true, mode: 0o700 })
    const file = path.join(folder, databaseName)
    // One transaction sees one instant of the market, whatever is committed meanwhile.
    yield* reader
      .unsafe("VACUUM INTO ?", [file])
      .pipe(
        Effect.mapError((error) => new StoreUnusable({ directory, reason: String(error.cause) })),
      )
    yield* files.chmod(file, 0o600)
    yield* checkCopy(directory, folder)
    const { size } = yield* files.stat(file)
    return Number(size)
  })

const checkCopy = (
  directory: string,
  folder: string,
): Effect.Effect<void, StoreUnusable, Path.Path> =>
  Effect.scoped(
    Effect.gen(function* () {
      const path = yield* Path.Path
      const { history, reader } = yield* openToCheck(folder)
      yield* history.check(0)
      const seal = yield* lastSeal(reader)
      yield* Effect.tryPromise({
        try: () => createHead(path.join(folder, headName), markOf(seal)),
        catch: headUnusable,
      })
    }),
  ).pipe(
    Effect.mapError(
      (error) =>
        new StoreUnusable({
          directory,
          reason: error._tag === "SqlError" ? reasonOf(error) : error.message,
        }),
    ),
  )

/**
 * The store of results: one run, one SQLite file.
 *
 * A file is written under another name, in one transaction, synced, and renamed into place
 * (replace-file.ts), so that whoever looks at `path` sees the old file or the whole new one, whenever
 * the writer is killed.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, ParseResult, Schema } from "effect"
import { insertRun } from "./insert-run.ts"
import { RunResult, RunSummary } from "../models/run-model.ts"
import { replaceFile } from "../../../platform/replace-file.ts"
import {
  foreignFile,
  invalidContent,
  ioFailure,
  missingFile,
  otherLayout,
  readFailure,
  writeFailure,
} from "./results-file-error.ts"
import type { ResultsFileError } from "./results-file-error.ts"
import { selectRun, selectSummary } from "./select-run.ts"
import { sqliteLayer } from "../../../platform/sqlite-client.ts"
import { applicationId, layoutVersion } from "./tables.ts"

/**
 * Stores `result` at `path`, replacing what is there. Folders are made as needed.
 * Numbers come back exactly, except that −0 becomes 0 and NaN in a series becomes null.
 * Cost: O(values), about 1 µs each.
 */
export const writeRun = (
  path: string,
  result: RunResult,
): Effect.Effect<void, ResultsFileError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    yield* replaceFile(paths.resolve(path), (filename) =>
      insertRun(result).pipe(
        // The layer lives for this effect only: the database is closed before it is renamed.
        Effect.provide(sqliteLayer({ filename, mode: "create" })),
        Effect.mapError((error) => writeFailure(path, error)),
      ),
    )
  }).pipe(
    Effect.catchAll((error) =>
      error._tag === "ResultsFileError" ? error : ioFailure(path, error.message),
    ),
  )

/**
 * Reads the run stored at `path`. Fails with the reason where the file is missing, foreign, of
 * another layout, damaged, or does not hold a run result. Cost: O(values).
 */
export const readRun = (
  path: string,
): Effect.Effect<RunResult, ResultsFileError, FileSystem.FileSystem | Path.Path> =>
  readAs(path, selectRun, RunResult)

/** Reads what the run stored at `path` is and says, without its replications. Fails as `readRun` does. */
export const readSummary = (
  path: string,
): Effect.Effect<RunSummary, ResultsFileError, FileSystem.FileSystem | Path.Path> =>
  readAs(path, selectSummary, RunSummary)

const readAs = <A, I>(
  path: string,
  select: Effect.Effect<unknown, SqlError, SqlClient>,
  schema: Schema.Schema<A, I>,
) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const filename = paths.resolve(path)
    const information = yield* files.stat(filename).pipe(
      Effect.catchAll((error) =>
        // A path through something that is no folder is reported as a bad resource.
        error._tag === "SystemError" &&
        (error.reason === "NotFound" || error.reason === "BadResource")
          ? missingFile(path)
          : ioFailure(path, error.message),
      ),
    )
    if (information.type !== "File") return yield* foreignFile(path, "it is not a plain file")
    const stored = yield* Effect.zipRight(checkLayout(path), select).pipe(
      Effect.provide(sqliteLayer({ filename, mode: "readOnly" })),
      Effect.catchTag("SqlError", (error) => readFailure(path, error)),
    )
    return yield* Schema.decodeUnknown(schema)(stored).pipe(
      Effect.mapError((error) =>
        invalidContent(path, ParseResult.TreeFormatter.formatErrorSync(error)),
      ),
    )
  })

const checkLayout = (path: string): Effect.Effect<void, SqlError | ResultsFileError, SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const [application] = yield* sql.unsafe<{ application_id: number }>("PRAGMA application_id")
    if (application?.application_id !== applicationId) {
      return yield* foreignFile(path, "it is a SQLite file of another program, or an empty one")
    }
    const [layout] = yield* sql.unsafe<{ user_version: number }>("PRAGMA user_version")
    const found = layout?.user_version ?? 0
    if (found !== layoutVersion) return yield* otherLayout(path, found)
  })

/**
 * A data directory: `market.sqlite` with the journal, its postings, snapshots and the directory of
 * names; `lock.sqlite`, held by the process that runs the market.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Context, Data, Effect, Exit, Layer, Scope } from "effect"
import { sqliteLayer } from "../../sim/results/sqlite-client.ts"
import type { CommitQueue, StoreBroken } from "./commit-queue.ts"
import { makeCommitQueue, reasonOf } from "./commit-queue.ts"
import { migrate } from "./migrations.ts"

/** The data directory cannot be used: says what, where and what to do. */
export class StoreUnusable extends Data.TaggedError("StoreUnusable")<{
  readonly directory: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.directory}: ${this.reason}`
  }
}

export interface Store {
  readonly queue: CommitQueue
  /** For queries, on a connection of its own: a reader never waits for a commit. */
  readonly reader: SqlClient
}

export const databaseName = "market.sqlite"

/**
 * Opens the data directory, making it where there is none, for this process alone. Closing the
 * scope writes what is still queued.
 */
export const openStore = (
  directory: string,
  onBroken: (error: StoreBroken) => void,
): Effect.Effect<Store, StoreUnusable, Scope.Scope | FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    // Only its owner may look into it: it holds sealed credentials and what people asked for.
    yield* files.makeDirectory(directory, { recursive: true, mode: 0o700 })
    yield* lock(path.join(directory, "lock.sqlite"))
    const filename = path.join(directory, databaseName)
    const writer = yield* connect({ filename, mode: "create" })
    yield* writer.unsafe("PRAGMA journal_mode = WAL")
    yield* writer.unsafe("PRAGMA synchronous = FULL")
    yield* migrate.pipe(Effect.provideService(SqlClient, writer))
    const reader = yield* connect({ filename, mode: "readOnly" })
    const rows = yield* reader.unsafe<{ readonly seq: number | null }>(
      "SELECT max(seq) AS seq FROM journal",
    )
    const queue = yield* Effect.acquireRelease(
      Effect.sync(() => makeCommitQueue(writer, rows[0]?.seq ?? 0, onBroken)),
      (one) => Effect.ignore(Effect.tryPromise(() => one.close())),
    )
    return { queue, reader }
  }).pipe(
    Effect.catchTags({
      SqlError: (error) => unusable(directory, reasonOf(error)),
      MigrationError: (error) => unusable(directory, error.message),
      BadArgument: (error) => unusable(directory, error.message),
      SystemError: (error) => unusable(directory, error.message),
    }),
  )

/** Opens a data directory to read it, also while a market runs in it. */
export const openReader = (
  directory: string,
): Effect.Effect<SqlClient, StoreUnusable, Scope.Scope | FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const filename = path.join(directory, databaseName)
    if (!(yield* files.exists(filename)))
      return yield* unusable(directory, `holds no market (${databaseName} is missing)`)
    const reader = yield* connect({ filename, mode: "readOnly" })
    yield* reader.unsafe("SELECT 1 FROM journal LIMIT 1")
    return reader
  }).pipe(
    Effect.catchTags({
      SqlError: (error) => unusable(directory, reasonOf(error)),
      BadArgument: (error) => unusable(directory, error.message),
      SystemError: (error) => unusable(directory, error.message),
    }),
  )

const unusable = (directory: string, reason: string): Effect.Effect<never, StoreUnusable> =>
  new StoreUnusable({ directory, reason })

/** A connection that lives as long as the scope. */
const connect = (
  options: Parameters<typeof sqliteLayer>[0],
): Effect.Effect<SqlClient, SqlError, Scope.Scope> =>
  Effect.map(Layer.build(sqliteLayer(options)), (context) => Context.get(context, SqlClient))

/**
 * Two processes on one journal would each be wrong about the balances. The lock is a transaction on
 * a file of its own, which the system ends with the process, however that ends.
 */
const lock = (filename: string): Effect.Effect<void, SqlError, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const connection = yield* connect({ filename, mode: "create", busyTimeoutMillis: 0 }).pipe(
      Scope.extend(scope),
    )
    yield* connection.unsafe("BEGIN EXCLUSIVE").pipe(
      Effect.mapError((error) =>
        Object.assign(error, { cause: new Error("another process runs a market in it") }),
      ),
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
    )
    yield* Effect.addFinalizer(() =>
      connection
        .unsafe("ROLLBACK")
        .pipe(Effect.ignore, Effect.zipRight(Scope.close(scope, Exit.void))),
    )
  })

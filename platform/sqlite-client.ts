/**
 * The npm package `sqlite3` behind @effect/sql's `SqlClient`, so that nothing above this file knows
 * which database it talks to.
 *
 * Why this driver: its calls run on the thread pool, so an fsync never blocks the event loop.
 * Rules that follow from it:
 * - One connection, used by one statement or one transaction at a time (a semaphore of one permit):
 *   SQLite has one writer anyway, and a statement of another fiber must not slip into a transaction.
 * - The driver reads 64-bit integers as doubles. An integer beyond ±(2^53 − 1) would come back
 *   changed, without a word; parameters beyond it are refused here, and tables that hold money
 *   constrain their columns (see tables.ts). `SafeIntegers` (reading as bigint) is refused too.
 */
import * as Reactivity from "@effect/experimental/Reactivity"
import * as Client from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import * as Statement from "@effect/sql/Statement"
import { Chunk, Context, Effect, FiberRef, Layer, Scope, Stream } from "effect"
import sqlite3 from "sqlite3"

export interface SqliteOptions {
  /** Path of the database file. */
  readonly filename: string
  /** `create`: read and write, made when absent. The others must exist; `readOnly` is never changed. */
  readonly mode: "create" | "readWrite" | "readOnly"
  /** How long a statement waits for another process' lock, in milliseconds. */
  readonly busyTimeoutMillis?: number
}

/** A `SqlClient` on one SQLite file, closed with its scope. Fails where the file cannot be opened. */
export const sqliteLayer = (options: SqliteOptions): Layer.Layer<Client.SqlClient, SqlError> =>
  Layer.scoped(Client.SqlClient, makeClient(options)).pipe(Layer.provide(Reactivity.layer))

/** SQLite's own name for what went wrong, such as SQLITE_CORRUPT, where the error came from it. */
export const sqliteCode = (error: SqlError): string | undefined => {
  const cause = error.cause
  return cause instanceof Error && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : undefined
}

type Row = Record<string, unknown>

const makeClient = (
  options: SqliteOptions,
): Effect.Effect<Client.SqlClient, SqlError, Scope.Scope | Reactivity.Reactivity> =>
  Effect.gen(function* () {
    const database = yield* Effect.acquireRelease(openDatabase(options), closeDatabase)
    const connection = connectionOf(database)
    const semaphore = yield* Effect.makeSemaphore(1)
    const transactionAcquirer = Effect.uninterruptibleMask((restore) =>
      restore(semaphore.take(1)).pipe(
        Effect.zipRight(Effect.addFinalizer(() => semaphore.release(1))),
        Effect.as(connection),
      ),
    )
    return yield* Client.make({
      // A statement outside a transaction holds the permit until its scope closes, that is, until
      // its rows are in.
      acquirer: transactionAcquirer,
      transactionAcquirer,
      compiler: Statement.makeCompilerSqlite(),
      spanAttributes: [["db.system.name", "sqlite"]],
    })
  })

const openDatabase = (options: SqliteOptions): Effect.Effect<sqlite3.Database, SqlError> =>
  Effect.async<sqlite3.Database, SqlError>((resume) => {
    const access = {
      create: sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE,
      readWrite: sqlite3.OPEN_READWRITE,
      readOnly: sqlite3.OPEN_READONLY,
    }[options.mode]
    const database = new sqlite3.Database(
      options.filename,
      access | sqlite3.OPEN_FULLMUTEX,
      (cause) => {
        if (cause !== null) {
          resume(new SqlError({ cause, message: `cannot open ${options.filename}` }))
          return
        }
        database.configure("busyTimeout", options.busyTimeoutMillis ?? 5_000)
        // Without it a ROLLBACK could overtake an interrupted statement that is still winding up.
        database.serialize()
        resume(Effect.succeed(database))
      },
    )
  })

// Closing waits for the statements under way. It fails only for a statement that was never
// finalised, which this file cannot leave behind: that is a programmer's error.
const closeDatabase = (database: sqlite3.Database): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    database.close((cause) => resume(cause === null ? Effect.void : Effect.die(cause)))
  })

const connectionOf = (database: sqlite3.Database): Connection => {
  const rowsOf = (
    sql: string,
    parameters: ReadonlyArray<unknown>,
  ): Effect.Effect<ReadonlyArray<Row>, SqlError> =>
    withBindable(parameters, (bindable) =>
      Effect.async<ReadonlyArray<Row>, SqlError>((resume) => {
        database.all<Row>(sql, bindable, (cause, rows) =>
          resume(
            cause === null
              ? Effect.succeed(rows)
              : new SqlError({ cause, message: `statement failed: ${sql.slice(0, 120)}` }),
          ),
        )
        return Effect.sync(() => database.interrupt())
      }),
    )

  const streamOf = (
    sql: string,
    parameters: ReadonlyArray<unknown>,
  ): Stream.Stream<Row, SqlError> =>
    Stream.unwrap(
      withBindable(parameters, (bindable) =>
        Effect.succeed(
          Stream.async<Row, SqlError>((emit) => {
            database.each<Row>(
              sql,
              bindable,
              (cause, row) => {
                if (cause === null) void emit.chunk(Chunk.of(row))
              },
              (cause) => {
                if (cause === null) void emit.end()
                else void emit.fail(new SqlError({ cause, message: "statement failed" }))
              },
            )
            return Effect.sync(() => database.interrupt())
          }, "unbounded"),
        ),
      ),
    )

  return {
    execute: (sql, parameters, transformRows) =>
      transformRows === undefined
        ? rowsOf(sql, parameters)
        : Effect.map(rowsOf(sql, parameters), transformRows),
    executeRaw: rowsOf,
    executeStream: (sql, parameters, transformRows) =>
      transformRows === undefined
        ? streamOf(sql, parameters)
        : Stream.mapChunks(streamOf(sql, parameters), (rows) =>
            Chunk.unsafeFromArray(transformRows(Chunk.toReadonlyArray(rows))),
          ),
    executeValues: (sql, parameters) =>
      Effect.map(rowsOf(sql, parameters), (rows) => rows.map((row) => Object.values(row))),
    executeUnprepared: (sql, parameters, transformRows) =>
      transformRows === undefined
        ? rowsOf(sql, parameters)
        : Effect.map(rowsOf(sql, parameters), transformRows),
  }
}

/** Runs `use` with parameters that the driver binds without changing them. */
const withBindable = <A>(
  parameters: ReadonlyArray<unknown>,
  use: (parameters: ReadonlyArray<unknown>) => Effect.Effect<A, SqlError>,
): Effect.Effect<A, SqlError> =>
  Effect.suspend(() => {
    const bindable: Array<unknown> = []
    for (const value of parameters) {
      if (typeof value !== "bigint") bindable.push(value)
      else if (Number.isSafeInteger(Number(value))) bindable.push(Number(value))
      else return new SqlError({ message: `parameter ${value} is beyond ±(2^53 − 1)` })
    }
    return Effect.flatMap(readsBigints, (bigints) =>
      bigints
        ? new SqlError({ message: "SafeIntegers: the sqlite3 driver reads integers as doubles" })
        : use(bindable),
    )
  })

const readsBigints = FiberRef.getWith(FiberRef.currentContext, (context) =>
  Effect.succeed(Context.get(context, Client.SafeIntegers)),
)

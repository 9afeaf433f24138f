/**
 * A data directory: `market.sqlite` with the journal, its postings, snapshots and the directory of
 * names; `market.head`, how far it has acknowledged; `lock.sqlite`, held by the process that runs the
 * market. What was damaged or lost between two runs is found when it is opened.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { SqlClient } from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { sqliteCode, sqliteLayer } from "../../../platform/sqlite-client.ts"
import { databaseName, headName, lockName, masterKeyFile } from "../data-directory.ts"
import type { StoreBroken, StoreFault } from "../errors.ts"
import { restoreAdvice, StoreDamaged, StoreUnusable } from "../errors.ts"
import type { JournalReader } from "../journal.ts"
import { makeCommitQueue } from "./journal/commit-queue.ts"
import { asFault, causeOf, reasonOf } from "./schema/damage.ts"
import { createHead, headUnusable, markOf, openHead, readHead } from "./journal/head.ts"
import { type History, Store } from "../store.ts"
import { makeHistory } from "./journal/history.ts"
import type { Loss } from "./journal/loss.ts"
import { findLoss, lossAdvice } from "./journal/loss.ts"
import type { MarketMeta } from "../meta.ts"
import { readMeta } from "./tables/meta.ts"
import { migrate } from "./schema/migrations.ts"
import { loadRowSums } from "./journal/row-sums.ts"
import { digestOfText } from "./journal/seal.ts"
import { lastSeal } from "./journal/stored-journal.ts"
import { journalReader, makeSqliteStore, type SqliteStore } from "./sqlite-store.ts"

export interface StoreOptions {
  /** Opens a directory that lacks what was acknowledged; gives what it lacks. */
  readonly acceptLoss?: (loss: Loss) => void
}

/**
 * Opens the data directory, making it where there is none, for this process alone. Closing the
 * scope writes what is still queued.
 */
export const openStore = (
  directory: string,
  onBroken: (error: StoreBroken) => void,
  { acceptLoss }: StoreOptions = {},
): Effect.Effect<SqliteStore, StoreUnusable, Scope.Scope | FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    // Only its owner may look into it: it holds sealed credentials and what people asked for.
    yield* files.makeDirectory(directory, { recursive: true, mode: 0o700 })
    yield* lock(path.join(directory, lockName))
    const filename = path.join(directory, databaseName)
    const headFile = path.join(directory, headName)
    yield* undoCutOff(filename)
    const { loss, head: foundHead, meta } = yield* judge(directory)
    if (loss !== undefined) {
      if (acceptLoss === undefined || loss.isAll) return yield* lossIn(directory, loss)
      acceptLoss(loss)
    }
    if (meta === undefined) yield* requireUnused(directory)
    const writer = yield* connect({ filename, mode: "create" })
    yield* writer.unsafe("PRAGMA journal_mode = WAL")
    yield* writer.unsafe("PRAGMA synchronous = FULL")
    yield* migrate.pipe(
      Effect.provideService(SqlClient, writer),
      // A step that cannot be taken is a defect to the migrator; it is one that was taken already.
      Effect.catchAllDefect(
        (defect) =>
          new StoreDamaged({
            table: "effect_sql_migrations",
            where: "",
            what: migrationReason(defect),
          }),
      ),
    )
    const reader = yield* connect({ filename, mode: "readOnly" })
    yield* checkDefinitions(reader, writer)
    const sums = yield* loadRowSums(reader)
    const seal = yield* lastSeal(reader)
    if (foundHead === "missing" || loss !== undefined)
      // Before the first group: from then on, a market without a head has lost it. After all that can
      // fail: until then, a head that is ahead is what tells of the loss.
      yield* Effect.tryPromise({
        try: () => createHead(headFile, markOf(seal)),
        catch: headUnusable,
      })
    const head = yield* openHead(headFile)
    const queue = yield* makeCommitQueue({ sql: writer, head, seal, sums, onBroken })
    const history = makeHistory(connect({ filename, mode: "readOnly" }))
    return makeSqliteStore(queue, reader, history)
  }).pipe(
    Effect.catchTags({
      SqlError: (error) => unusable(directory, reasonOf(error)),
      MigrationError: (error) => unusable(directory, migrationReason(error)),
      BadArgument: (error) => unusable(directory, error.message),
      SystemError: (error) => unusable(directory, error.message),
      StoreDamaged: (error) => unusable(directory, `${error.message}. ${restoreAdvice}`),
      HeadUnusable: (error) => unusable(directory, error.message),
    }),
  )

/** The store of a data directory, as the service that a market runs on. */
export const sqliteStore = (
  directory: string,
  onBroken: (error: StoreBroken) => void,
): Layer.Layer<Store, StoreUnusable, FileSystem.FileSystem | Path.Path> =>
  Layer.scoped(Store, openStore(directory, onBroken))

/** Opens a data directory to read its journal, also while a market runs in it. */
export const openReader = (
  directory: string,
): Effect.Effect<JournalReader, StoreUnusable, Scope.Scope | FileSystem.FileSystem | Path.Path> =>
  Effect.map(openDatabase(directory), journalReader)

/** The database of a data directory, to read it, also while a market runs in it. */
export const openDatabase = (
  directory: string,
): Effect.Effect<SqlClient, StoreUnusable, Scope.Scope | FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    yield* requireMarket(directory)
    const path = yield* Path.Path
    const { loss, head } = yield* judge(directory)
    // A database that is read by itself has no head, and nothing that it could be compared with. One
    // that is written to meanwhile is only ever further on than the head that was read before.
    if (loss !== undefined && head !== "missing") return yield* lossIn(directory, loss)
    const reader = yield* connect({
      filename: path.join(directory, databaseName),
      mode: "readOnly",
    })
    yield* reader.unsafe("SELECT 1 FROM journal LIMIT 1")
    return reader
  }).pipe(
    Effect.catchTags({
      SqlError: (error) =>
        unusable(
          directory,
          // A reader may not undo what was cut off (undoCutOff).
          sqliteCode(error) === "SQLITE_READONLY"
            ? `a start of its gateway was cut off, and what that left (${databaseName}-journal) is put right by the next start only: start the gateway on it once`
            : reasonOf(error),
        ),
      BadArgument: (error) => unusable(directory, error.message),
      SystemError: (error) => unusable(directory, error.message),
      StoreDamaged: (error) => unusable(directory, `${error.message}. ${restoreAdvice}`),
      HeadUnusable: (error) => unusable(directory, error.message),
    }),
  )

/** Fails where there is no market that could be opened: opening makes one. */
export const requireMarket = (
  directory: string,
): Effect.Effect<void, StoreUnusable, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const has = (name: string) =>
      Effect.orElseSucceed(files.exists(path.join(directory, name)), () => false)
    if (!(yield* has(databaseName)) && !(yield* has(headName)))
      return yield* unusable(directory, `holds no market (${databaseName} is missing)`)
  })

/** A directory to be checked, also while a market runs in it; its summed tables have been. */
export const openToCheck = (
  directory: string,
): Effect.Effect<
  { readonly reader: SqlClient; readonly history: History },
  SqlError | StoreDamaged,
  Scope.Scope | Path.Path
> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const filename = path.join(directory, databaseName)
    const reader = yield* connect({ filename, mode: "readOnly" })
    // One transaction sees one instant of the market, whatever is committed meanwhile.
    yield* reader.withTransaction(loadRowSums(reader))
    return { reader, history: makeHistory(connect({ filename, mode: "readOnly" })) }
  })

/** Checks all that a data directory holds, also while a market runs in it. */
export const checkDirectory = (directory: string): Effect.Effect<void, StoreFault, Path.Path> =>
  Effect.scoped(asFault(Effect.flatMap(openToCheck(directory), ({ history }) => history.check(0))))

/**
 * A database becomes one with a log by a transaction of the old kind. Where the process ended within it,
 * the journal of that lies beside and is undone by the first reader, which has to be one that may write.
 */
const undoCutOff = (filename: string) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const isThere = yield* Effect.forEach([filename, `${filename}-journal`], (file) =>
      files.exists(file),
    )
    if (isThere.includes(false)) return
    yield* Effect.scoped(
      Effect.flatMap(connect({ filename, mode: "readWrite" }), (connection) =>
        connection.unsafe("SELECT count(*) FROM sqlite_schema"),
      ),
    )
  })

/** Compares the head with the database and reads the rules of its market, and changes neither. */
const judge = (directory: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const head = yield* readHead(path.join(directory, headName))
      const filename = path.join(directory, databaseName)
      const isThere = yield* files.exists(filename)
      const reader = isThere ? yield* connect({ filename, mode: "readOnly" }) : undefined
      const loss = yield* findLoss(head, reader)
      // Read before anything is migrated: rules that this version cannot follow stay another's to follow.
      const meta: MarketMeta | undefined =
        reader === undefined ? undefined : yield* readMeta(reader)
      return { loss, head, meta }
    }),
  )

/**
 * The keys are made after the market: where they are and it is not, it was lost. A new one in its
 * place would hide that.
 */
const requireUnused = (directory: string) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    if (yield* files.exists(path.join(directory, masterKeyFile)))
      return yield* unusable(
        directory,
        `its market is gone (${databaseName} holds none), though its ${masterKeyFile} is there: put a backup in its place, or name another directory for a new market`,
      )
  })

const lossIn = (directory: string, loss: Loss): Effect.Effect<never, StoreUnusable> =>
  unusable(directory, `${loss.what}. ${lossAdvice(directory, loss)}`)

/**
 * The tables' own definitions, the trigger that takes entries apart among them, are compared with those
 * that the last migration left. Where that was the last thing done before an end, they are noted now.
 */
const checkDefinitions = (
  reader: SqlClient,
  writer: SqlClient,
): Effect.Effect<void, SqlError | StoreDamaged> =>
  Effect.gen(function* () {
    const steps = yield* reader.unsafe<{ readonly id: number }>(
      "SELECT max(migration_id) AS id FROM effect_sql_migrations",
    )
    const rows = yield* reader.unsafe<{ readonly text: string }>(
      `SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') AS text
        FROM sqlite_schema WHERE tbl_name NOT LIKE 'sqlite_%' ORDER BY type, name`,
    )
    const digest = digestOfText(rows.map(({ text }) => text).join("\n"))
    const noted = yield* reader.unsafe<{ readonly digest: string }>(
      "SELECT digest FROM definitions WHERE step = ?",
      [steps[0].id],
    )
    if (noted.length === 0)
      yield* writer.unsafe("INSERT INTO definitions (step, digest) VALUES (?, ?)", [
        steps[0].id,
        digest,
      ])
    else if (noted[0].digest !== digest)
      return yield* new StoreDamaged({
        table: "sqlite_schema",
        where: "",
        what: "the definition of a table is not as it was written",
      })
  })

/** A migration that fails says only that it did; what SQLite said is its cause's. */
const migrationReason = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof SqlError ? reasonOf(cause) : error.message
}

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
        ["SQLITE_BUSY", "SQLITE_LOCKED"].includes(sqliteCode(error) ?? "")
          ? new SqlError({ cause: new Error("another process runs a market in it") })
          : new SqlError({ cause: new Error(`lock.sqlite: ${causeOf(error)}`) }),
      ),
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
    )
    yield* Effect.addFinalizer(() =>
      connection
        .unsafe("ROLLBACK")
        .pipe(Effect.ignore, Effect.zipRight(Scope.close(scope, Exit.void))),
    )
  })

/** SQLite's errors, told as those of the store. */
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { restoreAdvice, StoreDamaged, StoreUnreadable } from "../../errors.ts"

/** SQLite's own words, which say more than that a statement failed. */
export const reasonOf = (error: SqlError): string =>
  isDamage(error)
    ? `market.sqlite is damaged (${causeOf(error)}). ${restoreAdvice}`
    : causeOf(error)

/** What a read of a table fails with where the table cannot be read: the table has a name. */
export const readingTable =
  (table: string) =>
  <A>(read: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError | StoreDamaged> =>
    Effect.mapError(read, (error) =>
      isDamage(error) ? new StoreDamaged({ table, where: "", what: causeOf(error) }) : error,
    )

/** What a read fails with, to whoever knows nothing of SQLite. */
export const asFault = <A, E, R>(
  read: Effect.Effect<A, E | SqlError, R>,
): Effect.Effect<A, Exclude<E, SqlError> | StoreUnreadable, R> =>
  Effect.mapError(read, (error) =>
    isSqlError(error)
      ? new StoreUnreadable({ reason: reasonOf(error) })
      : (error as Exclude<E, SqlError>),
  )

const isSqlError = (error: unknown): error is SqlError =>
  error instanceof Error && "_tag" in error && error._tag === "SqlError"

/** What SQLite itself said. */
export const causeOf = ({ cause, message }: SqlError): string =>
  cause instanceof Error ? cause.message : message

/** SQLite says so of a file that is not as SQLite leaves it, or of a text that is no UTF-8. */
const isDamage = ({ cause }: SqlError): boolean =>
  cause instanceof Error &&
  "code" in cause &&
  ["SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"].includes(String(cause.code))

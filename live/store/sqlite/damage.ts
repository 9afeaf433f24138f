/** What is wrong with a data directory, and what its owner can do. */
import type { SqlError } from "@effect/sql/SqlError"
import { Data, Effect } from "effect"

/** What was read is not what was written: says which table, and where in it. */
export class StoreDamaged extends Data.TaggedError("StoreDamaged")<{
  readonly table: string
  /** Such as "group 12, entries 31 to 45". */
  readonly where: string
  readonly what: string
}> {
  override get message(): string {
    const { table, where, what } = this
    const place = where === "" ? "" : `, ${where}`
    return `market.sqlite is damaged: table ${table}${place}: ${what}`
  }
}

/** What to do about a directory that is damaged or that has lost something. */
export const restoreAdvice =
  "Put a backup in its place, the whole folder (`evenkeel backup` makes them)"

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

const causeOf = ({ cause, message }: SqlError): string =>
  cause instanceof Error ? cause.message : message

/** SQLite says so of a file that is not as SQLite leaves it, or of a text that is no UTF-8. */
const isDamage = ({ cause }: SqlError): boolean =>
  cause instanceof Error &&
  "code" in cause &&
  ["SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"].includes(String(cause.code))

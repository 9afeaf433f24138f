/**
 * The history of a market, checked from its first entry on: each group against its digests, audits and
 * receipts against their sums, and the file against SQLite's own rules, which finds an index that leaves rows
 * out. What the present state is made of is checked when the directory is opened (row-sums.ts) and when
 * the journal after the snapshot is taken again; this is about the rest, of which there may be much.
 *
 * It reads on a connection of its own, in pages, and rests between them.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Scope } from "effect"
import type { History } from "../../store.ts"
import { StoreDamaged } from "../../errors.ts"
import { asFault, readingTable } from "../schema/damage.ts"
import { ofCustomers } from "../schema/migrations.ts"
import { checkAdded } from "./row-sums.ts"
import { checkGroups } from "./stored-journal.ts"

export const makeHistory = (connect: Effect.Effect<SqlClient, SqlError, Scope.Scope>): History => {
  let isChecked = false
  return {
    bytes: asFault(
      Effect.scoped(
        Effect.gen(function* () {
          const reader = yield* connect
          const rows = yield* reader.unsafe<{ readonly bytes: number }>(
            "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size",
          )
          return rows[0].bytes
        }),
      ),
    ),
    check: (restMillis) =>
      asFault(
        Effect.scoped(
          Effect.gen(function* () {
            const reader = yield* connect
            yield* checkFile(reader)
            for (const side of ["debit", "credit"]) yield* checkIndex(reader, side)
            yield* checkGroups(
              reader,
              0,
              restMillis === 0 ? Effect.void : Effect.sleep(`${restMillis} millis`),
            )
            yield* checkAdded(reader)
            isChecked = true
          }),
        ),
      ),
    isChecked: () => isChecked,
  }
}

/**
 * SQLite finds a row that an index leaves out, but not an entry too many in an index that is of some
 * rows only: there it does not count. As many entries as rows, none left out: none too many.
 */
const checkIndex = (
  reader: SqlClient,
  side: string,
): Effect.Effect<void, SqlError | StoreDamaged> =>
  Effect.gen(function* () {
    const index = `postings_by_${side}`
    const count = (query: string) =>
      Effect.map(
        readingTable("postings")(reader.unsafe<{ readonly count: number }>(query)),
        ([row]) => row.count,
      )
    // One transaction sees one instant of the market, whatever is committed meanwhile. The rows are
    // counted without a condition, for which SQLite would ask the index.
    const [entries, rows] = yield* reader.withTransaction(
      Effect.all([
        count(
          `SELECT count(*) AS count FROM postings INDEXED BY ${index} WHERE ${ofCustomers(side)}`,
        ),
        count(`SELECT coalesce(sum(${ofCustomers(side)}), 0) AS count FROM postings`),
      ]),
    )
    if (entries !== rows)
      return yield* new StoreDamaged({
        table: "postings",
        where: `index ${index}`,
        what: `it has ${entries} entries for ${rows} rows`,
      })
  })

/** One call, on the database's own thread; the event loop goes on meanwhile. */
const checkFile = (reader: SqlClient): Effect.Effect<void, SqlError | StoreDamaged> =>
  Effect.gen(function* () {
    const rows = yield* reader.unsafe<{ readonly integrity_check: string }>(
      "PRAGMA integrity_check(5)",
    )
    const said = rows.map((row) => row.integrity_check).join("; ")
    if (said === "ok") return
    // SQLite names an index by its name, and a tree of pages by its first page.
    const [, root] = /Tree (\d+)/.exec(said) ?? []
    const [, name] = /\b(?:index|in) ([a-z_]+)/.exec(said) ?? []
    const named = yield* reader.unsafe<{ readonly table: string }>(
      'SELECT tbl_name AS "table" FROM sqlite_schema WHERE rootpage = ? OR name = ? LIMIT 1',
      [Number(root ?? -1), name ?? ""],
    )
    const table = named[0]?.table ?? "of an unknown name"
    return yield* new StoreDamaged({ table, where: "", what: said.replaceAll(/\s+/g, " ") })
  })

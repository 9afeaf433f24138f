/**
 * What the rows of a table add up to: the number of rows and the sum of their digests. It is kept with
 * every change, in the group that holds the change, and compared when the directory is opened: a row
 * that was altered, one that is missing and one that came back from the past all show.
 *
 *     total = Σ h(row) mod 2^48, h(row) = 48 bits of SHA-256
 *
 * The journal and its postings have digests of their own (seal.ts), snapshots too.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { StoreDamaged } from "../../errors.ts"
import { readingTable } from "../schema/damage.ts"
import { recordKinds, type RecordKind } from "../../store.ts"
import { receiptColumns } from "../schema/receipt-row.ts"
import { bookingStepColumns } from "../schema/booking-step-row.ts"

type Row = ReadonlyArray<unknown>

/** What a statement does to the rows of a table. */
export type RowChange =
  | { readonly table: KeyedTable; readonly key: number | string; readonly row: Row | undefined }
  | { readonly table: AddedTable; readonly row: Row }
  | { readonly table: "deliveries"; readonly isEmptied: true }

/** Columns of each table that is summed; the first one is the row's key, where rows can change. */
const keyedTables: ReadonlyArray<readonly [KeyedTable, ReadonlyArray<string>]> = [
  ...recordKinds.map((table) => [table, ["id", "record"]] as const),
  ["meta", ["name", "value"]],
  ["deliveries", ["request", "attempt", "tokens"]],
]
type KeyedTable = RecordKind | "meta" | "deliveries"

/**
 * Tables that are only ever added to, which may be long: the column that orders them, and those that are
 * summed. The database gives audits their ids.
 */
const addedTables = {
  audits: { order: "id", columns: ["at", "finding", "subject", "quantity", "actor"] },
  receipts: { order: "request", columns: receiptColumns },
  booking_steps: { order: "id", columns: bookingStepColumns },
} as const
type AddedTable = keyof typeof addedTables
const addedTableNames = Object.keys(addedTables) as ReadonlyArray<AddedTable>

const modulus = 2 ** 48

const digestOfRow = (table: string, row: Row): number =>
  createHash("sha256")
    .update(JSON.stringify([table, ...row]))
    .digest()
    .readUIntBE(0, 6)

interface Sum {
  rows: number
  total: number
}

export interface RowSums {
  readonly take: (change: RowChange) => void
  /** Sums of the tables that changed since the last call. */
  readonly changed: () => ReadonlyArray<readonly [table: string, rows: number, total: number]>
}

const makeRowSums = (
  sums: Map<string, Sum>,
  digests: Map<string, Map<number | string, number>>,
): RowSums => {
  const touched = new Set<string>(sums.keys())
  const add = (table: string, rows: number, digest: number): void => {
    const sum = sums.get(table) ?? { rows: 0, total: 0 }
    sum.rows += rows
    sum.total = (sum.total + digest + modulus) % modulus
    sums.set(table, sum)
    touched.add(table)
  }
  return {
    take: (change) => {
      const { table } = change
      if ("isEmptied" in change) {
        digests.get(table)?.clear()
        sums.set(table, { rows: 0, total: 0 })
        touched.add(table)
        return
      }
      if (!("key" in change)) return add(table, 1, digestOfRow(table, change.row))
      const known = digests.get(table) ?? new Map<number | string, number>()
      digests.set(table, known)
      const before = known.get(change.key)
      if (before !== undefined) add(table, -1, -before)
      known.delete(change.key)
      if (change.row === undefined) return
      const after = digestOfRow(table, change.row)
      known.set(change.key, after)
      add(table, 1, after)
    },
    changed: () => {
      const list = [...touched].map((table) => {
        const { rows, total } = sums.get(table) ?? { rows: 0, total: 0 }
        return [table, rows, total] as const
      })
      touched.clear()
      return list
    },
  }
}

/** A directory of an older version, before it is migrated, may lack one. */
const hasTable = (reader: SqlClient, table: string): Effect.Effect<boolean, SqlError> =>
  Effect.map(
    reader.unsafe("SELECT 1 FROM sqlite_schema WHERE name = ?", [table]),
    (rows) => rows.length > 0,
  )

const writtenSums = (
  reader: SqlClient,
): Effect.Effect<ReadonlyMap<string, Readonly<Sum>>, SqlError | StoreDamaged> =>
  Effect.gen(function* () {
    if (!(yield* hasTable(reader, "sums"))) return new Map()
    const rows = yield* readingTable("sums")(
      reader.unsafe<{ readonly name: string; readonly rows: number; readonly total: number }>(
        "SELECT name, rows, total FROM sums",
      ),
    )
    return new Map(rows.map(({ name, ...sum }) => [name, sum]))
  })

/**
 * Reads every summed table but those that are only added to, and compares. A table without a sum was written before there
 * were sums: it is taken as it is.
 */
export const loadRowSums = (reader: SqlClient): Effect.Effect<RowSums, SqlError | StoreDamaged> =>
  Effect.gen(function* () {
    const written = yield* writtenSums(reader)
    const sums = new Map<string, Sum>()
    const digests = new Map<string, Map<number | string, number>>()
    for (const [table, columns] of keyedTables) {
      const known = new Map<number | string, number>()
      let total = 0
      const isThere = written.has(table) || (yield* hasTable(reader, table))
      const rows = isThere ? yield* rowsOf(reader, table, columns) : []
      for (const row of rows) {
        const digest = digestOfRow(
          table,
          columns.map((column) => row[column]),
        )
        known.set(row[columns[0]], digest)
        total = (total + digest) % modulus
      }
      digests.set(table, known)
      const expected = written.get(table)
      const found = { rows: rows.length, total }
      if (expected === undefined) sums.set(table, found)
      else yield* compare(table, expected, found)
    }
    for (const table of addedTableNames)
      if (!written.has(table)) sums.set(table, yield* addedSum(reader, table))
    // What is in `sums` by now is not written yet.
    const made = makeRowSums(sums, digests)
    for (const [table, { rows, total }] of written) sums.set(table, { rows, total })
    return made
  })

const rowsOf = (reader: SqlClient, table: KeyedTable, columns: ReadonlyArray<string>) =>
  readingTable(table)(
    reader.unsafe<Record<string, number | string>>(`SELECT ${columns.join(", ")} FROM ${table}`),
  )

const compare = (table: string, expected: Sum, found: Sum): Effect.Effect<void, StoreDamaged> => {
  if (expected.rows !== found.rows)
    return new StoreDamaged({
      table,
      where: "",
      what: `holds ${found.rows} rows, though ${expected.rows} were written`,
    })
  return expected.total === found.total
    ? Effect.void
    : new StoreDamaged({ table, where: "", what: "a row is not as it was written" })
}

const addedPage = 5000

const addedSum = (
  reader: SqlClient,
  table: AddedTable,
): Effect.Effect<Sum, SqlError | StoreDamaged> =>
  Effect.gen(function* () {
    const { order, columns } = addedTables[table]
    const sum = { rows: 0, total: 0 }
    if (!(yield* hasTable(reader, table))) return sum
    for (let last = -1; ;) {
      const rows = yield* readingTable(table)(
        reader.unsafe<Record<string, number | string | null>>(
          `SELECT ${[...new Set([order, ...columns])].join(", ")} FROM ${table} WHERE ${order} > ? ORDER BY ${order} LIMIT ?`,
          [last, addedPage],
        ),
      )
      for (const row of rows) {
        const values = columns.map((column) => row[column])
        sum.total = (sum.total + digestOfRow(table, values)) % modulus
      }
      sum.rows += rows.length
      if (rows.length < addedPage) return sum
      last = Number(rows[rows.length - 1][order])
    }
  })

/**
 * Compares the tables that are only added to, of whose rows there may be many. `reader`: of a connection
 * that nobody else uses.
 */
export const checkAdded = (reader: SqlClient): Effect.Effect<void, SqlError | StoreDamaged> =>
  Effect.forEach(
    addedTableNames,
    (table) =>
      reader.withTransaction(
        Effect.flatMap(writtenSums(reader), (written) => {
          const expected = written.get(table)
          return expected === undefined
            ? Effect.void
            : Effect.flatMap(addedSum(reader, table), (found) => compare(table, expected, found))
        }),
      ),
    { discard: true },
  )

/** A page of a statement: the lines of some ledger accounts, the newest first. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { Statement, StatementLine, StatementPlace, StatementQuery } from "../../store.ts"
import { ofCustomers } from "../schema/migrations.ts"

export const readStatement = (
  reader: SqlClient,
  { lots, before, count, lastSeq }: StatementQuery,
): Effect.Effect<Statement, SqlError> =>
  Effect.gen(function* () {
    const page = pageQuery(lots, before, count)
    const lines = yield* reader.unsafe<StatementLine>(page.text, page.parameters)
    if (before.seq > lastSeq) return { lines, newer: 0 }
    const sum = sumQuery(lots, before, lastSeq)
    const totals = yield* reader.unsafe<{ readonly total: number | null }>(sum.text, sum.parameters)
    return { lines, newer: totals[0]?.total ?? 0 }
  })

const sides = [
  { side: 0, column: "debit" },
  { side: 1, column: "credit" },
] as const

/** How a column's rows compare with a place: the debit of the very posting is before its credit. */
const isBefore = (side: 0 | 1, place: StatementPlace): string => (side < place.side ? "<=" : "<")

/** Newest lines before `place`, each lot and side by its own index, merged by the outer query. */
const pageQuery = (lots: ReadonlyArray<number>, place: StatementPlace, count: number) => {
  const parameters: Array<number> = []
  const parts = lots.flatMap((lot) =>
    sides.map(({ side, column }) => {
      parameters.push(lot, place.seq, place.line, count)
      return `SELECT * FROM (SELECT *, ${side} AS side FROM postings
        WHERE ${column} = ? AND ${ofCustomers(column)} AND (seq, line) ${isBefore(side, place)} (?, ?)
        ORDER BY seq DESC, line DESC LIMIT ?)`
    }),
  )
  parameters.push(count)
  return {
    text: `${parts.join(" UNION ALL ")} ORDER BY seq DESC, line DESC, side DESC LIMIT ?`,
    parameters,
  }
}

/** What the lines from `place` up to the entry `lastSeq` add up to. */
const sumQuery = (lots: ReadonlyArray<number>, place: StatementPlace, lastSeq: number) => {
  const parameters: Array<number> = []
  const parts = lots.flatMap((lot) =>
    sides.map(({ side, column }) => {
      parameters.push(lot, place.seq, place.line, lastSeq)
      return `SELECT ${side === 1 ? "" : "-"}amount AS amount FROM postings
        WHERE ${column} = ? AND ${ofCustomers(column)} AND NOT ((seq, line) ${isBefore(side, place)} (?, ?))
          AND seq <= ?`
    }),
  )
  return { text: `SELECT sum(amount) AS total FROM (${parts.join(" UNION ALL ")})`, parameters }
}

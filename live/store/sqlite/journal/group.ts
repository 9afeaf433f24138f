/** A group of the commit queue: what is written in one transaction, and who waits for it. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { Command } from "../../../../engine/index.ts"
import type { JournalEntry } from "../../journal.ts"
import type { RowSums } from "./row-sums.ts"
import type { Seal } from "./seal.ts"
import { digestOfText, sealAfter } from "./seal.ts"

/** A group that still takes something. */
export interface Group {
  /** Of its first entry. */
  readonly firstSeq: number
  /** Somebody waits for it. */
  isAwaited: boolean
  readonly entries: Array<JournalEntry>
  /** What calls were charged for: rows of the table of that name. */
  readonly receipts: Array<ReadonlyArray<unknown>>
  readonly statements: Array<readonly [statement: string, parameters: ReadonlyArray<unknown>]>
  readonly written: Promise<void>
  readonly settle: { readonly resolve: () => void; readonly reject: (cause: unknown) => void }
}

/** A group that takes nothing any more, as it goes to the disk. */
export interface ClosedGroup extends Group {
  readonly startedMillis: number
  readonly seal: Seal
  /** Journal rows, postings, seal, sums and receipts as JSON, which the view `entries` takes apart. */
  readonly rows: ReadonlyArray<string>
}

export const openGroup = (firstSeq: number): Group => {
  let resolve = (): void => {}
  let reject = (_cause: unknown): void => {}
  const written = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  // Nobody may be waiting; who is hears of it through the same promise.
  written.catch(() => {})
  return {
    firstSeq,
    isAwaited: false,
    entries: [],
    receipts: [],
    statements: [],
    written,
    settle: { resolve, reject },
  }
}

/** Entries, receipts and statements in it. */
export const sizeOf = ({ entries, receipts, statements }: Group): number =>
  entries.length + receipts.length + statements.length

/** Seals a group, behind the one before; `sums`: those of the tables, what the group does to them included. */
export const closeGroup = (group: Group, before: Seal, sums: RowSums): ClosedGroup => {
  const rows = rowsOf(group)
  const seal = sealAfter(before, {
    lastSeq: group.firstSeq + group.entries.length - 1,
    writtenAtMillis: Date.now(),
    journal: digestOfText(rows[0]),
    postings: digestOfText(rows[1]),
  })
  const { number, lastSeq, writtenAtMillis, journal, postings, chain } = seal
  const sealRow = [number, lastSeq, writtenAtMillis, journal, postings, chain]
  return Object.assign(group, {
    startedMillis: performance.now(),
    seal,
    rows: [
      ...rows,
      JSON.stringify(sealRow),
      JSON.stringify(sums.changed()),
      JSON.stringify(group.receipts),
    ],
  })
}

const isPost = (command: Command): command is Extract<Command, { readonly _tag: "Post" }> =>
  command._tag === "Post"

/** Rows of a group as JSON. */
const rowsOf = (group: Group): readonly [journal: string, postings: string] => {
  const journal: Array<unknown> = []
  const postings: Array<unknown> = []
  group.entries.forEach(({ event, commands, digest }, index) => {
    const seq = group.firstSeq + index
    const others: Array<Command> = []
    let line = 0
    for (const command of commands)
      if (isPost(command)) {
        const { kind, debit, credit, amount, reference } = command
        postings.push([seq, line++, event.at, kind, debit, credit, amount, reference])
      } else others.push(command)
    journal.push([seq, event.at, event, others, digest])
  })
  return [JSON.stringify(journal), JSON.stringify(postings)]
}

const insertGroup = (sql: SqlClient, group: ClosedGroup): Effect.Effect<unknown, SqlError> =>
  sql.unsafe(
    "INSERT INTO entries (journal, postings, seal, sums, receipts) VALUES (?, ?, ?, ?, ?)",
    group.rows,
  )

/** Calls bring entries alone, which are one statement; a transaction takes four trips to the disk. */
export const writeGroup = (sql: SqlClient, group: ClosedGroup): Effect.Effect<unknown, SqlError> =>
  group.statements.length === 0
    ? insertGroup(sql, group)
    : sql.withTransaction(
        Effect.gen(function* () {
          yield* insertGroup(sql, group)
          for (const [statement, parameters] of group.statements)
            yield* sql.unsafe(statement, parameters)
        }),
      )

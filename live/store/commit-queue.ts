/**
 * Group commit: what is written while one transaction is on its way to the disk goes into the next
 * one, so that an fsync is shared by all who wait for it. A commit begins when somebody waits for it, or
 * a few milliseconds after the first entry that nobody waits for: the hold of a call whose charge comes
 * right after shares the charge's commit. Order is kept; a group is written whole or not at all.
 *
 * A commit that fails is tried again with the same group: nothing that was taken is dropped. Where
 * it keeps failing, the queue breaks for good: everyone who waits is told, and the process should
 * end, because its memory is ahead of its disk.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import { Data, Effect, Either, Schedule } from "effect"
import type { Command } from "../../engine/index.ts"
import type { Journal, JournalEntry } from "../driver/journal.ts"

export class StoreBroken extends Data.TaggedError("StoreBroken")<{ readonly cause: unknown }> {
  override get message(): string {
    const { cause } = this
    return `The data directory cannot be written: ${cause instanceof SqlError ? reasonOf(cause) : String(cause)}`
  }
}

/** SQLite's own words, which say more than that a statement failed. */
export const reasonOf = (error: SqlError): string =>
  error.cause instanceof Error ? error.cause.message : error.message

export interface CommitQueue extends Journal {
  /** Takes a statement into the next commit, behind all that was taken before. */
  readonly write: (statement: string, parameters: ReadonlyArray<unknown>) => void
  /** Entries and statements that are not on disk yet. */
  readonly backlog: () => number
  /** Calls `listener` after each commit: entries and statements in it, and how long it took. */
  readonly onCommit: (listener: (rows: number, seconds: number) => void) => void
  /** Sequence number of the latest journal entry that was taken. */
  readonly lastSeq: () => number
  /** Resolves when all is on disk; nothing is taken any more. */
  readonly close: () => Promise<void>
}

interface Group {
  firstSeq: number
  /** Somebody waits for it. */
  isAwaited: boolean
  readonly entries: Array<JournalEntry>
  readonly statements: Array<readonly [statement: string, parameters: ReadonlyArray<unknown>]>
  readonly written: Promise<void>
  readonly settle: { readonly resolve: () => void; readonly reject: (cause: unknown) => void }
}

const makeGroup = (firstSeq: number): Group => {
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
    statements: [],
    written,
    settle: { resolve, reject },
  }
}

const retries = Schedule.exponential("50 millis").pipe(Schedule.intersect(Schedule.recurs(5)))

/** How long an entry that nobody waits for may stay in memory alone. */
const lingerMillis = 5

/** `lastSeq`: sequence number of the latest entry on disk. `onBroken` is called once. */
export const makeCommitQueue = (
  sql: SqlClient,
  lastSeq: number,
  onBroken: (error: StoreBroken) => void,
): CommitQueue => {
  let seq = lastSeq
  let open = makeGroup(seq + 1)
  let underWay: Group | undefined
  let broken: StoreBroken | undefined
  let isClosed = false
  let isScheduled = false
  let linger: NodeJS.Timeout | undefined
  const listeners: Array<(rows: number, seconds: number) => void> = []

  const sizeOf = (group: Group | undefined): number =>
    group === undefined ? 0 : group.entries.length + group.statements.length

  /** Not at once: what the present turn of the event loop still brings shares the commit. */
  const commitSoon = (): void => {
    if (isScheduled || underWay !== undefined || broken !== undefined) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      void commit()
    })
  }
  const commitLater = (): void => {
    if (isScheduled || underWay !== undefined || broken !== undefined) return
    linger ??= setTimeout(commitSoon, lingerMillis)
  }

  const commit = async (): Promise<void> => {
    clearTimeout(linger)
    linger = undefined
    while (sizeOf(open) > 0 && broken === undefined) {
      const group = open
      underWay = group
      open = makeGroup(seq + 1)
      const startedMillis = performance.now()
      try {
        const writing = Effect.either(Effect.retry(writeGroup(sql, group), retries))
        const written = await Effect.runPromise(writing)
        if (Either.isLeft(written)) throw written.left
        group.settle.resolve()
        const seconds = (performance.now() - startedMillis) / 1000
        for (const listener of listeners) listener(sizeOf(group), seconds)
      } catch (cause) {
        broken = new StoreBroken({ cause })
        group.settle.reject(broken)
        open.settle.reject(broken)
        onBroken(broken)
      } finally {
        underWay = undefined
      }
      if (!open.isAwaited) break
    }
    if (sizeOf(open) > 0) commitLater()
  }

  const take = (): void => {
    if (isClosed) throw new Error("store: written to after it was closed")
    commitLater()
  }

  const durable = (): Promise<void> => {
    if (broken !== undefined) return Promise.reject(broken)
    if (sizeOf(open) > 0) {
      open.isAwaited = true
      commitSoon()
      return open.written
    }
    return underWay?.written ?? Promise.resolve()
  }

  return {
    append: (entry) => {
      take()
      seq += 1
      open.entries.push(entry)
    },
    write: (statement, parameters) => {
      take()
      open.statements.push([statement, parameters])
    },
    durable,
    backlog: () => sizeOf(open) + sizeOf(underWay),
    onCommit: (listener) => {
      listeners.push(listener)
    },
    lastSeq: () => seq,
    close: async () => {
      isClosed = true
      await durable()
    },
  }
}

const isPost = (command: Command): command is Extract<Command, { readonly _tag: "Post" }> =>
  command._tag === "Post"

/** Rows of a group as JSON, which the view `entries` takes apart (migrations.ts). */
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

const insertEntries = (sql: SqlClient, group: Group): Effect.Effect<unknown, SqlError> =>
  sql.unsafe("INSERT INTO entries (journal, postings) VALUES (?, ?)", rowsOf(group))

/** Calls bring entries alone, which are one statement; a transaction takes four trips to the disk. */
const writeGroup = (sql: SqlClient, group: Group): Effect.Effect<unknown, SqlError> =>
  group.statements.length === 0
    ? insertEntries(sql, group)
    : sql.withTransaction(
        Effect.gen(function* () {
          if (group.entries.length > 0) yield* insertEntries(sql, group)
          for (const [statement, parameters] of group.statements)
            yield* sql.unsafe(statement, parameters)
        }),
      )

/**
 * Group commit: what is written while one transaction is on its way to the disk goes into the next
 * one, so that an fsync is shared by all who wait for it. A commit begins when somebody waits for it, or
 * a few milliseconds after the first entry that nobody waits for: the hold of a call whose charge comes
 * right after shares the charge's commit. Order is kept; a group is written whole or not at all.
 *
 * A group is acknowledged when it is in the database and the head knows of it (head.ts). The next group is
 * written meanwhile.
 *
 * A commit that fails is tried again with the same group: nothing that was taken is dropped. Where
 * it keeps failing, the queue breaks for good: everyone who waits is told, and the process should
 * end, because its memory is ahead of its disk.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import { Effect, Either, Schedule } from "effect"
import type { Command } from "../../../../engine/index.ts"
import type { Journal, JournalEntry } from "../../journal.ts"
import { StoreBroken } from "../../errors.ts"
import { reasonOf } from "../schema/damage.ts"
import type { Head } from "./head.ts"
import { markOf } from "./head.ts"
import type { RowChange, RowSums } from "./row-sums.ts"
import type { Seal } from "./seal.ts"
import { digestOfText, sealAfter } from "./seal.ts"

const whyNot = (cause: unknown): string => {
  if (cause instanceof SqlError) return reasonOf(cause)
  return cause instanceof Error ? cause.message : String(cause)
}

export interface CommitQueue extends Journal {
  /**
   * Takes a statement into the next commit, behind all that was taken before. `change`: what it does
   * to the rows of a table that is summed (row-sums.ts).
   */
  readonly write: (
    statement: string,
    parameters: ReadonlyArray<unknown>,
    change?: RowChange,
  ) => void
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

/** A group that takes nothing any more, as it goes to the disk. */
interface ClosedGroup extends Group {
  readonly startedMillis: number
  readonly seal: Seal
  /** Journal rows, postings, seal and sums as JSON, which the view `entries` takes apart. */
  readonly rows: ReadonlyArray<string>
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

export interface QueueOptions {
  readonly sql: SqlClient
  readonly head: Head
  /** Of the latest group on disk. */
  readonly seal: Seal
  readonly sums: RowSums
  /** Called once. */
  readonly onBroken: (error: StoreBroken) => void
}

export const makeCommitQueue = ({
  sql,
  head,
  seal: lastSeal,
  sums,
  onBroken,
}: QueueOptions): CommitQueue => {
  let seal = lastSeal
  let seq = lastSeal.lastSeq
  let open = makeGroup(seq + 1)
  let underWay: ClosedGroup | undefined
  /** In the database, and not in the head yet. */
  let unmarked: Array<ClosedGroup> = []
  let marking: ReadonlyArray<ClosedGroup> = []
  /** The group that was closed last. */
  let latest: Group | undefined
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

  const breakFor = (cause: unknown, groups: Iterable<Group>): void => {
    const isFirst = broken === undefined
    broken ??= new StoreBroken({ reason: whyNot(cause), cause })
    for (const group of groups) group.settle.reject(broken)
    open.settle.reject(broken)
    if (isFirst) onBroken(broken)
  }

  /** Takes what is open, seals it, and opens the next group. */
  const close = (): ClosedGroup => {
    const group = open
    const rows = rowsOf(group)
    seal = sealAfter(seal, {
      lastSeq: seq,
      writtenAtMillis: Date.now(),
      journal: digestOfText(rows[0]),
      postings: digestOfText(rows[1]),
    })
    const { number, lastSeq, writtenAtMillis, journal, postings, chain } = seal
    const sealRow = [number, lastSeq, writtenAtMillis, journal, postings, chain]
    open = makeGroup(seq + 1)
    latest = group
    return Object.assign(group, {
      startedMillis: performance.now(),
      seal,
      rows: [...rows, JSON.stringify(sealRow), JSON.stringify(sums.changed())],
    })
  }

  const commit = async (): Promise<void> => {
    clearTimeout(linger)
    linger = undefined
    while (sizeOf(open) > 0 && broken === undefined) {
      const group = close()
      underWay = group
      try {
        const writing = Effect.either(Effect.retry(writeGroup(sql, group), retries))
        const written = await Effect.runPromise(writing)
        if (Either.isLeft(written)) throw written.left
        // The head may have failed meanwhile: then nothing is acknowledged any more.
        if (broken !== undefined) throw broken
        unmarked.push(group)
        if (marking.length === 0) void mark()
      } catch (cause) {
        breakFor(cause, [group])
      } finally {
        underWay = undefined
      }
      if (!open.isAwaited) break
    }
    if (sizeOf(open) > 0) commitLater()
  }

  /** Tells the head how far the database is; whoever waited for those groups is told then. */
  const mark = async (): Promise<void> => {
    while (unmarked.length > 0) {
      const groups = unmarked
      marking = groups
      unmarked = []
      const writing = Effect.tryPromise(() => head.write(markOf(groups[groups.length - 1].seal)))
      const written = await Effect.runPromise(Effect.either(Effect.retry(writing, retries)))
      marking = []
      if (Either.isLeft(written)) return breakFor(written.left.error, [...groups, ...unmarked])
      for (const group of groups) {
        group.settle.resolve()
        const seconds = (performance.now() - group.startedMillis) / 1000
        for (const listener of listeners) listener(sizeOf(group), seconds)
      }
    }
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
    return latest?.written ?? Promise.resolve()
  }

  return {
    append: (entry) => {
      take()
      seq += 1
      open.entries.push(entry)
    },
    write: (statement, parameters, change) => {
      take()
      open.statements.push([statement, parameters])
      if (change !== undefined) sums.take(change)
    },
    durable,
    backlog: () =>
      [open, underWay, ...unmarked, ...marking].reduce((total, one) => total + sizeOf(one), 0),
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
  sql.unsafe("INSERT INTO entries (journal, postings, seal, sums) VALUES (?, ?, ?, ?)", group.rows)

/** Calls bring entries alone, which are one statement; a transaction takes four trips to the disk. */
const writeGroup = (sql: SqlClient, group: ClosedGroup): Effect.Effect<unknown, SqlError> =>
  group.statements.length === 0
    ? insertGroup(sql, group)
    : sql.withTransaction(
        Effect.gen(function* () {
          yield* insertGroup(sql, group)
          for (const [statement, parameters] of group.statements)
            yield* sql.unsafe(statement, parameters)
        }),
      )

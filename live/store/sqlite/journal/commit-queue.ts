/**
 * Group commit: what is written while one transaction is on its way to the disk goes into the next
 * one, so that an fsync is shared by all who wait for it. A commit begins when somebody waits for it, or
 * a few milliseconds after the first entry that nobody waits for: the hold of a call whose charge comes
 * right after shares the charge's commit. Order is kept; a group is written whole or not at all.
 *
 * A group is acknowledged when it is in the database and the head knows of it (head.ts). The next group is
 * written meanwhile: two loops, one behind the other, in a fiber that lives as long as the scope.
 *
 *     append ─► open group ─► commits ─► in the database ─► marks ─► in the head: acknowledged
 *
 * A commit that fails is tried again with the same group: nothing that was taken is dropped. Where
 * it keeps failing, the queue breaks for good: everyone who waits is told, and the process should
 * end, because its memory is ahead of its disk.
 */
import { causeText } from "../../../../platform/cause.ts"
import type { SqlClient } from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import type { Scope } from "effect"
import { Cause, Chunk, Effect, Queue, Schedule } from "effect"
import type { Journal } from "../../journal.ts"
import { StoreBroken } from "../../errors.ts"
import { reasonOf } from "../schema/damage.ts"
import type { ClosedGroup, Group } from "./group.ts"
import { closeGroup, openGroup, sizeOf, writeGroup } from "./group.ts"
import type { Head } from "./head.ts"
import { HeadUnusable, headUnusable, markOf } from "./head.ts"
import type { RowChange, RowSums } from "./row-sums.ts"
import type { Seal } from "./seal.ts"

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
  /** Takes a row of `receipts` into the same commit as what was appended last. */
  readonly receipt: (row: ReadonlyArray<unknown>) => void
  /** Entries and statements that are not on disk yet. */
  readonly backlog: () => number
  /** Calls `listener` after each commit: entries and statements in it, and how long it took. */
  readonly onCommit: (listener: (rows: number, seconds: number) => void) => void
  /** Sequence number of the latest journal entry that was taken. */
  readonly lastSeq: () => number
}

export interface QueueOptions {
  readonly sql: SqlClient
  readonly head: Head
  /** Of the latest group on disk. */
  readonly seal: Seal
  readonly sums: RowSums
  /** Called once. */
  readonly onBroken: (error: StoreBroken) => void
}

const retries = Schedule.exponential("50 millis").pipe(Schedule.intersect(Schedule.recurs(5)))

/** How long an entry that nobody waits for may stay in memory alone. */
const lingering = "5 millis"

/** Ends after what the present turn of the event loop still brings. */
const endOfTurn = Effect.async<void>((resume) => {
  const immediate = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(immediate))
})

/** At the end of the scope, all that was taken is on disk, and nothing is taken any more. */
export const makeCommitQueue = ({
  sql,
  head,
  seal: lastSeal,
  sums,
  onBroken,
}: QueueOptions): Effect.Effect<CommitQueue, never, Scope.Scope> =>
  Effect.gen(function* () {
    let seal = lastSeal
    let seq = lastSeal.lastSeq
    let open = openGroup(seq + 1)
    /** The group that was closed last. */
    let latest: Group | undefined
    /** Not acknowledged yet, in order. */
    const closed = new Set<ClosedGroup>()
    let broken: StoreBroken | undefined
    let isClosed = false
    const listeners: Array<(rows: number, seconds: number) => void> = []
    /** Open while the open group holds something, and while somebody waits for it. */
    const filled = yield* Effect.makeLatch()
    const awaited = yield* Effect.makeLatch()
    const unmarked = yield* Queue.unbounded<ClosedGroup>()

    /** Takes what is open, seals it, and opens the next group. */
    const close = (): ClosedGroup => {
      const group = closeGroup(open, seal, sums)
      seal = group.seal
      latest = group
      closed.add(group)
      open = openGroup(seq + 1)
      filled.unsafeClose()
      awaited.unsafeClose()
      return group
    }

    const commits = Effect.gen(function* () {
      for (;;) {
        yield* filled.await
        if (!open.isAwaited) yield* Effect.timeoutOption(awaited.await, lingering)
        yield* endOfTurn
        do {
          const group = close()
          yield* Effect.retry(writeGroup(sql, group), retries)
          yield* Queue.offer(unmarked, group)
        } while (open.isAwaited)
      }
    })

    /** Tells the head how far the database is; whoever waited for those groups is told then. */
    const marks = Effect.gen(function* () {
      for (;;) {
        const first = yield* Queue.take(unmarked)
        const groups = [first, ...Chunk.toReadonlyArray(yield* Queue.takeAll(unmarked))]
        const mark = markOf(groups[groups.length - 1].seal)
        const written = Effect.tryPromise({ try: () => head.write(mark), catch: headUnusable })
        yield* Effect.retry(written, retries)
        for (const group of groups) acknowledge(group)
      }
    })

    const acknowledge = (group: ClosedGroup): void => {
      closed.delete(group)
      group.settle.resolve()
      const seconds = (performance.now() - group.startedMillis) / 1000
      for (const listener of listeners) listener(sizeOf(group), seconds)
    }

    /** Nothing is acknowledged any more, also of what has come to the database. */
    const breakFor = (cause: unknown): void => {
      broken = new StoreBroken({ reason: whyNot(cause), cause })
      for (const group of [...closed, open]) group.settle.reject(broken)
      onBroken(broken)
    }

    yield* Effect.all([commits, marks], { concurrency: "unbounded" }).pipe(
      Effect.interruptible,
      Effect.catchAllCause((cause) =>
        Cause.isInterruptedOnly(cause)
          ? Effect.void
          : Effect.sync(() => breakFor(Cause.squash(cause))),
      ),
      Effect.forkScoped,
    )

    const take = (): void => {
      if (isClosed) throw new Error("store: written to after it was closed")
      filled.unsafeOpen()
    }

    const durable = (): Promise<void> => {
      if (broken !== undefined) return Promise.reject(broken)
      if (sizeOf(open) > 0) {
        open.isAwaited = true
        awaited.unsafeOpen()
        return open.written
      }
      return latest?.written ?? Promise.resolve()
    }

    yield* Effect.addFinalizer(() => {
      isClosed = true
      return Effect.ignore(Effect.tryPromise(durable))
    })

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
      receipt: (row) => {
        take()
        open.receipts.push(row)
        sums.take({ table: "receipts", row })
      },
      durable,
      backlog: () => [...closed, open].reduce((total, one) => total + sizeOf(one), 0),
      onCommit: (listener) => {
        listeners.push(listener)
      },
      lastSeq: () => seq,
    }
  })

const whyNot = (cause: unknown): string => {
  if (cause instanceof SqlError) return reasonOf(cause)
  return cause instanceof HeadUnusable ? cause.reason : causeText(cause)
}

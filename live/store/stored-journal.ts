/** The journal and its postings as they stand on disk, for whoever reads them again. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { Command, MarketEvent } from "../../engine/index.ts"

/** An entry as it stands on disk. */
export interface StoredEntry {
  readonly seq: number
  readonly event: MarketEvent
  /** All commands but the postings, which have a table of their own. */
  readonly commands: ReadonlyArray<Command>
  readonly digest: string
}

export interface StoredPosting {
  readonly seq: number
  readonly line: number
  readonly at: number
  readonly kind: string
  readonly debit: number
  readonly credit: number
  readonly amount: number
  readonly reference: number
}

const pageSize = 10_000

/** Calls `take` with the entries after `seq`, in order, some thousand at a time. */
export const forEachPage = <E>(
  reader: SqlClient,
  afterSeq: number,
  take: (entries: ReadonlyArray<StoredEntry>) => Effect.Effect<void, E>,
): Effect.Effect<void, E | SqlError> =>
  Effect.gen(function* () {
    for (let last = afterSeq; ;) {
      const rows = yield* reader.unsafe<{
        readonly seq: number
        readonly event: string
        readonly commands: string
        readonly digest: string
      }>("SELECT seq, event, commands, digest FROM journal WHERE seq > ? ORDER BY seq LIMIT ?", [
        last,
        pageSize,
      ])
      if (rows.length === 0) return
      yield* take(
        rows.map(({ seq, event, commands, digest }) => ({
          seq,
          event: JSON.parse(event) as MarketEvent,
          commands: JSON.parse(commands) as ReadonlyArray<Command>,
          digest,
        })),
      )
      last = rows[rows.length - 1].seq
    }
  })

/** The postings of the entries `from` … `to`, in order. */
export const postingsBetween = (
  reader: SqlClient,
  from: number,
  to: number,
): Effect.Effect<ReadonlyArray<StoredPosting>, SqlError> =>
  reader.unsafe<StoredPosting>(
    `SELECT seq, line, at, kind, debit, credit, amount, reference FROM postings
      WHERE seq BETWEEN ? AND ? ORDER BY seq, line`,
    [from, to],
  )

/** The first journal entry at or after a time; times rise with the entries. O(log entries). */
export const firstSeqFrom = (
  reader: SqlClient,
  lastSeq: number,
  atMicros: number,
): Effect.Effect<number, SqlError> =>
  Effect.gen(function* () {
    let low = 1
    let high = lastSeq + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const rows = yield* reader.unsafe<{ readonly at: number }>(
        "SELECT at FROM journal WHERE seq = ?",
        [middle],
      )
      const at = rows[0]?.at
      if (at !== undefined && at < atMicros) low = middle + 1
      else high = middle
    }
    return low
  })

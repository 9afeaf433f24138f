/** What is kept of the market's past, one row a span of time and subject. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Effect } from "effect"
import type { SampleQuery, StoredSample } from "../../store.ts"
import type { CommitQueue } from "../journal/commit-queue.ts"

type Writer = Pick<CommitQueue, "write">

export const putSamples = (queue: Writer, samples: ReadonlyArray<StoredSample>): void =>
  queue.write(
    `INSERT OR REPLACE INTO samples (step, subject, at, figures)
      SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)`,
    [
      JSON.stringify(
        samples.map(({ stepSeconds, subject, at, figures }) => [stepSeconds, subject, at, figures]),
      ),
    ],
  )

export const forgetSamples = (queue: Writer, stepSeconds: number, before: number): void =>
  queue.write("DELETE FROM samples WHERE step = ? AND at < ?", [stepSeconds, before])

export const readSamples = (
  reader: SqlClient,
  { stepSeconds, subject, from }: SampleQuery,
): Effect.Effect<ReadonlyArray<StoredSample>, SqlError> =>
  reader.unsafe<StoredSample>(
    `SELECT step AS stepSeconds, subject, at, figures FROM samples
      WHERE step = ? AND at >= ? ${subject === undefined ? "" : "AND subject = ?"}
      ORDER BY at, subject`,
    [stepSeconds, from, ...(subject === undefined ? [] : [subject])],
  )

/** What is in files, in parts: nobody has to hold all of a long one. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { CommitQueue } from "../journal/commit-queue.ts"

type Writer = Pick<CommitQueue, "write">

export const writeFilePart = (queue: Writer, file: number, part: number, bytes: Uint8Array): void =>
  queue.write("INSERT OR REPLACE INTO file_parts (file, part, bytes) VALUES (?, ?, ?)", [
    file,
    part,
    Buffer.from(bytes),
  ])

export const readFilePart = (
  reader: SqlClient,
  file: number,
  part: number,
): Effect.Effect<Uint8Array | undefined, SqlError> =>
  Effect.map(
    reader.unsafe<{ readonly bytes: Uint8Array }>(
      "SELECT bytes FROM file_parts WHERE file = ? AND part = ?",
      [file, part],
    ),
    ([row]) => row?.bytes,
  )

export const forgetFileParts = (queue: Writer, file: number): void =>
  queue.write("DELETE FROM file_parts WHERE file = ?", [file])

/** The records of the directory of names: one JSON text a row. */
import type { SqlClient } from "@effect/sql/SqlClient"
import { readingTable } from "../schema/damage.ts"
import type { CommitQueue } from "../journal/commit-queue.ts"
import type { RecordKind, StoredRecord } from "../../store.ts"

export const readRecords = (reader: SqlClient, kind: RecordKind) =>
  readingTable(kind)(reader.unsafe<StoredRecord>(`SELECT id, record FROM ${kind} ORDER BY id`))

export const putRecord = (
  queue: Pick<CommitQueue, "write">,
  kind: RecordKind,
  { id, record }: StoredRecord,
): void => {
  const row = [id, record] as const
  queue.write(`INSERT OR REPLACE INTO ${kind} (id, record) VALUES (?, ?)`, row, {
    table: kind,
    key: id,
    row,
  })
}

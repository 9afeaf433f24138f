/** The audit log's rows. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { Audit, StoredAudit } from "../../audit.ts"
import type { CommitQueue } from "../journal/commit-queue.ts"

export const writeAudit = (
  queue: Pick<CommitQueue, "write">,
  { at, finding, subject, quantity, actor }: Audit,
): void => {
  const row = [at, finding, subject, quantity, actor]
  queue.write(
    "INSERT INTO audits (at, finding, subject, quantity, actor) VALUES (?, ?, ?, ?, ?)",
    row,
    { table: "audits", row },
  )
}

export const readAudits = (reader: SqlClient, count: number, beforeId = Number.MAX_SAFE_INTEGER) =>
  reader.unsafe<StoredAudit>("SELECT * FROM audits WHERE id < ? ORDER BY id DESC LIMIT ?", [
    beforeId,
    count,
  ])

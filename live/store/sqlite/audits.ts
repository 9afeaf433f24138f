/** The audit log's rows: only ever added to, in the commit of what they tell of. */
import type { CommitQueue } from "./commit-queue.ts"

export interface Audit {
  /** µs since the market was opened. */
  readonly at: number
  readonly finding: string
  readonly subject: number | null
  readonly quantity: number | null
  /** Id of the admin key; null: the market itself. */
  readonly actor: string | null
}

/** The actor of what is done beside the gateway, by whoever owns the data directory. */
export const directoryOwner = "data directory"

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

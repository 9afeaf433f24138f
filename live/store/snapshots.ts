/**
 * Snapshots of the market in the data directory: recovery takes the latest and the journal after it.
 * The journal stays whole, for replays and audits.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { Market } from "../../engine/index.ts"
import { snapshot } from "../../engine/index.ts"
import type { CommitQueue } from "./commit-queue.ts"

const kept = 2

/** Writes the market as it stands now, behind all that was journalled. O(state), synchronous. */
export const writeSnapshot = (queue: CommitQueue, market: Market): void => {
  queue.write("INSERT OR REPLACE INTO snapshots (seq, state) VALUES (?, ?)", [
    queue.lastSeq(),
    JSON.stringify(snapshot(market)),
  ])
  queue.write(
    "DELETE FROM snapshots WHERE seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)",
    [kept],
  )
}

export interface StoredSnapshot {
  readonly seq: number
  readonly state: string
}

/** The stored snapshots, latest first. */
export const readSnapshots = (
  reader: SqlClient,
): Effect.Effect<ReadonlyArray<StoredSnapshot>, SqlError> =>
  reader.unsafe<StoredSnapshot>("SELECT seq, state FROM snapshots ORDER BY seq DESC")

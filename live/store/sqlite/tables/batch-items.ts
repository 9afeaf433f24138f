/** The items of batches that are not over, one a row. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Effect } from "effect"
import type { StoredBatchItem } from "../../store.ts"
import type { CommitQueue } from "../journal/commit-queue.ts"

type Writer = Pick<CommitQueue, "write">

export const writeBatchItems = (
  queue: Writer,
  batch: number,
  items: ReadonlyArray<Pick<StoredBatchItem, "item" | "asked">>,
): void =>
  queue.write(
    `INSERT OR REPLACE INTO batch_items (batch, item, asked)
      SELECT ?, value ->> 0, value ->> 1 FROM json_each(?)`,
    [batch, JSON.stringify(items.map(({ item, asked }) => [item, asked]))],
  )

export const writeBatchAnswer = (
  queue: Writer,
  batch: number,
  item: number,
  answer: string,
): void =>
  queue.write("UPDATE batch_items SET answer = ? WHERE batch = ? AND item = ?", [
    answer,
    batch,
    item,
  ])

export const readBatchItems = (
  reader: SqlClient,
  batch: number,
  from: number,
  count: number,
): Effect.Effect<ReadonlyArray<StoredBatchItem>, SqlError> =>
  reader.unsafe<StoredBatchItem>(
    `SELECT item, asked, answer FROM batch_items WHERE batch = ? AND item >= ?
      ORDER BY item LIMIT ?`,
    [batch, from, count],
  )

export const forgetBatchItems = (queue: Writer, batch: number): void =>
  queue.write("DELETE FROM batch_items WHERE batch = ?", [batch])

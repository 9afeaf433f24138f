/** What streams under way have delivered, noted once a second: what their hosts are paid after a crash. */
import type { CommitQueue } from "./commit-queue.ts"

type Writer = Pick<CommitQueue, "write">

export const noteDelivered = (
  queue: Writer,
  request: number,
  attempt: number,
  tokens: number,
): void => {
  const row = [request, attempt, tokens]
  queue.write(
    "INSERT OR REPLACE INTO deliveries (request, attempt, tokens) VALUES (?, ?, ?)",
    row,
    { table: "deliveries", key: request, row },
  )
}

export const forgetDelivered = (queue: Writer, request: number): void =>
  queue.write("DELETE FROM deliveries WHERE request = ?", [request], {
    table: "deliveries",
    key: request,
    row: undefined,
  })

export const forgetAllDelivered = (queue: Writer): void =>
  queue.write("DELETE FROM deliveries", [], { table: "deliveries", isEmptied: true })

/** What streams under way have delivered, one row a request. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { DeliveryNote } from "../../store.ts"
import type { CommitQueue } from "../journal/commit-queue.ts"

type Writer = Pick<CommitQueue, "write">

export const noteDelivered = (queue: Writer, { request, attempt, tokens }: DeliveryNote): void => {
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

export const readDelivered = (reader: SqlClient) =>
  reader.unsafe<DeliveryNote>("SELECT request, attempt, tokens FROM deliveries")

/** The steps of bookings, one a row. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { BookingStep, BookingStepQuery, StoredBookingStep } from "../../booking-step.ts"
import type { CommitQueue } from "../journal/commit-queue.ts"
import { bookingStepColumns } from "../schema/booking-step-row.ts"

export const writeBookingStep = (queue: Pick<CommitQueue, "write">, step: BookingStep): void => {
  const row = bookingStepColumns.map((column) => step[column])
  queue.write(
    `INSERT INTO booking_steps (${bookingStepColumns.join(", ")}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    row,
    { table: "booking_steps", row },
  )
}

export const readBookingSteps = (
  reader: SqlClient,
  { booking, listing, account, kind, fromMicros, afterId, count }: BookingStepQuery,
): Effect.Effect<ReadonlyArray<StoredBookingStep>, SqlError> => {
  const conditions = ["id > ?"]
  const parameters: Array<number | string> = [afterId]
  const ask = (condition: string, ...values: ReadonlyArray<number | string>): void => {
    conditions.push(condition)
    parameters.push(...values)
  }
  if (booking !== undefined) ask("booking = ?", booking)
  if (listing !== undefined) ask("listing = ?", listing)
  if (account !== undefined) ask("(consumer = ? OR provider = ?)", account, account)
  if (kind !== undefined) ask("kind = ?", kind)
  if (fromMicros !== undefined) ask("at >= ?", fromMicros)
  return reader.unsafe<StoredBookingStep>(
    `SELECT id, ${bookingStepColumns.join(", ")} FROM booking_steps
      WHERE ${conditions.join(" AND ")} ORDER BY id LIMIT ?`,
    [...parameters, count],
  )
}

export const readLastBookingStep = (reader: SqlClient): Effect.Effect<number, SqlError> =>
  Effect.map(
    reader.unsafe<{ readonly id: number | null }>("SELECT max(id) AS id FROM booking_steps"),
    ([row]) => row.id ?? 0,
  )

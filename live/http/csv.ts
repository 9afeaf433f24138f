/**
 * Tables as CSV (RFC 4180). A spreadsheet takes a cell that begins with one of `= + - @`, or with a tab or
 * a carriage return, for a formula, and runs what somebody called a key: an apostrophe before it keeps it
 * text. A number is written by ourselves, and stays one.
 */
import type { FastifyReply } from "fastify"

export type CsvCell = string | number | null

const cellOf = (cell: CsvCell): string => {
  if (cell === null) return ""
  if (typeof cell === "number") return String(cell)
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const csvOf = (
  columns: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<CsvCell>>,
): string => [columns, ...rows].map((row) => `${row.map(cellOf).join(",")}\r\n`).join("")

/** Sends it to be kept under that name. */
export const sendCsv = (reply: FastifyReply, name: string, csv: string): FastifyReply =>
  reply
    .type("text/csv; charset=utf-8")
    .header("content-disposition", `attachment; filename="${name}"`)
    .header("cache-control", "no-store")
    .send(csv)

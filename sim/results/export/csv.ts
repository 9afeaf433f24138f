/**
 * CSV as RFC 4180 has it (quotes doubled, fields with separators quoted), in UTF-8, with "\n" at the
 * end of lines.
 *
 * Two matters the RFC leaves open:
 * - A spreadsheet takes a text that starts with = + - @ (or a tab or carriage return, which it
 *   skips) for a formula and runs it. Such texts get an apostrophe in front (OWASP, "CSV
 *   Injection"). Numbers are left alone: −3 stays −3.
 * - An empty cell is "no value"; an empty text is written `""`. NaN and infinities are written nan,
 *   inf and -inf, which pandas, R and DuckDB read as numbers.
 */
import type { ExportCell, ExportTable } from "./export-tables.ts"

const rowsPerChunk = 5_000

/** The table's lines, header first, in pieces of a few thousand lines. O(cells). */
export function* csvChunks(table: ExportTable): Generator<string> {
  let chunk = table.columns.map(({ name }) => textCell(name)).join(",") + "\n"
  let rows = 0
  for (const row of table.rows()) {
    chunk += row.map(csvCell).join(",") + "\n"
    rows += 1
    if (rows % rowsPerChunk === 0) {
      yield chunk
      chunk = ""
    }
  }
  if (chunk !== "") yield chunk
}

/** One cell, quoted where it must be. */
export const csvCell = (cell: ExportCell): string => {
  if (cell === null) return ""
  if (typeof cell === "string") return textCell(cell)
  if (Number.isNaN(cell)) return "nan"
  if (!Number.isFinite(cell)) return cell > 0 ? "inf" : "-inf"
  return String(cell)
}

const textCell = (text: string): string => {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return harmless === "" || /[",\r\n]/.test(harmless)
    ? `"${harmless.replaceAll('"', '""')}"`
    : harmless
}

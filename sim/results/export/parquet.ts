/**
 * Parquet by hyparquet-writer, a group of rows at a time: memory is bounded by one group, and the
 * disk is written to asynchronously between groups.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import { Effect } from "effect"
import { ByteWriter, ParquetWriter, schemaFromColumnData } from "hyparquet-writer"
import type { BasicType } from "hyparquet-writer"
import type { CellType, ExportCell, ExportTable } from "./export-tables.ts"

const rowsPerGroup = 50_000

const parquetTypes: Readonly<Record<CellType, BasicType>> = {
  text: "STRING",
  integer: "INT32",
  count: "INT64",
  real: "DOUBLE",
}

/** Writes the table to `path`. O(cells). */
export const writeParquet = (
  path: string,
  table: ExportTable,
): Effect.Effect<void, PlatformError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const file = yield* files.open(path, { flag: "w" })
    const bytes = new ByteWriter()
    const parquet = new ParquetWriter({
      writer: bytes,
      schema: schemaFromColumnData({
        columnData: table.columns.map(({ name, type }) => ({
          name,
          type: parquetTypes[type],
          data: [],
        })),
      }),
      createdBy: "evenkeel",
    })
    for (const group of columnGroups(table)) {
      yield* Effect.sync(() => parquet.write({ columnData: group, rowGroupSize: rowsPerGroup }))
      yield* drain(bytes, file)
    }
    yield* Effect.sync(() => parquet.finish())
    yield* drain(bytes, file)
  }).pipe(Effect.scoped)

/** Writes what has gathered and empties the buffer; offsets inside the file go on counting. */
const drain = (bytes: ByteWriter, file: FileSystem.File): Effect.Effect<void, PlatformError> =>
  Effect.suspend(() => file.writeAll(bytes.getBytes())).pipe(
    Effect.tap(() => Effect.sync(() => (bytes.index = 0))),
  )

interface ColumnGroup {
  readonly name: string
  readonly data: Array<string | number | bigint | null>
}

function* columnGroups(table: ExportTable): Generator<Array<ColumnGroup>> {
  const empty = (): Array<ColumnGroup> => table.columns.map(({ name }) => ({ name, data: [] }))
  let group = empty()
  let rows = 0
  for (const row of table.rows()) {
    for (const [at, { type }] of table.columns.entries()) {
      group[at]?.data.push(parquetCell(row[at] ?? null, type))
    }
    rows += 1
    if (rows % rowsPerGroup === 0) {
      yield group
      group = empty()
    }
  }
  // A table without rows is one empty group, so that its columns are there to be read.
  if (rows === 0 || rows % rowsPerGroup !== 0) yield group
}

const parquetCell = (cell: ExportCell, type: CellType): string | number | bigint | null =>
  type === "count" && typeof cell === "number" ? BigInt(cell) : cell

/**
 * A run's tables as files for pandas, R and DuckDB: `metrics.csv`, `metrics.parquet` and so on, in
 * one folder. The tables are listed in export-tables.ts.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { Data, Effect, Stream } from "effect"
import { csvChunks } from "./csv.ts"
import { exportTables } from "./export-tables.ts"
import type { ExportFormat, ExportTable } from "./export-tables.ts"
import type { RunResult } from "../models/run-model.ts"
import { writeParquet } from "./parquet.ts"
import { readInScripts } from "./read-in.ts"
import { replaceFile } from "../../../platform/replace-file.ts"

export class ExportError extends Data.TaggedError("ExportError")<{
  readonly path: string
  readonly message: string
}> {}

/**
 * Writes every table in every format into `folder`, which is made as needed, replacing files of the
 * same names, and scripts that read them in the first of the formats. Gives the paths written, in order
 * of table and format. O(cells).
 */
export const exportRun = (
  result: RunResult,
  folder: string,
  formats: ReadonlyArray<ExportFormat> = ["csv", "parquet"],
): Effect.Effect<ReadonlyArray<string>, ExportError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    const files = exportTables(result).flatMap((table) =>
      formats.map((format) => ({
        table,
        format,
        path: paths.join(folder, `${table.name}.${format}`),
      })),
    )
    const tables = yield* Effect.forEach(files, ({ table, format, path }) =>
      replaceFile(paths.resolve(path), (unfinished) => writers[format](unfinished, table)).pipe(
        Effect.mapError(
          (error) =>
            new ExportError({
              path,
              message: `${path} cannot be written: ${error.message}. Check the folder and the disk.`,
            }),
        ),
        Effect.as(path),
      ),
    )
    const scripts = yield* Effect.forEach(readInScripts(formats[0] ?? "csv"), (script) =>
      writeText(folder, script.name, [script.content]),
    )
    return [...tables, ...scripts]
  })

/** Writes a text file, in pieces, replacing an earlier one. Gives its path. */
export const writeText = (folder: string, name: string, pieces: Iterable<string>) =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    const files = yield* FileSystem.FileSystem
    const path = paths.join(folder, name)
    yield* replaceFile(paths.resolve(path), (unfinished) =>
      Stream.fromIterable(pieces).pipe(
        Stream.rechunk(1),
        Stream.encodeText,
        Stream.run(files.sink(unfinished)),
      ),
    ).pipe(
      Effect.mapError(
        (error) =>
          new ExportError({
            path,
            message: `${path} cannot be written: ${error.message}. Check the folder and the disk.`,
          }),
      ),
    )
    return path
  })

const writeCsv = (path: string, table: ExportTable) =>
  Effect.flatMap(FileSystem.FileSystem, (files) =>
    // One piece at a time: by default a stream would first gather 4,096 of them.
    Stream.fromIteratorSucceed(csvChunks(table), 1).pipe(
      Stream.encodeText,
      Stream.run(files.sink(path)),
    ),
  )

const writers = { csv: writeCsv, parquet: writeParquet }

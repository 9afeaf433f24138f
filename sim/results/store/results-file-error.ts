/**
 * What can go wrong with a results file, told to the person who named the file: which file, what is
 * wrong with it, what to do.
 */
import type { SqlError } from "@effect/sql/SqlError"
import { Data } from "effect"
import { layoutVersion } from "./tables.ts"
import { sqliteCode } from "../../../platform/sqlite-client.ts"

export class ResultsFileError extends Data.TaggedError("ResultsFileError")<{
  readonly path: string
  /**
   * `missing`: no such file. `foreign`: something else than a results file. `older`, `newer`:
   * written in a layout that this version does not read. `damaged`: cut short or overwritten.
   * `invalid`: its content, or the run to be written, is not a run result. `io`: the operating
   * system or the database refused.
   */
  readonly reason: "missing" | "foreign" | "older" | "newer" | "damaged" | "invalid" | "io"
  readonly message: string
}> {}

export const missingFile = (path: string): ResultsFileError =>
  new ResultsFileError({
    path,
    reason: "missing",
    message: `There is no file at ${path}. Check the path, or run the scenario that writes it.`,
  })

export const foreignFile = (path: string, found: string): ResultsFileError =>
  new ResultsFileError({
    path,
    reason: "foreign",
    message: `${path} is not an Evenkeel results file: ${found}. Name a file that a run has written.`,
  })

export const otherLayout = (path: string, found: number): ResultsFileError =>
  found < layoutVersion
    ? new ResultsFileError({
        path,
        reason: "older",
        message:
          `${path} was written by an older Evenkeel (layout ${found}; this one reads layout ` +
          `${layoutVersion}). Run the scenario again, or use the version that wrote the file.`,
      })
    : new ResultsFileError({
        path,
        reason: "newer",
        message:
          `${path} was written by a newer Evenkeel (layout ${found}; this one reads layout ` +
          `${layoutVersion}). Update Evenkeel to read it.`,
      })

export const invalidContent = (path: string, detail: string): ResultsFileError =>
  new ResultsFileError({
    path,
    reason: "invalid",
    message: `The content of ${path} is not a run result: ${detail}. Run the scenario again.`,
  })

const unwritableRun = (path: string, detail: string): ResultsFileError =>
  new ResultsFileError({
    path,
    reason: "invalid",
    message:
      `The run cannot be stored in ${path}: ${detail}. Nothing was written. Money must be whole ` +
      `minor units within ±(2^53 − 1), and replication indices and metric names unique.`,
  })

export const ioFailure = (path: string, detail: string): ResultsFileError =>
  new ResultsFileError({
    path,
    reason: "io",
    message: `${path}: ${detail}. Check that the folder is writable and the disk not full.`,
  })

/** A failure of SQLite while reading `path`, sorted by its code. */
export const readFailure = (path: string, error: SqlError): ResultsFileError => {
  const detail = causeOf(error)
  switch (sqliteCode(error)) {
    case "SQLITE_NOTADB":
      return foreignFile(path, "it is not a SQLite file")
    case "SQLITE_CORRUPT":
      return new ResultsFileError({
        path,
        reason: "damaged",
        message:
          `${path} is cut short or damaged (${detail}). Copy it again from where it came from, ` +
          `or run the scenario again.`,
      })
    case "SQLITE_ERROR":
      return invalidContent(path, detail)
    default:
      return ioFailure(path, `it cannot be read (${detail})`)
  }
}

/** A failure of SQLite while writing `path`, sorted by its code. */
export const writeFailure = (path: string, error: SqlError): ResultsFileError =>
  sqliteCode(error) === "SQLITE_CONSTRAINT"
    ? unwritableRun(path, causeOf(error))
    : ioFailure(path, `it cannot be written (${causeOf(error)})`)

const causeOf = (error: SqlError): string =>
  error.cause instanceof Error ? error.cause.message : error.message

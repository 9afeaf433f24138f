/** Files of a report, each whole or not there, and what is said where one cannot be written. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { Data, Effect } from "effect"
import { replaceFile } from "../platform/replace-file.ts"

export class ReportError extends Data.TaggedError("ReportError")<{
  readonly path: string
  readonly message: string
}> {}

/** Writes a file; folders are made as needed. */
export const writeFile = (
  path: string,
  content: string | Uint8Array,
): Effect.Effect<void, ReportError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    yield* replaceFile(paths.resolve(path), (unfinished) =>
      typeof content === "string"
        ? files.writeFileString(unfinished, content)
        : files.writeFile(unfinished, content),
    )
  }).pipe(Effect.mapError((error) => unwritten(path, error.message)))

export const unwritten = (path: string, detail: string): ReportError =>
  new ReportError({
    path,
    message: `The report is incomplete: ${path} failed (${detail}). Check the folder and the disk.`,
  })

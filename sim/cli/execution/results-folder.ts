/**
 * Where a run's results go: a folder that is safe to make from a scenario's name, and that is known
 * to be writable before the simulation begins, not after it.
 */
import { FileSystem } from "@effect/platform"
import { Effect } from "effect"
import { UsageError } from "../../../platform/terminal/usage-error.ts"

/** A character takes 4 bytes at most, and file systems allow 255 of them in a name. */
const maxCharacters = 60

/**
 * A scenario's name as the name of one folder. A name comes from a file that someone else may have
 * written: it must neither lead elsewhere (`../..`) nor hold what a terminal or a shell would obey.
 */
export const folderNameOf = (scenario: string): string => {
  const safe = scenario
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/^[.-]+/, "")
  const cut = [...safe]
    .slice(0, maxCharacters)
    .join("")
    .replace(/[.-]+$/, "")
  return cut === "" ? "scenario" : cut
}

/** Makes the folder, and fails where the results could not be written there. */
export const makeResultsFolder = (folder: string, database: string) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const refused = (allowed: string) => new UsageError({ argument: `--out ${folder}`, allowed })
    yield* files.makeDirectory(folder, { recursive: true }).pipe(
      // What the operating system says of permissions is not the whole truth; writing is.
      Effect.zipRight(
        Effect.scoped(files.makeTempDirectoryScoped({ directory: folder, prefix: ".evenkeel-" })),
      ),
      Effect.mapError(() => refused("cannot be written to; name a folder that can")),
    )
    const isFile = yield* files.stat(database).pipe(
      Effect.map(({ type }) => type === "File"),
      Effect.orElseSucceed(() => true),
    )
    if (!isFile)
      return yield* refused("its results.sqlite is not a file; remove that, or name another folder")
  })

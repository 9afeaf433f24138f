/**
 * Where results go: a folder that is safe to make from a scenario's name, that holds no other run, and
 * that is known to be writable before the simulation begins, not after it.
 */
import { FileSystem, Path } from "@effect/platform"
import type { PlatformError } from "@effect/platform/Error"
import { Effect, Option } from "effect"
import { readSummary } from "../../results/store/store.ts"
import { note } from "../../../platform/terminal/output.ts"
import * as Parameter from "../../../platform/terminal/parameter.ts"
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

export const replaceOption = Parameter.flag(
  "replace",
  "Let the results replace those of another run that the folder holds.",
)

/** A run as far as it tells whether another is the same. */
export interface RunIdentity {
  /** Where in its folder it is kept. */
  readonly file: string
  readonly scenarioYaml: string
  readonly version: string
  /** The command that brings the same results again, into a folder. */
  readonly commandInto: (folder: string) => string
}

/**
 * The folder for a run's results: the one that is asked for, or `usual`; numbered where that holds another
 * run. Results of the same run are replaced by equal ones; those of another never without `isReplacing`.
 */
export const chooseFolder = (
  asked: Option.Option<string>,
  usual: string,
  identity: RunIdentity,
  isReplacing: boolean,
) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const holdsOther = (folder: string) =>
      otherRunIn(path.join(folder, identity.file), folder, identity)
    const first = Option.getOrElse(asked, () => usual)
    if (isReplacing) return first
    const other = yield* holdsOther(first)
    if (other === null) return first
    let number = 2
    while ((yield* holdsOther(`${first}-${number}`)) !== null) number++
    const folder = `${first}-${number}`
    yield* note(
      `${first} holds ${other}; this one goes to ${folder}. --replace would put it there.`,
    )
    return folder
  })

export const resultsFile = "results.sqlite"

/** Which other results a file holds, in words; `null`: none, or the same run's. */
const otherRunIn = (
  database: string,
  folder: string,
  { scenarioYaml, version, commandInto }: RunIdentity,
) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const isThere = yield* Effect.orElseSucceed(files.exists(database), () => false)
    if (!isThere) return null
    const read = yield* Effect.either(readSummary(database))
    // What is no results file is refused when the folder is made; one that cannot be read is kept.
    if (read._tag === "Left") return "results that this version cannot read"
    const run = read.right
    const isSame =
      run.scenarioYaml === scenarioYaml &&
      run.version === version &&
      run.command === commandInto(folder)
    return isSame
      ? null
      : `another run (${run.title}, seed ${run.seed}, ${run.finishedAt.slice(0, 10)})`
  })

/** Makes the folder, and fails where the results could not be written there. */
export const makeResultsFolder = (folder: string, database: string) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const refused = (allowed: string) => new UsageError({ argument: `--out ${folder}`, allowed })
    yield* makeFolder(path.resolve(folder)).pipe(
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

/**
 * Makes a folder and those above it, one by one: below a file system that takes no folders, such as /proc,
 * Node's own way of making several at once never returns.
 */
const makeFolder = (
  folder: string,
): Effect.Effect<void, PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    if (yield* files.exists(folder)) return
    yield* makeFolder(path.dirname(folder))
    yield* files.makeDirectory(folder).pipe(
      Effect.catchIf(
        (error) => error._tag === "SystemError" && error.reason === "AlreadyExists",
        () => Effect.void,
      ),
    )
  })

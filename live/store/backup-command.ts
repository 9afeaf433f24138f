/** `evenkeel backup`: a whole copy of a data directory, also while a gateway runs in it. */
import { FileSystem, Path } from "@effect/platform"
import { Effect } from "effect"
import { jsonOption, printResult } from "../../platform/terminal/output.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import { masterKeyFile } from "../hosts/master-keys.ts"
import { reasonOf } from "./damage.ts"
import { createHead, headName, headUnusable, markOf } from "./head.ts"
import { databaseName, openToCheck, openReader, StoreUnusable } from "./store.ts"
import { lastSeal } from "./stored-journal.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

export const backupCommand = Command.make({
  name: "backup",
  meaning:
    "Copy a gateway's data directory while it runs; `serve --data` and `replay` take the copy.",
  parameters: {
    directory: Parameter.argument("folder", "The data directory of a gateway; it may be running."),
    target: Parameter.argument("target", "The folder to make; it must not exist."),
    json: jsonOption,
  },
  run: ({ directory, target, json }) =>
    Effect.scoped(
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        if (yield* files.exists(target))
          return yield* new UsageError({
            argument: target,
            allowed: "is there already; name a folder that is not",
          })
        const reader = yield* openReader(directory)
        // Under another name until it is whole: what is cut off must not pass for a market.
        const draft = `${path.resolve(target)}.unfinished`
        yield* files.remove(draft, { recursive: true, force: true })
        yield* files.makeDirectory(draft, { recursive: true, mode: 0o700 })
        const file = path.join(draft, databaseName)
        // One transaction sees one instant of the market, whatever is committed meanwhile.
        yield* reader
          .unsafe("VACUUM INTO ?", [file])
          .pipe(
            Effect.mapError(
              (error) => new StoreUnusable({ directory, reason: String(error.cause) }),
            ),
          )
        yield* files.chmod(file, 0o600)
        yield* checkCopy(directory, draft)
        const { size } = yield* files.stat(file)
        const hasKeys = yield* copyKeys(directory, draft)
        yield* files.rename(draft, target)
        const copied = path.join(target, databaseName)
        const keys = hasKeys ? { keys: path.join(target, masterKeyFile) } : {}
        yield* printResult(json, { file: copied, bytes: Number(size), ...keys }, () =>
          [`${copied}  ${size} bytes`, ...Object.values(keys)].join("\n"),
        )
      }),
    ),
})

/**
 * The copy is checked from its first entry to its last, and has a head of its own: where it is put in
 * the place of what was lost, it is a market that acknowledged as far as it goes.
 */
const checkCopy = (directory: string, draft: string) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    yield* Effect.scoped(
      Effect.gen(function* () {
        const { history, reader } = yield* openToCheck(draft)
        yield* history.check(0)
        const seal = yield* lastSeal(reader)
        yield* Effect.tryPromise({
          try: () => createHead(path.join(draft, headName), markOf(seal)),
          catch: headUnusable,
        })
      }),
    ).pipe(
      Effect.mapError(
        (error) =>
          new StoreUnusable({
            directory,
            reason: error._tag === "SqlError" ? reasonOf(error) : error.message,
          }),
      ),
    )
  })

/** Without the keys that seal them, the tokens of cloud hosts in the copy could never be opened. */
const copyKeys = (directory: string, target: string) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const from = path.join(directory, masterKeyFile)
    // Keys that come from the environment are in nobody's folder.
    if (!(yield* files.exists(from))) return false
    const keys = path.join(target, masterKeyFile)
    yield* files.writeFile(keys, yield* files.readFile(from), { mode: 0o600 })
    return true
  })

/** `evenkeel backup`: a whole copy of a data directory, also while a gateway runs in it. */
import { FileSystem, Path } from "@effect/platform"
import { Effect } from "effect"
import * as Command from "../../../platform/terminal/command.ts"
import * as Parameter from "../../../platform/terminal/parameter.ts"
import { jsonOption, printResult } from "../../../platform/terminal/output.ts"
import { UsageError } from "../../../platform/terminal/usage-error.ts"
import { databaseName, masterKeyFile } from "../data-directory.ts"
import { copyMarket } from "../sqlite/copy-market.ts"

export const backupCommand = Command.make({
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
        // Under another name until it is whole: what is cut off must not pass for a market.
        const draft = `${path.resolve(target)}.unfinished`
        yield* files.remove(draft, { recursive: true, force: true })
        const bytes = yield* copyMarket(directory, draft)
        const hasKeys = yield* copyKeys(directory, draft)
        yield* files.rename(draft, target)
        const copied = path.join(target, databaseName)
        const keys = hasKeys ? { keys: path.join(target, masterKeyFile) } : {}
        yield* printResult(json, { file: copied, bytes, ...keys }, () =>
          [`${copied}  ${bytes} bytes`, ...Object.values(keys)].join("\n"),
        )
      }),
    ),
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

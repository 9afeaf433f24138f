/** `evenkeel runs`: the runs, comparisons and sweeps that a folder holds. */
import { FileSystem, Path } from "@effect/platform"
import { Effect, Option } from "effect"
import type { KeptResults } from "../results/models/kept-results.ts"
import { findResults } from "../results/store/find-results.ts"
import {
  alignColumns,
  jsonOption,
  note,
  printable,
  printResult,
} from "../../platform/terminal/output.ts"
import { openOption, openPage } from "../../platform/terminal/open-page.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const usualFolder = "out"

const folderArgument = Parameter.optional(
  Parameter.argument("folder", "Where to look, folders below it included; out by default."),
)
const pageOption = Parameter.flag(
  "page",
  "Write FOLDER/index.html, which lists them with links to their pages.",
)

/** Writes the page of a list into its folder; gives the file. It comes from the reports. */
export type WriteRunsPage<E, R> = (
  results: ReadonlyArray<KeptResults>,
  folder: string,
) => Effect.Effect<string, E, R>

export const makeRunsCommand = <E, R>(writePage: WriteRunsPage<E, R>) =>
  Command.make({
    parameters: { folder: folderArgument, page: pageOption, open: openOption, json: jsonOption },
    run: ({ folder: given, page, open, json }) =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const folder = Option.getOrElse(given, () => usualFolder)
        const isThere = yield* Effect.orElseSucceed(files.exists(folder), () => false)
        if (!isThere)
          return yield* new UsageError({
            argument: folder,
            allowed: "there is no such folder; evenkeel run makes out/SCENARIO where it is run",
          })
        const { results, unreadable } = yield* findResults(folder)
        yield* Effect.forEach(unreadable, (message) => note(message), { discard: true })
        const index = page || open ? yield* writePage(results, folder) : null
        yield* printResult(json, { folder, results, page: index }, () =>
          [
            results.length === 0
              ? `${printable(folder)} holds no results yet; npx evenkeel run quickstart makes some.`
              : tableOf(results),
            ...(index === null ? [] : ["", `page  ${printable(index)}`]),
            ...(results.filter(({ kind }) => kind === "run").length < 2
              ? []
              : [
                  "",
                  `compare two of them with  npx evenkeel compare ${path.join(folder, "A")} ${path.join(folder, "B")}`,
                ]),
          ].join("\n"),
        )
        if (open && index !== null) yield* openPage(index)
      }),
  })

const tableOf = (results: ReadonlyArray<KeptResults>): string =>
  alignColumns([
    ["folder", "what", "date", "replications", "scenario", "settings"],
    ...results.map(({ folder, kind, finishedAt, replications, scenario, settings }) => [
      printable(folder),
      kind,
      finishedAt === null ? "" : finishedAt.slice(0, 16).replace("T", " "),
      String(replications),
      printable(scenario),
      printable(settings.join(", ")),
    ]),
  ])

/** `evenkeel report`: draws the report of a run or a sweep again, from its stored results. */
import { Args, Command, Options } from "@effect/cli"
import { FileSystem, Path } from "@effect/platform"
import { Console, Effect } from "effect"
import { readRun } from "../sim/results/store/store.ts"
import { readSweep } from "../sim/results/store/sweep-store.ts"
import { ReportError } from "./write-file.ts"
import { writeReport } from "./write-report.ts"
import { writeSweepReport } from "./write-sweep-report.ts"

const jsonOption = Options.boolean("json").pipe(
  Options.withDescription(
    "Print one JSON document on stdout, which stays empty where there is no result; messages go to stderr.",
  ),
)

export const reportCommand = Command.make(
  "report",
  {
    dir: Args.text({ name: "folder" }).pipe(
      Args.withDescription("The folder that a run or a sweep wrote."),
    ),
    json: jsonOption,
  },
  ({ dir, json }) =>
    Effect.gen(function* () {
      const path = yield* Path.Path
      const fileSystem = yield* FileSystem.FileSystem
      const sweep = path.join(dir, "sweep.sqlite")
      const isSweep = yield* Effect.orElseSucceed(fileSystem.exists(sweep), () => false)
      const { files, notices } = isSweep
        ? yield* reportSweep(sweep, dir)
        : yield* Effect.flatMap(readRun(path.join(dir, "results.sqlite")), (result) =>
            writeReport(result, dir),
          )
      yield* Effect.forEach(notices, (notice) => Console.error(notice))
      yield* Console.log(json ? JSON.stringify({ files }, null, 2) : files.join("\n"))
    }),
).pipe(
  Command.withDescription(
    "Write the report of a run or a sweep again: one HTML page, charts as SVG and PNG.",
  ),
)

const reportSweep = (database: string, folder: string) =>
  Effect.gen(function* () {
    const { result } = yield* readSweep(database)
    const { definition } = result
    if (definition.design === "morris" || definition.design === "saltelli")
      return yield* new ReportError({
        path: folder,
        message: `${folder} holds a sensitivity analysis, whose report is about the metrics that one asks for: run ${definition.command} --metric NAME --out ${folder}, which takes no new cells.`,
      })
    return yield* writeSweepReport(result, folder)
  })

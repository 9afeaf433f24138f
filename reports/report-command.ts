/** `evenkeel report`: draws the report of a run or a sweep again, from its stored results. */
import { FileSystem, Path } from "@effect/platform"
import { Console, Effect } from "effect"
import { readRun } from "../sim/results/store/store.ts"
import { readSweep } from "../sim/results/store/sweep-store.ts"
import { jsonOption } from "../platform/terminal/output.ts"
import { ReportError } from "./write-file.ts"
import { writeReport } from "./write-report.ts"
import { writeSweepReport } from "./write-sweep-report.ts"
import * as Command from "../platform/terminal/command.ts"
import * as Parameter from "../platform/terminal/parameter.ts"

export const reportCommand = Command.make({
  parameters: {
    dir: Parameter.argument("folder", "The folder that a run or a sweep wrote."),
    json: jsonOption,
  },
  run: ({ dir, json }) =>
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
})

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

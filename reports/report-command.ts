/** `evenkeel report`: draws the report of a run again, from its stored results. */
import { Args, Command, Options } from "@effect/cli"
import { Path } from "@effect/platform"
import { Console, Effect } from "effect"
import { readRun } from "../sim/results/store.ts"
import { writeReport } from "./write-report.ts"

const jsonOption = Options.boolean("json").pipe(
  Options.withDescription(
    "Print one JSON document on stdout, which stays empty where there is no result; messages go to stderr.",
  ),
)

export const reportCommand = Command.make(
  "report",
  {
    dir: Args.text({ name: "folder" }).pipe(Args.withDescription("The folder that a run wrote.")),
    json: jsonOption,
  },
  ({ dir, json }) =>
    Effect.gen(function* () {
      const path = yield* Path.Path
      const result = yield* readRun(path.join(dir, "results.sqlite"))
      const { files, notices } = yield* writeReport(result, dir)
      yield* Effect.forEach(notices, (notice) => Console.error(notice))
      yield* Console.log(json ? JSON.stringify({ files }, null, 2) : files.join("\n"))
    }),
).pipe(Command.withDescription("Write a run's report again: one HTML page, charts as SVG and PNG."))

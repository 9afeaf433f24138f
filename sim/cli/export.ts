/** `evenkeel export`: the results of a run as tidy tables for pandas, R or DuckDB. */
import { Path } from "@effect/platform"
import { Effect, Option } from "effect"
import { exportRun } from "../results/export/export.ts"
import { readRun } from "../results/store/store.ts"
import { jsonOption, printable, printResult } from "../../platform/terminal/output.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const formatOption = Parameter.withDefault(
  Parameter.choice(
    "format",
    ["csv", "parquet"],
    "csv (the default), for spreadsheets and R; parquet, for pandas and DuckDB.",
  ),
  "csv",
)
const outOption = Parameter.optional(
  Parameter.text(
    "out",
    "FOLDER",
    "Where the tables go; csv or parquet in the run's folder by default.",
  ),
)

export const exportCommand = Command.make({
  parameters: {
    dir: Parameter.argument("folder", "The folder that a run wrote."),
    format: formatOption,
    out: outOption,
    json: jsonOption,
  },
  run: ({ dir, format, out, json }) =>
    Effect.gen(function* () {
      const path = yield* Path.Path
      const result = yield* readRun(path.join(dir, "results.sqlite"))
      const folder = Option.getOrElse(out, () => path.join(dir, format))
      const files = yield* exportRun(result, folder, [format])
      yield* printResult(json, { files }, () => printable(files.join("\n")))
    }),
})

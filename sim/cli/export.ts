/** `evenkeel export`: the results of a run as tidy tables for pandas, R or DuckDB. */
import { FileSystem, Path } from "@effect/platform"
import { Effect, Option } from "effect"
import { exportRun } from "../results/export/export.ts"
import { exportSweep } from "../results/export/sweep-export.ts"
import { readRun } from "../results/store/store.ts"
import { readSweep } from "../results/store/sweep-store.ts"
import { resultsFile } from "./execution/results-folder.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
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
    dir: Parameter.argument("folder", "The folder that a run or a sweep wrote."),
    format: formatOption,
    out: outOption,
    json: jsonOption,
  },
  run: ({ dir, format, out, json }) =>
    Effect.gen(function* () {
      const path = yield* Path.Path
      const files = yield* FileSystem.FileSystem
      const sweep = path.join(dir, "sweep.sqlite")
      const isSweep = yield* Effect.orElseSucceed(files.exists(sweep), () => false)
      const written = isSweep
        ? yield* exportOfSweep(
            sweep,
            format,
            Option.getOrElse(out, () => dir),
          )
        : yield* Effect.flatMap(readRun(path.join(dir, resultsFile)), (result) =>
            exportRun(
              result,
              Option.getOrElse(out, () => path.join(dir, format)),
              [format],
            ),
          )
      yield* printResult(json, { files: written }, () => printable(written.join("\n")))
    }),
})

/** A sweep's table is a row for each cell, which CSV holds. */
const exportOfSweep = (database: string, format: "csv" | "parquet", folder: string) =>
  format === "csv"
    ? Effect.flatMap(readSweep(database), ({ result }) => exportSweep(result, folder))
    : new UsageError({
        argument: "--format parquet",
        allowed: "is of runs; a sweep's table is written as csv",
      })

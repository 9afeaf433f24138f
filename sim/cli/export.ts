/** `evenkeel export`: the results of a run as tidy tables for pandas, R or DuckDB. */
import { Args, Command, Options } from "@effect/cli"
import { Path } from "@effect/platform"
import { Effect, Option } from "effect"
import { exportRun } from "../results/export/export.ts"
import { readRun } from "../results/store/store.ts"
import { jsonOption, printable, printResult } from "../../platform/terminal/output.ts"

const formatOption = Options.choice("format", ["csv", "parquet"]).pipe(
  Options.withDescription(
    "csv (the default), for spreadsheets and R; parquet, for pandas and DuckDB.",
  ),
  Options.withDefault("csv" as const),
)
const outOption = Options.text("out").pipe(
  Options.withPseudoName("FOLDER"),
  Options.withDescription("Where the tables go; csv or parquet in the run's folder by default."),
  Options.optional,
)

export const exportCommand = Command.make(
  "export",
  {
    dir: Args.text({ name: "folder" }).pipe(Args.withDescription("The folder that a run wrote.")),
    format: formatOption,
    out: outOption,
    json: jsonOption,
  },
  ({ dir, format, out, json }) =>
    Effect.gen(function* () {
      const path = yield* Path.Path
      const result = yield* readRun(path.join(dir, "results.sqlite"))
      const folder = Option.getOrElse(out, () => path.join(dir, format))
      const files = yield* exportRun(result, folder, [format])
      yield* printResult(json, { files }, () => printable(files.join("\n")))
    }),
).pipe(Command.withDescription("Export a run's results as CSV or Parquet tables."))

/** `evenkeel sweep`: a scenario at many points of a design, resumable, and in shards. */
import { Path } from "@effect/platform"
import { Effect, Option } from "effect"
import { exportSweep, sweepDigest, sweepDocument } from "../results/export/sweep-export.ts"
import { sobolSizeAdvice } from "../results/models/sensitivity-advice.ts"
import { sweepCommand } from "../results/models/sweep-command.ts"
import type { SweepResult } from "../results/models/sweep-model.ts"
import { shardText } from "../results/store/sweep-store.ts"
import type { DesignName } from "../sweep/design.ts"
import { mostPoints } from "../sweep/design.ts"
import { prepareSweep } from "../sweep/prepare.ts"
import { CheckFailed } from "./execution/check-failed.ts"
import { keptSweep } from "./execution/kept-sweep.ts"
import { findingsText } from "./execution/sweep-findings.ts"
import {
  alignColumns,
  jsonOption,
  note,
  printable,
  printResult,
} from "../../platform/terminal/output.ts"
import { noReport, noReportOption } from "./options/no-report.ts"
import { folderNameOf } from "./execution/results-folder.ts"
import {
  commandAgain,
  replicationsFrom,
  replicationsOption,
  scenarioArgument,
  seedOption,
  workersFrom,
  workersOption,
} from "./options/run-options.ts"
import { quoteForShell } from "../../platform/terminal/shell.ts"
import {
  bothOption,
  countFrom,
  outOption,
  shardFrom,
  shardOption,
  varyOption,
} from "./options/sweep-options.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const designOption = Parameter.withDefault(
  Parameter.choice(
    "design",
    ["grid", "latin", "sobol"],
    "Where the points lie: grid (the default), every combination of the values; latin, a Latin hypercube; sobol, a Sobol sequence.",
  ),
  "grid",
)
const pointsOption = Parameter.optional(
  Parameter.text(
    "points",
    "N",
    "Points of a latin or sobol design; for sobol a power of 2 covers best. A grid's follow from its values.",
  ),
)

/** Writes the report of a sweep into a folder; it comes from the reports. */
export type WriteSweepReport<E, R> = (
  result: SweepResult,
  folder: string,
) => Effect.Effect<
  { readonly files: ReadonlyArray<string>; readonly notices: ReadonlyArray<string> },
  E,
  R
>

/** The number of points that a design that samples is given. */
const sizeFrom = (design: DesignName, given: Option.Option<string>) =>
  Effect.gen(function* () {
    const points = yield* countFrom("points", given, 1, mostPoints)
    if (design === "grid" && points !== undefined)
      return yield* new UsageError({
        argument: "--points",
        allowed:
          "a grid has as many points as its values combine to; --design latin or sobol takes a number",
      })
    if (design !== "grid" && points === undefined)
      return yield* new UsageError({
        argument: `--design ${design}`,
        allowed: "needs --points N: how many points to sample",
      })
    return points ?? 0
  })

export const makeSweepCommand = <E, R>(write: WriteSweepReport<E, R>) =>
  Command.make({
    parameters: {
      scenario: scenarioArgument,
      vary: varyOption,
      design: designOption,
      points: pointsOption,
      both: bothOption,
      seed: seedOption,
      replications: replicationsOption,
      workers: workersOption,
      out: outOption,
      shard: shardOption,
      noReport: noReportOption,
      json: jsonOption,
    },
    run: ({ scenario, vary, both, design, ...options }) =>
      Effect.gen(function* () {
        const path = yield* Path.Path
        const size = yield* sizeFrom(design, options.points)
        const workers = yield* workersFrom(options.workers)
        const replications = Option.getOrUndefined(yield* replicationsFrom(options.replications))
        const shard = yield* shardFrom(options.shard)
        const sweep = yield* prepareSweep({
          scenario,
          vary,
          both,
          design,
          size,
          seed: Option.getOrUndefined(options.seed),
          replications,
          workers,
          commandOf: (settled) =>
            commandAgain("sweep", { scenario, ...settled }, [
              ["--design", [design]],
              ["--points", design === "grid" ? [] : [String(size)]],
              ["--both", both],
              ["--vary", vary],
            ]),
        })
        const folder = Option.getOrElse(options.out, () =>
          path.join(
            "out",
            `${folderNameOf(sweep.definition.scenario)}-sweep${shard.count === 1 ? "" : `-${shard.index}-of-${shard.count}`}`,
          ),
        )
        const sizeAdvice = design === "sobol" ? sobolSizeAdvice("--points", size) : undefined
        if (sizeAdvice !== undefined) yield* note(sizeAdvice)
        const result = yield* keptSweep(sweep, folder, shard, workers)
        if (shard.count > 1) {
          const document = {
            folder,
            shard: shardText(shard),
            cells: result.cells.length,
            digest: sweepDigest(result),
          }
          yield* printResult(options.json, document, () =>
            alignColumns([
              ["shard", document.shard],
              ["cells", String(document.cells)],
              ["kept in", printable(folder)],
              ["next", `npx evenkeel merge FOLDER ${quoteForShell(folder)} … joins all shards`],
            ]),
          )
          return
        }
        yield* finishSweep(
          result,
          folder,
          options.json,
          options.noReport ? () => Effect.succeed(noReport) : write,
        )
      }),
  })

/** Exports and reports a whole sweep, and says what came out. */
export const finishSweep = <E, R>(
  result: SweepResult,
  folder: string,
  isJson: boolean,
  write: WriteSweepReport<E, R>,
) =>
  Effect.gen(function* () {
    const exported = yield* exportSweep(result, folder)
    const report = yield* write(result, folder)
    yield* Effect.forEach(report.notices, note)
    const [cells, codebook, results] = exported
    const { results: _points, ...facts } = sweepDocument(result)
    const files = { cells, codebook, results, report: report.files[0] ?? null }
    const command = sweepCommand(result.definition, folder)
    yield* printResult(isJson, { ...facts, command, cells: result.cells.length, files }, () =>
      [
        printable(
          `${result.definition.scenario}: ${result.definition.points} points × ${result.definition.replications} replications of ${result.factors.join(", ")}`,
        ),
        "",
        ...findingsText(result).map(printable),
        "",
        alignColumns([
          ["cells", printable(cells)],
          ["results", printable(results)],
          ...(files.report === null ? [] : [["report", printable(files.report)]]),
          ["digest", facts.digest],
          ["again", printable(command)],
        ]),
      ].join("\n"),
    )
    yield* refuseFailedChecks(result)
  })

/** Fails where a check did not hold, with the first cells in which it did not. */
export const refuseFailedChecks = ({ cells }: SweepResult): Effect.Effect<void, CheckFailed> => {
  const failed = cells.flatMap(({ index, failedChecks }) =>
    failedChecks.map((name) => `${name} (cell ${index})`),
  )
  return failed.length === 0 ? Effect.void : new CheckFailed({ names: failed.slice(0, 10) })
}

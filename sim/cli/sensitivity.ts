/** `evenkeel sensitivity`: which settings matter for a metric, and how much. */
import { Path } from "@effect/platform"
import { Effect, Option } from "effect"
import { adviceOn, sobolSizeAdvice } from "../results/models/sensitivity-advice.ts"
import type {
  Bounded,
  MetricSensitivity,
  Sensitivity,
} from "../results/models/sensitivity-model.ts"
import { sweepCommand } from "../results/models/sweep-command.ts"
import { writeText } from "../results/export/export.ts"
import { exportSweep, sweepDigest } from "../results/export/sweep-export.ts"
import { shardText } from "../results/store/sweep-store.ts"
import type { Scenario } from "../scenarios/schema.ts"
import { prepareSweep } from "../sweep/prepare.ts"
import { sensitivityOf } from "../sweep/sensitivity.ts"
import { keptSweep } from "./execution/kept-sweep.ts"
import {
  alignColumns,
  jsonOption,
  note,
  printable,
  printResult,
} from "../../platform/terminal/output.ts"
import { folderNameOf } from "./execution/results-folder.ts"
import {
  commandAgain,
  replicationsFrom,
  scenarioArgument,
  seedOption,
  workersFrom,
  workersOption,
} from "./options/run-options.ts"
import { metricFrom } from "./options/metric-options.ts"
import { refuseFailedChecks } from "./sweep.ts"
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

const metricOption = Parameter.repeated(
  Parameter.text(
    "metric",
    "NAME",
    "The metric that is explained, such as ttft.p99; at least one. May be repeated: every metric is measured anyway, so another one later takes no time.",
  ),
)
const methodOption = Parameter.withDefault(
  Parameter.choice(
    "method",
    ["morris", "sobol"],
    "morris (the default), elementary effects: which settings matter, from few runs; sobol: which part of the metric's variance each makes, alone and with the others.",
  ),
  "morris",
)
const samplesOption = Parameter.optional(
  Parameter.text(
    "samples",
    "N",
    "Trajectories of morris (20 by default; a point more than there are settings each), or rows of sobol (128 by default; three points more than there are settings each).",
  ),
)

const replicationsOption = Parameter.optional(
  Parameter.text(
    "replications",
    "N",
    "Replications of each point, 1 by default: trajectories and rows are repetitions already, each with random numbers of its own.",
  ),
)

const defaultSamples = { morris: 20, sobol: 128 } as const
const mostSamples = 100_000

/** Draws what was found into a folder; it comes from the reports. */
export type WriteSensitivityReport<E, R> = (
  sensitivity: Sensitivity,
  folder: string,
) => Effect.Effect<{ readonly files: ReadonlyArray<string> }, E, R>

export const makeSensitivityCommand = <E, R>(write: WriteSensitivityReport<E, R>) =>
  Command.make({
    parameters: {
      scenario: scenarioArgument,
      vary: varyOption,
      metric: metricOption,
      method: methodOption,
      samples: samplesOption,
      both: bothOption,
      seed: seedOption,
      replications: replicationsOption,
      workers: workersOption,
      out: outOption,
      shard: shardOption,
      json: jsonOption,
    },
    run: ({ scenario, vary, both, method, metric: metrics, ...options }) =>
      Effect.gen(function* () {
        const path = yield* Path.Path
        const workers = yield* workersFrom(options.workers)
        const size =
          (yield* countFrom("samples", options.samples, 2, mostSamples)) ?? defaultSamples[method]
        const replications = Option.getOrElse(
          yield* replicationsFrom(options.replications),
          () => 1,
        )
        const shard = yield* shardFrom(options.shard)
        const sweep = yield* prepareSweep({
          scenario,
          vary,
          both,
          design: method === "morris" ? "morris" : "saltelli",
          size,
          seed: Option.getOrUndefined(options.seed),
          replications,
          workers,
          commandOf: (settled) =>
            commandAgain("sensitivity", { scenario, ...settled }, [
              ["--method", [method]],
              ["--samples", [String(size)]],
              ["--both", both],
              ["--vary", vary],
            ]),
        })
        yield* refuseUnknown(sweep.base, metrics)
        const sizeAdvice = method === "sobol" ? sobolSizeAdvice("--samples", size) : undefined
        if (sizeAdvice !== undefined) yield* note(sizeAdvice)
        const folder = Option.getOrElse(options.out, () =>
          path.join(
            "out",
            `${folderNameOf(sweep.definition.scenario)}-sensitivity${shard.count === 1 ? "" : `-${shard.index}-of-${shard.count}`}`,
          ),
        )
        const result = yield* keptSweep(sweep, folder, shard, workers)
        if (shard.count > 1) {
          yield* printResult(
            options.json,
            { folder, shard: shardText(shard), cells: result.cells.length },
            () =>
              `Shard ${shardText(shard)} is kept in ${printable(folder)}. evenkeel merge joins all shards in a folder; the same command with --out FOLDER and without --shard then explains the metrics.`,
          )
          return
        }
        const explained = yield* Effect.forEach(metrics, (name) =>
          Effect.map(sensitivityOf(result, name), (one) => [name, one] as const),
        )
        const sensitivity: Sensitivity = {
          definition: result.definition,
          digest: sweepDigest(result),
          metrics: Object.fromEntries(explained),
        }
        const [cells] = yield* exportSweep(result, folder)
        const advice = explained.flatMap(([name, one]) => adviceOn(name, one, size))
        const command = sweepCommand(result.definition, folder, metrics)
        const document = {
          ...result.definition,
          ...sensitivity,
          definition: undefined,
          command,
          advice,
        }
        const results = yield* writeText(folder, "sensitivity.json", [
          JSON.stringify(document, null, 2),
          "\n",
        ])
        const report = yield* write(sensitivity, folder)
        const files = { cells, results, report: report.files[0] }
        yield* printResult(options.json, { ...document, files }, () =>
          [
            ...explained.map(([name, one]) => sensitivityText(name, one)),
            alignColumns([
              ["results", printable(results)],
              ["report", printable(files.report ?? "")],
              ["digest", sensitivity.digest],
              ["again", printable(command)],
            ]),
          ].join("\n\n"),
        )
        yield* refuseFailedChecks(result)
        yield* Effect.forEach(advice, (text) => note(text))
      }),
  })

const refuseUnknown = (
  scenario: Scenario,
  metrics: ReadonlyArray<string>,
): Effect.Effect<unknown, UsageError> =>
  metrics.length === 0
    ? new UsageError({
        argument: "--metric",
        allowed:
          "must be given at least once, such as --metric ttft.p99; npx evenkeel metrics lists all",
      })
    : Effect.forEach(metrics, (name) => metricFrom(scenario, `--metric ${name}`, name))

const sensitivityText = (name: string, one: MetricSensitivity): string => {
  const heading = printable(`${name} (${one.unit}): ${one.meaning}`)
  return one.method === "morris"
    ? [
        heading,
        alignColumns([
          ["setting", "mean |effect|", "95%", "mean effect", "95%", "deviation", "95%"],
          ...one.factors.map(({ factor, muStar, mu, sigma }) => [
            printable(factor),
            ...boundedText(muStar),
            ...boundedText(mu),
            ...boundedText(sigma),
          ]),
        ]),
        `Effects are changes of the metric, in ${one.unit}, over the whole range of a setting; their deviation tells of interactions and curvature.`,
      ].join("\n")
    : [
        heading,
        alignColumns([
          ["setting", "alone", "95%", "with others", "95%"],
          ...one.factors.map(({ factor, first, total }) => [
            printable(factor),
            ...boundedText(first),
            ...boundedText(total),
          ]),
        ]),
        "Parts of the metric's variance; chance is what the simulation's random numbers make.",
      ].join("\n")
}

const rounded = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "none"

const boundedText = ({ value, low, high }: Bounded): readonly [string, string] => [
  rounded(value),
  low === null || high === null ? "" : `${rounded(low)} to ${rounded(high)}`,
]

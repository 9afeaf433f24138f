/**
 * `evenkeel compare`: a scenario as it is, and with some settings changed, under common random numbers;
 * or two runs that were kept. Which metrics differ, and by how much.
 */
import { FileSystem, Path } from "@effect/platform"
import { Effect, Option, Ref } from "effect"
import { compareRuns, LEAST_REPLICATIONS } from "../experiment/comparison.ts"
import type { Finished } from "../recording/replicated.ts"
import type { RunOptions } from "../experiment/experiment.ts"
import { runExperiment } from "../experiment/experiment.ts"
import type { Plan } from "../experiment/plan.ts"
import { makePlan } from "../experiment/plan.ts"
import { layerThreads } from "../experiment/replicators.ts"
import { metricFactsOf } from "../metrics/of-replication.ts"
import type { ComparisonResult } from "../results/models/comparison-model.ts"
import type { RunResult } from "../results/models/run-model.ts"
import { readRun, writeRun } from "../results/store/store.ts"
import { loadScenario } from "../scenarios/load.ts"
import { FAMILY_ERROR } from "../statistics/inference/judged-pairs.ts"
import { sayBoth, withSettings } from "../settings/settings.ts"
import { scenarioYamlOf } from "../summary/summary.ts"
import { CheckFailed } from "./execution/check-failed.ts"
import {
  chooseFolder,
  folderNameOf,
  makeResultsFolder,
  replaceOption,
  resultsFile,
} from "./execution/results-folder.ts"
import { version } from "../../platform/package.ts"
import {
  alignColumns,
  jsonOption,
  note,
  printable,
  printResult,
} from "../../platform/terminal/output.ts"
import { openOption, openPage } from "../../platform/terminal/open-page.ts"
import { quoteForShell } from "../../platform/terminal/shell.ts"
import { makeProgress } from "./execution/progress.ts"
import { primaryMetrics } from "./options/metric-options.ts"
import { noReport, noReportOption, refuseOpening } from "./options/no-report.ts"
import {
  commandAgain,
  replicationsFrom,
  replicationsOption,
  seedOption,
  workersFrom,
  workersOption,
} from "./options/run-options.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const baselineArgument = Parameter.argument(
  "baseline",
  "A scenario, built in or a YAML file, whose variant --set makes; or the folder of a run that was kept.",
)
const variantArgument = Parameter.optional(
  Parameter.argument(
    "variant",
    "The folder of another run, where the baseline is one: nothing is run again.",
  ),
)
const setOption = Parameter.repeated(
  Parameter.text(
    "set",
    "PATH=VALUE",
    "One setting in which the variant differs, such as economy.feeBps=1000; at least one, of a scenario. May be repeated.",
  ),
)
const bothOption = Parameter.repeated(
  Parameter.text(
    "both",
    "PATH=VALUE",
    "One setting of baseline and variant alike, such as horizonDays=2. May be repeated.",
  ),
)
const metricOption = Parameter.repeated(
  Parameter.text(
    "metric",
    "NAME[=SIZE]",
    "A metric that the comparison is about, tested for itself; the others are looked at together. SIZE is the smallest difference that matters, in its unit (0.05) or as a share of the baseline (2%). May be repeated; profit.* names several.",
  ),
)
const outOption = Parameter.optional(
  Parameter.text(
    "out",
    "FOLDER",
    "Where both runs and a page with charts go; out/SCENARIO-compare by default, numbered where that holds another comparison. Of kept runs, nothing is written without it.",
  ),
)

/** How a comparison is shown and drawn; it comes from the reports, which the simulator knows nothing of. */
export interface ComparisonReporting<E, R> {
  readonly text: (result: ComparisonResult) => Effect.Effect<string>
  /** Writes the page into a folder; gives the files, the page first. */
  readonly write: (
    result: ComparisonResult,
    folder: string,
  ) => Effect.Effect<ReadonlyArray<string>, E, R>
}

export const makeCompareCommand = <E, R>(reporting: ComparisonReporting<E, R>) =>
  Command.make({
    parameters: {
      baseline: baselineArgument,
      variant: variantArgument,
      set: setOption,
      both: bothOption,
      metric: metricOption,
      seed: seedOption,
      replications: replicationsOption,
      workers: workersOption,
      out: outOption,
      replace: replaceOption,
      noReport: noReportOption,
      open: openOption,
      json: jsonOption,
    },
    run: (options) =>
      Effect.gen(function* () {
        yield* refuseOpening(options)
        const { result, folder } = Option.isSome(options.variant)
          ? yield* keptRuns(options.baseline, options.variant.value, options)
          : yield* simulatedRuns(options)
        const files =
          folder === null || options.noReport
            ? noReport.files
            : yield* reporting.write(result, folder)
        const { baseline, variant, comparison, command } = result
        const document = {
          scenario: baseline.scenario,
          baseline: result.baselineName,
          variant: result.variantName,
          seed: baseline.seed,
          replications: baseline.replications.length,
          both: options.both,
          set: options.set,
          command,
          digestBaseline: baseline.digest,
          digestVariant: variant.digest,
          wallSeconds: baseline.wallSeconds + variant.wallSeconds,
          familyError: FAMILY_ERROR,
          ...comparison,
          files: { folder, report: files[0] ?? null },
        }
        const text = options.json ? "" : yield* reporting.text(result)
        yield* printResult(options.json, document, () =>
          [
            text,
            "",
            alignColumns([
              ...(folder === null ? [] : [["results", printable(folder)]]),
              ...(files[0] === undefined ? [] : [["report", printable(files[0])]]),
              ["digests", `${baseline.digest} and ${variant.digest}`],
              ["again", printable(command)],
            ]),
          ].join("\n"),
        )
        if (options.open && files[0] !== undefined) yield* openPage(files[0])
        const failed = Object.entries({ baseline, variant }).flatMap(([side, { checks }]) =>
          Object.entries(checks).flatMap(([check, { ok }]) => (ok ? [] : [`${check} (${side})`])),
        )
        if (failed.length > 0) return yield* new CheckFailed({ names: failed })
      }),
  })

interface CompareOptions {
  readonly baseline: string
  readonly set: ReadonlyArray<string>
  readonly both: ReadonlyArray<string>
  readonly metric: ReadonlyArray<string>
  readonly seed: Option.Option<string>
  readonly replications: Option.Option<string>
  readonly workers: Option.Option<string>
  readonly out: Option.Option<string>
  readonly replace: boolean
}

/** What is compared, and the folder that it is kept in. */
interface Compared {
  readonly result: ComparisonResult
  readonly folder: string | null
}

const simulatedRuns = (options: CompareOptions) =>
  Effect.gen(function* () {
    const { baseline: name, set, both } = options
    const path = yield* Path.Path
    const files = yield* FileSystem.FileSystem
    if (yield* Effect.orElseSucceed(files.exists(path.join(name, resultsFile)), () => false))
      return yield* new UsageError({
        argument: name,
        allowed: "is the folder of a run; name that of another one to compare it with",
      })
    if (set.length === 0)
      return yield* new UsageError({
        argument: "--set",
        allowed: "must be given at least once: it says in what the variant differs",
      })
    const workers = yield* workersFrom(options.workers)
    const asked = yield* replicationsFrom(options.replications)
    const scenario = yield* loadScenario(name, both).pipe(Effect.mapError(sayBoth))
    const replications = Option.getOrElse(asked, () => scenario.replications)
    yield* refuseTooFew(
      Option.isSome(asked)
        ? `--replications ${replications}`
        : `${name}, which asks for ${replications}`,
      replications,
    )
    const primary = yield* primaryMetrics(Object.keys(metricFactsOf(scenario)), options.metric)
    // The replications of both sides are kept until the end.
    const needed = { replications: 2 * replications }
    const baseline = yield* makePlan(name, both, workers, needed).pipe(
      Effect.catchTag("ScenarioInvalid", (error) => Effect.fail(sayBoth(error))),
    )
    const variant = yield* makePlan(name, withSettings(both, set), workers, needed)
    yield* refuseUnpaired(baseline, variant)
    const seed = Option.getOrElse(options.seed, () => scenario.seed)
    const commandInto = (into: string) =>
      commandAgain("compare", { scenario: name, seed, replications }, [
        ["--both", both],
        ["--set", set],
        ["--metric", options.metric],
        ["--out", [into]],
      ])
    const folder = yield* chooseFolder(
      options.out,
      path.join("out", `${folderNameOf(scenario.name)}-compare`),
      {
        file: path.join("variant", resultsFile),
        scenarioYaml: scenarioYamlOf(variant.scenario),
        version,
        commandInto,
      },
      options.replace,
    )
    const databaseOf = (side: string) => path.join(folder, side, resultsFile)
    yield* Effect.forEach(["baseline", "variant"], (side) =>
      makeResultsFolder(path.join(folder, side), databaseOf(side)),
    )
    const command = commandInto(folder)
    const runs = yield* runSides(
      { baseline, variant },
      { replications, seed, command, isChecked: false },
      workers,
    )
    yield* writeRun(databaseOf("baseline"), runs.baseline)
    yield* writeRun(databaseOf("variant"), runs.variant)
    const compared: Compared = {
      folder,
      result: {
        ...runs,
        baselineName: [runs.baseline.scenario, ...both].join(", "),
        variantName: set.join(", "),
        command,
        comparison: compareRuns(runs.baseline, runs.variant, primary),
      },
    }
    return compared
  })

const keptRuns = (baselineFolder: string, variantFolder: string, options: CompareOptions) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const misplaced = [
      ["--set", options.set.length > 0],
      ["--both", options.both.length > 0],
      ["--seed", Option.isSome(options.seed)],
      ["--replications", Option.isSome(options.replications)],
      ["--workers", Option.isSome(options.workers)],
    ].flatMap(([name, isGiven]) => (isGiven === true ? [String(name)] : []))
    if (misplaced[0] !== undefined)
      return yield* new UsageError({
        argument: misplaced[0],
        allowed: "is of a comparison that simulates; two folders are compared as they are",
      })
    const [baseline, variant] = yield* Effect.all([
      readRun(path.join(baselineFolder, resultsFile)),
      readRun(path.join(variantFolder, resultsFile)),
    ])
    yield* refuseTooFew(
      `${baselineFolder}, which holds ${baseline.replications.length}`,
      baseline.replications.length,
    )
    yield* refuseTooFew(
      `${variantFolder}, which holds ${variant.replications.length}`,
      variant.replications.length,
    )
    if (
      baseline.warmupSeconds !== variant.warmupSeconds ||
      baseline.creditUsd !== variant.creditUsd
    )
      yield* note(
        "The runs differ in their warm-up or in what a credit is worth: what that does to their figures is among the differences.",
      )
    const names = [...new Set([...Object.keys(baseline.metrics), ...Object.keys(variant.metrics)])]
    const primary = yield* primaryMetrics(names, options.metric)
    const folder = Option.getOrNull(options.out)
    const command = [
      "npx evenkeel compare",
      quoteForShell(baselineFolder),
      quoteForShell(variantFolder),
      ...options.metric.map((text) => `--metric ${quoteForShell(text)}`),
      ...(folder === null ? [] : [`--out ${quoteForShell(folder)}`]),
    ].join(" ")
    const compared: Compared = {
      folder,
      result: {
        baseline,
        variant,
        baselineName: baselineFolder,
        variantName: variantFolder,
        command,
        comparison: compareRuns(baseline, variant, primary),
      },
    }
    return compared
  })

/** Fewer cannot show anything, whatever they find. */
const refuseTooFew = (argument: string, replications: number) =>
  replications >= LEAST_REPLICATIONS
    ? Effect.void
    : new UsageError({
        argument,
        allowed: `${replications} ${replications === 1 ? "replication" : "replications"} cannot show a difference, for even one that is the same in all of them would often come by chance; use ${LEAST_REPLICATIONS} or more`,
      })

/** What makes replications a pair is no setting of one side. */
const refuseUnpaired = (baseline: Plan, variant: Plan) => {
  const key = (["seed", "replications", "warmupDays"] as const).find(
    (one) => baseline.scenario[one] !== variant.scenario[one],
  )
  return key === undefined
    ? Effect.void
    : new UsageError({
        argument: `--set ${key}`,
        allowed: `baseline and variant share it, or nothing pairs them; give ${key === "warmupDays" ? "--both warmupDays=…" : `--${key}`}`,
      })
}

type Sides<A> = Readonly<Record<"baseline" | "variant", A>>

/** Runs the baseline, then the variant, on the same threads. */
const runSides = (
  plans: Sides<Plan>,
  options: Omit<RunOptions, "onProgress">,
  workers: number,
): Effect.Effect<Sides<RunResult>, Effect.Effect.Error<ReturnType<typeof runExperiment>>> =>
  Effect.gen(function* () {
    const { replications } = options
    const progress = yield* makeProgress(2 * replications, process.stderr)
    const runSide = (plan: Plan, sidesBefore: number) =>
      Effect.gen(function* () {
        const finished = yield* Ref.make<ReadonlyArray<Finished>>([])
        const onProgress = (share: number, done: number) =>
          progress.update((sidesBefore + share) / 2, sidesBefore * replications + done)
        return yield* runExperiment(plan, { ...options, onProgress }, finished)
      })
    const run = Effect.gen(function* () {
      yield* progress.update(0, 0)
      const baseline = yield* runSide(plans.baseline, 0)
      return { baseline, variant: yield* runSide(plans.variant, 1) }
    })
    return yield* run.pipe(
      Effect.provide(layerThreads(Math.min(workers, replications))),
      Effect.ensuring(progress.end),
      Effect.onError(() => note("Stopped: a comparison keeps nothing before it is whole.")),
    )
  })

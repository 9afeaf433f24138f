/** `evenkeel run`: simulates a scenario, keeps the results, and leaves a report of them. */
import { Path } from "@effect/platform"
import { Effect, Option } from "effect"
import type { TraceSurvey } from "../demand/trace/read-trace.ts"
import type { Finished } from "../recording/replicated.ts"
import { makePlan } from "../experiment/plan.ts"
import type { PrecisionReport } from "../experiment/precision.ts"
import { PrecisionWatch } from "../experiment/precision.ts"
import type { RunResult } from "../results/models/run-model.ts"
import { loadScenario } from "../scenarios/load.ts"
import { CheckFailed } from "./execution/check-failed.ts"
import {
  chooseFolder,
  folderNameOf,
  makeResultsFolder,
  replaceOption,
  resultsFile,
} from "./execution/results-folder.ts"
import { metricFactsOf } from "../metrics/of-replication.ts"
import { scenarioYamlOf } from "../summary/summary.ts"
import { metricsMatching } from "./options/metric-options.ts"
import { noReport, noReportOption, refuseOpening } from "./options/no-report.ts"
import { version } from "../../platform/package.ts"
import { openOption, openPage } from "../../platform/terminal/open-page.ts"
import { keptRun } from "./execution/kept-run.ts"
import {
  alignColumns,
  jsonOption,
  note,
  printable,
  printResult,
} from "../../platform/terminal/output.ts"
import {
  maxReplicationsOption,
  precisionFrom,
  precisionOption,
  precisionText,
} from "./options/precision-options.ts"
import {
  commandAgain,
  numberFrom,
  replicationsFrom,
  replicationsOption,
  scenarioArgument,
  seedOption,
  workersFrom,
  workersOption,
} from "./options/run-options.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import { quoteForShell } from "../../platform/terminal/shell.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const setOption = Parameter.repeated(
  Parameter.text(
    "set",
    "PATH=VALUE",
    "One setting of the scenario, such as economy.feeBps=1000 or economy=hardened. May be repeated.",
  ),
)
const onlyOption = Parameter.optional(
  Parameter.text(
    "only-replication",
    "K",
    "Run replication K of the seed alone, counted from 0: the same digest and figures as among the others.",
  ),
)
const outOption = Parameter.optional(
  Parameter.text(
    "out",
    "FOLDER",
    "Where results and report go, out/SCENARIO by default; numbered where that holds another run.",
  ),
)
const checkOption = Parameter.flag(
  "check",
  "Check ledger, holds and counters at every turn of the hour as well.",
)

const allOption = Parameter.flag("all", "Show all metrics, by name, in place of the headline.")
const metricsOption = Parameter.repeated(
  Parameter.text(
    "metrics",
    "PATTERN",
    "Show the metrics whose names match, such as 'profit.*', in place of the headline. May be repeated.",
  ),
)

/** Which metrics the terminal shows: the headline's, all, or these. */
export type ShownMetrics = "headline" | "all" | ReadonlyArray<string>

/** How the run is shown and reported; it comes from the reports, which the simulator knows nothing of. */
export interface Reporting<E, R> {
  /** What a terminal shows of it. */
  readonly summary: (result: RunResult, shown: ShownMetrics) => Effect.Effect<string>
  /** Writes the report into a folder; returns the files, and notices for the user. */
  readonly write: (
    result: RunResult,
    folder: string,
  ) => Effect.Effect<
    { readonly files: ReadonlyArray<string>; readonly notices: ReadonlyArray<string> },
    E,
    R
  >
}

export const makeRunCommand = <E, R>(reporting: Reporting<E, R>) =>
  Command.make({
    parameters: {
      scenario: scenarioArgument,
      seed: seedOption,
      replications: replicationsOption,
      onlyReplication: onlyOption,
      precision: precisionOption,
      maxReplications: maxReplicationsOption,
      workers: workersOption,
      set: setOption,
      out: outOption,
      replace: replaceOption,
      noReport: noReportOption,
      all: allOption,
      metrics: metricsOption,
      open: openOption,
      check: checkOption,
      json: jsonOption,
    },
    run: (options) =>
      Effect.gen(function* () {
        const path = yield* Path.Path
        yield* refuseOpening(options)
        const workers = yield* workersFrom(options.workers)
        const asked = yield* replicationsFrom(options.replications)
        const written = yield* loadScenario(options.scenario, options.set)
        const fewest = Option.getOrElse(asked, () => written.replications)
        const goal = yield* precisionFrom(written, fewest, options)
        const only = yield* onlyFrom(options, fewest)
        const replications = only === null ? (goal?.most ?? fewest) : 1
        const shown = yield* shownFrom(Object.keys(metricFactsOf(written)), options)
        const plan = yield* makePlan(options.scenario, options.set, workers, { replications })
        const watch = goal === null ? null : new PrecisionWatch(plan.scenario, goal)
        const seed = Option.getOrElse(options.seed, () => plan.scenario.seed)
        const again = {
          scenario: options.scenario,
          seed,
          replications: goal?.least ?? fewest,
        }
        const commandInto = (into: string) =>
          commandAgain("run", again, [
            ["--precision", options.precision],
            ["--max-replications", goal === null ? [] : [String(goal.most)]],
            ["--only-replication", only === null ? [] : [String(only)]],
            ["--set", options.set],
            ["--out", [into]],
          ])
        const folder = yield* chooseFolder(
          options.out,
          path.join(
            "out",
            `${folderNameOf(plan.scenario.name)}${only === null ? "" : `-replication-${only}`}`,
          ),
          {
            file: resultsFile,
            scenarioYaml: scenarioYamlOf(plan.scenario),
            version,
            commandInto,
          },
          options.replace,
        )
        const command = commandInto(folder)
        const database = path.join(folder, resultsFile)
        yield* makeResultsFolder(folder, database)
        if (plan.trace !== undefined) yield* note(traceText(plan.trace))

        const onKept = (what: string) =>
          `Stopped. ${what} in ${database}; npx evenkeel report ${quoteForShell(folder)} draws them.`
        const { result, finished } = yield* keptRun(plan, {
          replications,
          firstReplication: only ?? 0,
          ...(watch === null ? {} : { stopsAt: (done) => watch.stopsAt(done) }),
          workers,
          seed,
          command,
          isChecked: options.check,
          database,
          onKept,
        })
        const report = options.noReport
          ? noReport
          : yield* reporting
              .write(result, folder)
              .pipe(Effect.onError(() => note(onKept("The results are kept"))))
        const page = report.files[0]
        yield* Effect.forEach(report.notices, note)
        const precision = watch?.report() ?? null
        const document = jsonOf(result, endsOf(finished), precision, database, page)
        const summary = options.json ? "" : yield* reporting.summary(result, shown)
        yield* printResult(options.json, document, () =>
          [
            summary,
            "",
            ...(precision === null ? [] : [precisionText(precision, result.metrics), ""]),
            alignColumns([
              ["results", printable(database)],
              ...(page === undefined ? [] : [["report", printable(page)]]),
              ["digest", result.digest],
              ["again", printable(command)],
            ]),
          ].join("\n"),
        )
        if (options.open && page !== undefined) yield* openPage(page)
        const failed = Object.entries(result.checks).filter(([, { ok }]) => !ok)
        if (failed.length > 0)
          return yield* new CheckFailed({ names: failed.map(([name]) => name) })
      }),
  })

/** What `--all` and `--metrics` ask for. */
const shownFrom = (
  names: ReadonlyArray<string>,
  options: { readonly all: boolean; readonly metrics: ReadonlyArray<string> },
): Effect.Effect<ShownMetrics, UsageError> =>
  options.metrics.length > 0
    ? Effect.map(
        Effect.forEach(options.metrics, (pattern) =>
          metricsMatching(names, `--metrics ${pattern}`, pattern),
        ),
        (found) => [...new Set(found.flat())],
      )
    : Effect.succeed(options.all ? "all" : "headline")
/** The replication that is to be run alone, of those that there are; `null`: all are. */
const onlyFrom = (
  options: {
    readonly onlyReplication: Option.Option<string>
    readonly precision: ReadonlyArray<string>
  },
  replications: number,
): Effect.Effect<number | null, UsageError> => {
  if (Option.isSome(options.onlyReplication) && options.precision.length > 0)
    return new UsageError({
      argument: `--only-replication ${options.onlyReplication.value}`,
      allowed: "goes without --precision, which is about many",
    })
  return Effect.map(
    numberFrom("only-replication", options.onlyReplication, 0, replications - 1),
    Option.getOrNull,
  )
}

/** What was understood of a trace, so that a wrong unit is seen at once. */
const traceText = ({ path, description, requests, lastMicros }: TraceSurvey): string =>
  `${path}: ${description}; ${requests} requests over ${Number((lastMicros / 1e6).toPrecision(6))} s as recorded`

/** How the requests of all replications ended, warm-up included. */
const endsOf = (finished: ReadonlyArray<Finished>) => {
  const total = (name: string) =>
    finished.reduce(
      (sum, { result }) =>
        sum +
        Object.entries(result.recording.sums)
          .filter(([channel]) => channel === name || channel.startsWith(`${name}.`))
          .reduce((inAll, [, bins]) => inAll + bins.reduce((a, b) => a + b, 0), 0),
      0,
    )
  return {
    served: total("served"),
    badInput: total("badInput") + total("tooLong"),
    rejected: total("refused"),
  }
}

const jsonOf = (
  result: RunResult,
  ends: ReturnType<typeof endsOf>,
  precision: PrecisionReport | null,
  results: string,
  report: string | undefined,
) => ({
  scenario: result.scenario,
  economy: result.economy,
  version: result.version,
  digest: result.digest,
  seed: result.seed,
  command: result.command,
  replications: result.replications.length,
  ...(precision === null ? {} : { precision }),
  requests: result.requests,
  served: ends.served,
  badInput: ends.badInput,
  rejected: ends.rejected,
  events: result.events,
  wallSeconds: result.wallSeconds,
  warmupSeconds: result.warmupSeconds,
  metrics: result.metrics,
  checks: result.checks,
  files: { results, report: report ?? null },
})

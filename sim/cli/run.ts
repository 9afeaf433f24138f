/** `evenkeel run`: simulates a scenario, keeps the results, and leaves a report of them. */
import { Args, Command, Options } from "@effect/cli"
import { Path } from "@effect/platform"
import { Effect, Option, Ref } from "effect"
import { availableParallelism } from "node:os"
import type { Finished } from "../driver/task.ts"
import { runExperiment } from "../experiment.ts"
import { makePlan } from "../plan.ts"
import { summarise } from "../recording/summary.ts"
import { layerThreads } from "../replicators.ts"
import type { RunResult } from "../results/model.ts"
import { writeRun } from "../results/store.ts"
import { builtInScenarios } from "../scenarios/load.ts"
import { CheckFailed } from "./check-failed.ts"
import { folderNameOf, makeResultsFolder } from "./results-folder.ts"
import { alignColumns, jsonOption, note, printable, printResult } from "./output.ts"
import { makeProgress } from "./progress.ts"
import { quoteForShell } from "./shell.ts"
import { UsageError } from "./usage-error.ts"

const scenarioArgument = Args.text({ name: "scenario" }).pipe(
  Args.withDescription(`A built-in scenario (${builtInScenarios.join(", ")}) or a YAML file.`),
)
const seedOption = Options.text("seed").pipe(
  Options.withPseudoName("TEXT"),
  Options.withDescription(
    "What every draw follows from: the same seed gives the same digest. By default the scenario's own.",
  ),
  Options.optional,
)
const replicationsOption = Options.text("replications").pipe(
  Options.withPseudoName("N"),
  Options.withDescription(
    "Independent repetitions; intervals need at least 2. By default as many as the scenario says.",
  ),
  Options.optional,
)
const workersOption = Options.text("workers").pipe(
  Options.withPseudoName("N"),
  Options.withDescription(
    "Replications that run at once; as many as there are cores by default. Results do not depend on it.",
  ),
  Options.optional,
)
const setOption = Options.text("set").pipe(
  Options.withPseudoName("PATH=VALUE"),
  Options.withDescription(
    "One setting of the scenario, such as economy.feeBps=1000 or economy=hardened. May be repeated.",
  ),
  Options.repeated,
)
const outOption = Options.text("out").pipe(
  Options.withPseudoName("FOLDER"),
  Options.withDescription(
    "Where results and report go, replacing those of an earlier run; out/SCENARIO by default.",
  ),
  Options.optional,
)
const checkOption = Options.boolean("check").pipe(
  Options.withDescription("Check ledger, holds and counters at every turn of the hour as well."),
)

/** How the run is shown and reported; it comes from the reports, which the simulator knows nothing of. */
export interface Reporting<E, R> {
  /** The table that a terminal shows. */
  readonly table: (result: RunResult) => string
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

/** The whole number that an option gives, or `otherwise`. */
const within = (
  name: string,
  given: Option.Option<string>,
  otherwise: number,
  least: number,
  most: number,
) => {
  const text = Option.getOrElse(given, () => String(otherwise))
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  return value >= least && value <= most
    ? Effect.succeed(value)
    : new UsageError({
        argument: `--${name} ${text}`,
        allowed: `expected a whole number, ${least} to ${most}`,
      })
}

export const makeRunCommand = <E, R>(reporting: Reporting<E, R>) =>
  Command.make(
    "run",
    {
      scenario: scenarioArgument,
      seed: seedOption,
      replications: replicationsOption,
      workers: workersOption,
      set: setOption,
      out: outOption,
      check: checkOption,
      json: jsonOption,
    },
    (options) =>
      Effect.gen(function* () {
        const path = yield* Path.Path
        const workers = yield* within("workers", options.workers, availableParallelism(), 1, 256)
        const plan = yield* makePlan(options.scenario, options.set, workers)
        const replications = yield* within(
          "replications",
          options.replications,
          plan.scenario.replications,
          1,
          100_000,
        )
        const seed = Option.getOrElse(options.seed, () => plan.scenario.seed)
        const folder = Option.getOrElse(options.out, () =>
          path.join("out", folderNameOf(plan.scenario.name)),
        )
        const database = path.join(folder, "results.sqlite")
        const command = [
          "npx evenkeel run",
          quoteForShell(options.scenario),
          `--seed${seed.startsWith("-") ? "=" : " "}${quoteForShell(seed)}`,
          `--replications ${replications}`,
          ...options.set.map((text) => `--set ${quoteForShell(text)}`),
        ].join(" ")
        yield* makeResultsFolder(folder, database)

        const began = performance.now()
        const finished = yield* Ref.make<ReadonlyArray<Finished>>([])
        const progress = yield* makeProgress(replications, process.stderr)
        const settings = {
          replications,
          seed,
          command,
          isChecked: options.check,
          onProgress: progress.update,
        }
        // What is told to a user whose run ends early, whatever ends it: a signal, a dying thread, a
        // full disk.
        let stopped = "Stopped before a replication was finished: nothing was kept."
        const kept = (what: string) =>
          `Stopped. ${what} in ${database}; npx evenkeel report ${quoteForShell(folder)} draws them.`
        const keepFinished = Effect.gen(function* () {
          const done = yield* Ref.get(finished)
          if (done.length === 0) return
          stopped = "Nothing was kept."
          const wallSeconds = (performance.now() - began) / 1000
          yield* writeRun(database, summarise(plan.scenario, done, settings, wallSeconds))
          stopped = kept(
            `${done.length} of ${replications} replications were finished and are kept`,
          )
        })
        const keepWhole = (result: RunResult) =>
          Effect.gen(function* () {
            stopped = "Nothing was kept."
            yield* writeRun(database, result)
            stopped = kept("The results are kept")
          })
        const { result, report } = yield* Effect.gen(function* () {
          yield* progress.update(0, 0)
          // From a replication's end to its stored results nothing may come between.
          const whole = yield* Effect.uninterruptibleMask((restore) =>
            restore(runExperiment(plan, settings, finished)).pipe(
              Effect.tapErrorCause(() =>
                Effect.catchAll(keepFinished, (error) => note(error.message)),
              ),
              Effect.tap(keepWhole),
            ),
          ).pipe(Effect.provide(layerThreads(Math.min(workers, replications))))
          yield* progress.end
          return { result: whole, report: yield* reporting.write(whole, folder) }
        }).pipe(Effect.onError(() => Effect.zipRight(progress.end, note(stopped))))
        yield* Effect.forEach(report.notices, note)
        const ends = endsOf(yield* Ref.get(finished))
        yield* printResult(options.json, jsonOf(result, ends, database, report.files[0]), () =>
          [
            reporting.table(result),
            "",
            alignColumns([
              ["results", printable(database)],
              ["report", printable(report.files[0] ?? "")],
              ["digest", result.digest],
              ["again", printable(command)],
            ]),
          ].join("\n"),
        )
        const failed = Object.entries(result.checks).filter(([, { ok }]) => !ok)
        if (failed.length > 0)
          return yield* new CheckFailed({ names: failed.map(([name]) => name) })
      }),
  ).pipe(
    Command.withDescription(
      "Simulate a scenario, keep the results in SQLite, and write a report with charts.",
    ),
  )

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
  return { served: total("served"), rejected: total("refused") }
}

const jsonOf = (
  result: RunResult,
  ends: ReturnType<typeof endsOf>,
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
  requests: result.requests,
  served: ends.served,
  rejected: ends.rejected,
  events: result.events,
  wallSeconds: result.wallSeconds,
  warmupSeconds: result.warmupSeconds,
  metrics: result.metrics,
  checks: result.checks,
  files: { results, report },
})

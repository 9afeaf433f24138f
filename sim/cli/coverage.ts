/** `evenkeel coverage`: how often the simulator's 95% intervals contain a truth that is known. */
import { Worker as PlatformWorker } from "@effect/platform"
import * as NodeWorker from "@effect/platform-node/NodeWorker"
import { Chunk, Data, Effect, Option, Stream } from "effect"
import { startThread } from "../../platform/worker.ts"
import type { Answer, CoverageResult, CoverageTask } from "../validation/coverage.ts"
import { coverageOf, coverageSettings, SOUND_SHARES } from "../validation/coverage.ts"
import type { MarketCoverage } from "../validation/market-coverage.ts"
import { coverageOfMarket, coverageRun, LEAST_SHARE } from "../validation/market-coverage.ts"
import { makePlan } from "../experiment/plan.ts"
import { layerThreads, Replicators } from "../experiment/replicators.ts"
import { metricFactsOf } from "../metrics/of-replication.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import {
  alignColumns,
  jsonOption,
  note,
  printable,
  printResult,
} from "../../platform/terminal/output.ts"
import { makeProgress } from "./execution/progress.ts"
import { numberFrom, workersFrom, workersOption } from "./options/run-options.ts"
import { quoteForShell } from "../../platform/terminal/shell.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const usualMacros = 1_000
const mostMacros = 1_000_000

const seedOption = Parameter.withDefault(
  Parameter.text("seed", "TEXT", "What every draw follows from; evenkeel by default."),
  "evenkeel",
)
const macrosOption = Parameter.optional(
  Parameter.text(
    "macro-replications",
    "N",
    "How many intervals each share is taken of; 1000 by default, which takes some 18 minutes of one core.",
  ),
)

const scenarioOption = Parameter.optional(
  Parameter.text(
    "scenario",
    "SCENARIO",
    "Measure it on this market instead, for every metric, against the mean of all replications.",
  ),
)
const replicationsOption = Parameter.optional(
  Parameter.text("replications", "N", "Replications of each run of the market; 8 by default."),
)
const setOption = Parameter.repeated(
  Parameter.text("set", "PATH=VALUE", "One setting of that market. May be repeated."),
)
const usualRuns = 100
const usualReplications = 8

/** Some kind of interval does not cover as often as it says. */
class CoverageMissed extends Data.TaggedError("CoverageMissed")<{
  readonly names: ReadonlyArray<string>
}> {
  override get message(): string {
    return `Not covered as often as promised: ${this.names.join(", ")}`
  }
}

export const coverageCommand = Command.make({
  parameters: {
    macroReplications: macrosOption,
    scenario: scenarioOption,
    replications: replicationsOption,
    set: setOption,
    seed: seedOption,
    workers: workersOption,
    json: jsonOption,
  },
  run: ({ seed, json, ...options }) =>
    Effect.gen(function* () {
      const asked = yield* numberFrom(
        "macro-replications",
        options.macroReplications,
        2,
        mostMacros,
      )
      const workers = yield* workersFrom(options.workers)
      if (Option.isSome(options.scenario)) {
        const runs = Option.getOrElse(asked, () => usualRuns)
        const each = yield* numberFrom("replications", options.replications, 2, 1000)
        return yield* onMarket(options.scenario.value, options.set, {
          seed,
          runs,
          each: Option.getOrElse(each, () => usualReplications),
          workers,
          isJson: json,
        })
      }
      if (Option.isSome(options.replications) || options.set.length > 0)
        return yield* new UsageError({
          argument: options.set.length > 0 ? "--set" : "--replications",
          allowed: "is of a market; name one with --scenario",
        })
      const macros = Option.getOrElse(asked, () => usualMacros)
      const results = yield* measure(seed, macros, workers)
      const command = `npx evenkeel coverage --macro-replications ${macros} --seed${seed.startsWith("-") ? "=" : " "}${quoteForShell(seed)}`
      yield* printResult(
        json,
        { seed, macroReplications: macros, soundShares: SOUND_SHARES, results, command },
        () => [tableOf(results), "", legend, "", `again  ${command}`].join("\n"),
      )
      const missed = results.filter(({ verdict }) => verdict === "missed")
      if (missed.length > 0)
        return yield* new CoverageMissed({
          names: missed.map(({ setting, quantity }) => `${setting}: ${quantity}`),
        })
    }),
})

/** Every setting's macro-replications on threads; the results do not depend on how many. */
const measure = (
  seed: string,
  macros: number,
  workers: number,
): Effect.Effect<ReadonlyArray<CoverageResult>> =>
  Effect.gen(function* () {
    const total = coverageSettings.length * macros
    const progress = yield* makeProgress(total, process.stderr, {
      noun: "macro-replications",
    })
    const pool = yield* PlatformWorker.makePool<CoverageTask, ReadonlyArray<Answer>, never>({
      size: workers,
    })
    let done = 0
    const results = yield* Effect.forEach(coverageSettings, (setting, index) =>
      Effect.forEach(
        Array.from({ length: macros }, (_, macro) => macro),
        (macro) =>
          Effect.tap(pool.executeEffect({ setting: index, seed, macro }), () =>
            Effect.suspend(() => progress.update(++done / total, done)),
          ),
        { concurrency: workers },
      ).pipe(Effect.map((answers) => coverageOf(setting, answers))),
    ).pipe(Effect.ensuring(progress.end))
    return results.flat()
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeWorker.layer(() => startThread("sim/coverage-worker.js"))),
    Effect.orDie,
    Effect.onInterrupt(() => note("Stopped: shares are taken of all macro-replications or none.")),
  )

const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)}%`

const tableOf = (results: ReadonlyArray<CoverageResult>): string =>
  alignColumns([
    ["data", "quantity", "truth", "interval", "covers", "its 95%", "±", "bias", "verdict"],
    ...results.map((result) => [
      result.setting,
      result.quantity,
      result.truth.toPrecision(5),
      result.method,
      percent(result.share),
      `${percent(result.low)} … ${percent(result.high)}`,
      percent(result.relativeHalfWidth),
      percent(result.relativeBias, 2),
      result.verdict,
    ]),
  ])

const legend = [
  "covers: the share of nominal 95% intervals that contain the truth, with Wilson's own 95% interval; it must lie in 93% … 97%.",
  "±, bias: mean half-width, and mean of estimate less truth, as shares of the truth.",
  "t over replications: 8 of them from an empty system, a quarter cut as warm-up, p99 from sketches within 0.8%; too short are 2,000 customers instead of 200,000.",
  "Order statistics are sound for independent values, and not for those of one run, which depend on each other.",
].join("\n")

interface MarketOptions {
  readonly seed: string
  readonly runs: number
  readonly each: number
  readonly workers: number
  readonly isJson: boolean
}

/** Coverage of every metric of a market. */
const onMarket = (
  name: string,
  set: ReadonlyArray<string>,
  { seed, runs, each, workers, isJson }: MarketOptions,
) =>
  Effect.gen(function* () {
    const plan = yield* makePlan(name, set, workers, { replications: each })
    const total = runs * each
    const progress = yield* makeProgress(total, process.stderr, { noun: "replications" })
    let done = 0
    const replicate = (run: number, index: number) =>
      Effect.gen(function* () {
        const { run: start } = yield* Replicators
        const { scenario, trace } = plan
        const news = yield* Stream.runCollect(
          start({ index, scenario, trace, seed: `${seed}/${run}`, isChecked: false }),
        )
        yield* progress.update(++done / total, done)
        return Chunk.toReadonlyArray(news).filter((one) => one._tag === "Done")
      })
    const made = yield* Effect.forEach(
      Array.from({ length: runs }, (_, run) => run),
      (run) =>
        Effect.map(
          Effect.forEach(
            Array.from({ length: each }, (_, index) => index),
            (index) => replicate(run, index),
          ),
          (finished) => coverageRun(plan.scenario, finished.flat()),
        ),
      { concurrency: workers },
    ).pipe(Effect.provide(layerThreads(workers)), Effect.ensuring(progress.end))
    const results = coverageOfMarket(metricFactsOf(plan.scenario), made)
    const command = [
      `npx evenkeel coverage --scenario ${quoteForShell(name)}`,
      `--macro-replications ${runs} --replications ${each}`,
      `--seed${seed.startsWith("-") ? "=" : " "}${quoteForShell(seed)}`,
      ...set.map((text) => `--set ${quoteForShell(text)}`),
    ].join(" ")
    yield* printResult(
      isJson,
      {
        scenario: plan.scenario.name,
        seed,
        macroReplications: runs,
        replications: each,
        leastShare: LEAST_SHARE,
        results,
        command,
      },
      () =>
        [marketTable(results), "", marketLegend(runs, each), "", `again  ${command}`].join("\n"),
    )
    const missed = results.filter(({ verdict }) => verdict === "missed")
    if (missed.length > 0)
      return yield* new CoverageMissed({ names: missed.map(({ metric }) => metric) })
  })

const marketTable = (results: ReadonlyArray<MarketCoverage>): string =>
  alignColumns([
    ["metric", "mean", "covers", "its 95%", "±", "skewness", "moves", "verdict"],
    ...results.map((one) => [
      printable(one.metric),
      String(Number(one.mean.toPrecision(4))),
      ...(one.verdict === "same"
        ? ["", "", ""]
        : [
            percent(one.share),
            `${percent(one.low)} … ${percent(one.high)}`,
            percent(one.relativeHalfWidth),
          ]),
      one.skewness.toFixed(1),
      one.movingShare === 0 ? "" : percent(one.movingShare, 0),
      one.verdict,
    ]),
  ])

const marketLegend = (runs: number, each: number): string =>
  [
    `covers: of ${runs} runs of ${each} replications, the share of 95% intervals that contain the mean of all ${runs * each}, with Wilson's own interval; below ${percent(LEAST_SHARE, 0)} for sure is missed.`,
    "moves: in how many of the runs the metric was said to differ between the halves of the run: no steady state's, and its mean that of the stretch.",
    "same: hardly any replication differs, so there are no intervals to count. skewed: missed, while replications lie so far to one side that a handful cannot tell their mean; a longer horizonDays can.",
  ].join("\n")

/** `evenkeel coverage`: how often the simulator's 95% intervals contain a truth that is known. */
import { Worker as PlatformWorker } from "@effect/platform"
import * as NodeWorker from "@effect/platform-node/NodeWorker"
import { Data, Effect, Option } from "effect"
import { startThread } from "../../platform/worker.ts"
import type { Answer, CoverageResult, CoverageTask } from "../validation/coverage.ts"
import { coverageOf, coverageSettings, SOUND_SHARES } from "../validation/coverage.ts"
import { alignColumns, jsonOption, note, printResult } from "../../platform/terminal/output.ts"
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
      const macros = Option.getOrElse(asked, () => usualMacros)
      const workers = yield* workersFrom(options.workers)
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
  "Student t: 8 replications from an empty system, the warm-up cut by MSER-5, p99 from sketches within 0.8%; too short are 2,000 customers instead of 200,000.",
  "Order statistics are sound for independent values, and not for those of one run, which depend on each other.",
].join("\n")

/**
 * `evenkeel compare`: a scenario as it is, and with some settings changed, under common random
 * numbers; and which metrics the change moved.
 */
import { Effect, Option, Ref } from "effect"
import type { Comparison, MetricComparison } from "../experiment/comparison.ts"
import { compareRuns, FAMILY_ERROR } from "../experiment/comparison.ts"
import type { Finished } from "../recording/replicated.ts"
import type { RunOptions } from "../experiment/experiment.ts"
import { runExperiment } from "../experiment/experiment.ts"
import type { Plan } from "../experiment/plan.ts"
import { makePlan } from "../experiment/plan.ts"
import { summarise } from "../summary/summary.ts"
import { layerThreads } from "../experiment/replicators.ts"
import type { RunResult } from "../results/models/run-model.ts"
import { loadScenario } from "../scenarios/load.ts"
import { sayBoth, withSettings } from "../settings/settings.ts"
import { CheckFailed } from "./execution/check-failed.ts"
import {
  alignColumns,
  jsonOption,
  note,
  printable,
  printResult,
} from "../../platform/terminal/output.ts"
import { makeProgress } from "./execution/progress.ts"
import {
  commandAgain,
  replicationsFrom,
  replicationsOption,
  scenarioArgument,
  seedOption,
  workersFrom,
  workersOption,
} from "./options/run-options.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const setOption = Parameter.repeated(
  Parameter.text(
    "set",
    "PATH=VALUE",
    "One setting in which the variant differs, such as economy.feeBps=1000; at least one. May be repeated.",
  ),
)
const bothOption = Parameter.repeated(
  Parameter.text(
    "both",
    "PATH=VALUE",
    "One setting of baseline and variant alike, such as horizonDays=2. May be repeated.",
  ),
)

const leastReplications = 2

export const compareCommand = Command.make({
  parameters: {
    scenario: scenarioArgument,
    set: setOption,
    both: bothOption,
    seed: seedOption,
    replications: replicationsOption,
    workers: workersOption,
    json: jsonOption,
  },
  run: ({ scenario: name, set, both, ...options }) =>
    Effect.gen(function* () {
      if (set.length === 0)
        return yield* new UsageError({
          argument: "--set",
          allowed: "must be given at least once: it says in what the variant differs",
        })
      const workers = yield* workersFrom(options.workers)
      const asked = yield* replicationsFrom(options.replications, leastReplications)
      const scenario = yield* loadScenario(name, both).pipe(Effect.mapError(sayBoth))
      const replications = Option.getOrElse(asked, () => scenario.replications)
      if (replications < leastReplications)
        return yield* new UsageError({
          argument: `${name}, which asks for ${replications} replication`,
          allowed: `a comparison needs ${leastReplications} or more; give --replications`,
        })
      // The replications of both sides are kept until the end.
      const needed = { replications: 2 * replications }
      const baseline = yield* makePlan(name, both, workers, needed).pipe(
        Effect.catchTag("ScenarioInvalid", (error) => Effect.fail(sayBoth(error))),
      )
      const variant = yield* makePlan(name, withSettings(both, set), workers, needed)
      yield* refuseUnpaired(baseline, variant)
      const seed = Option.getOrElse(options.seed, () => scenario.seed)
      const command = commandAgain("compare", { scenario: name, seed, replications }, [
        ["--both", both],
        ["--set", set],
      ])

      const began = performance.now()
      const runs = yield* runSides(
        { baseline, variant },
        { replications, seed, command, isChecked: false },
        workers,
      )
      const comparison = compareRuns(runs.baseline, runs.variant)
      const document = {
        scenario: runs.baseline.scenario,
        seed,
        replications,
        both,
        set,
        command,
        digestBaseline: runs.baseline.digest,
        digestVariant: runs.variant.digest,
        wallSeconds: (performance.now() - began) / 1000,
        familyError: FAMILY_ERROR,
        ...comparison,
      }
      yield* printResult(options.json, document, () =>
        [
          comparisonText(comparison),
          "",
          alignColumns([
            ["digests", `${document.digestBaseline} and ${document.digestVariant}`],
            ["again", printable(command)],
          ]),
        ].join("\n"),
      )
      const failed = Object.entries(runs).flatMap(([side, { checks }]) =>
        Object.entries(checks).flatMap(([check, { ok }]) => (ok ? [] : [`${check} (${side})`])),
      )
      if (failed.length > 0) return yield* new CheckFailed({ names: failed })
    }),
})

/** What makes replications a pair is no setting of one side. */
const refuseUnpaired = (baseline: Plan, variant: Plan) => {
  const key = (["seed", "replications"] as const).find(
    (one) => baseline.scenario[one] !== variant.scenario[one],
  )
  return key === undefined
    ? Effect.void
    : new UsageError({
        argument: `--set ${key}`,
        allowed: `baseline and variant share it, or nothing pairs them; give --${key}`,
      })
}

type Sides<A> = Readonly<Record<"baseline" | "variant", A>>

/** Runs the baseline, then the variant, on the same threads, and sums both up over the same time. */
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
        const result = yield* runExperiment(plan, { ...options, onProgress }, finished)
        return { plan, result, finished: yield* Ref.get(finished) }
      })
    const run = Effect.gen(function* () {
      yield* progress.update(0, 0)
      const baseline = yield* runSide(plans.baseline, 0)
      return { baseline, variant: yield* runSide(plans.variant, 1) }
    })
    const { baseline, variant } = yield* run.pipe(
      Effect.provide(layerThreads(Math.min(workers, replications))),
      Effect.ensuring(progress.end),
      Effect.onError(() => note("Stopped: a comparison keeps nothing before it is whole.")),
    )
    // Found from each side's own requests in flight, the warm-ups may differ: the longer one is cut.
    const warmups = [baseline, variant].map(({ result }) => result.warmupSeconds)
    if (warmups[0] === warmups[1]) return { baseline: baseline.result, variant: variant.result }
    const warmupDays = Math.max(...warmups) / 86_400
    const again = ({ plan, result, finished }: typeof baseline) =>
      summarise({ ...plan.scenario, warmupDays }, finished, options, result.wallSeconds)
    return { baseline: again(baseline), variant: again(variant) }
  })

/** So many metrics are shown where none moved: those with most evidence that they did. */
const nearestShown = 5

/** What moved, the surest first; what did not, in a line. */
const comparisonText = ({ metrics, missing }: Comparison): string => {
  const all = Object.entries(metrics)
  const byEvidence = all.toSorted(([, a], [, b]) => (a.p ?? 1) - (b.p ?? 1))
  const moved = byEvidence.filter(([, metric]) => hasMoved(metric))
  const shown =
    moved.length > 0 ? moved : byEvidence.filter(([, { p }]) => p !== 1).slice(0, nearestShown)
  const absent = Object.entries(missing).map(([name, where]) => `${name} (no ${where})`)
  return [
    ...(shown.length === 0 ? [] : [tableOf(shown), ""]),
    ...summaryOf(all.map(([, metric]) => metric)),
    ...(shown.length === 0 ? [] : [legend]),
    ...(absent.length === 0 ? [] : [printable(`Not compared: ${absent.join(", ")}.`)]),
  ].join("\n")
}

const hasMoved = ({ verdict }: MetricComparison): boolean =>
  verdict === "higher" || verdict === "lower"

/** How many moved, of those that were tested and of those that chance had no part in. */
const summaryOf = (all: ReadonlyArray<MetricComparison>): ReadonlyArray<string> => {
  const count = (is: (metric: MetricComparison) => boolean) => all.filter(is).length
  const tested = count(({ basis }) => basis === "test")
  const movedByTest = count((one) => hasMoved(one) && one.basis === "test")
  const exact = count(({ basis }) => basis === "exact")
  const identical = count(({ verdict }) => verdict === "identical")
  const unshown = count(({ verdict }) => verdict === "no difference shown")
  return [
    `${movedByTest + exact} of ${all.length} metrics moved; ${unshown} showed no difference; ${identical} were identical in every replication.`,
    ...(tested === 0
      ? []
      : [
          `Of ${tested} that chance has a part in, ${movedByTest} moved, at a ${100 * FAMILY_ERROR}% risk of any false verdict among them.`,
        ]),
    ...(exact === 0 ? [] : [`${exact} moved exactly: by the same in every replication.`]),
  ]
}

const legend =
  "95%: the half-width of each difference's own interval. p: adjusted for all metrics that were tested (Holm); exact: the same difference in every replication. saved: how many times smaller common random numbers made the difference's variance."

const tableOf = (rows: ReadonlyArray<readonly [string, MetricComparison]>): string =>
  alignColumns([
    [
      "metric",
      "verdict",
      "baseline",
      "variant",
      "difference",
      "95%",
      "relative",
      "p",
      "saved",
      "unit",
    ],
    ...rows.map(([name, metric]) => rowOf(name, metric)),
  ])

const rowOf = (name: string, metric: MetricComparison): ReadonlyArray<string> => [
  printable(name),
  metric.verdict,
  rounded(metric.baseline, 5),
  rounded(metric.variant, 5),
  rounded(metric.difference, 3),
  metric.halfWidth === null ? "" : `± ${rounded(metric.halfWidth, 2)}`,
  metric.relative === null ? "" : `${rounded(100 * metric.relative, 3)}%`,
  metric.basis === "exact" ? "exact" : metric.pHolm === null ? "" : pText(metric.pHolm),
  metric.varianceReduction === null ? "" : `${rounded(metric.varianceReduction, 3)}×`,
  metric.unit,
]

const rounded = (value: number, digits: number): string => String(Number(value.toPrecision(digits)))

const pText = (p: number): string => (p < 0.0001 ? "<0.0001" : rounded(p, 2))

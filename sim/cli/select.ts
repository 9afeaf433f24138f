/**
 * `evenkeel select`: which of several options of a scenario is best by a metric, with a stated
 * probability of a correct selection.
 */
import { Effect, Option } from "effect"
import { makePlan } from "../experiment/plan.ts"
import { metricFactsOf } from "../metrics/of-replication.ts"
import { layerThreads } from "../experiment/replicators.ts"
import { loadScenario } from "../scenarios/load.ts"
import { ScenarioInvalid } from "../settings/scenario-error.ts"
import type { PolicyOutcome, SelectionOutcome } from "../experiment/selection.ts"
import { selectPolicy } from "../experiment/selection.ts"
import { CheckFailed } from "./execution/check-failed.ts"
import { sayBoth, withSettings } from "../settings/settings.ts"
import {
  alignColumns,
  jsonOption,
  note,
  printable,
  printResult,
} from "../../platform/terminal/output.ts"
import { metricFrom } from "./options/metric-options.ts"
import { makeProgress } from "./execution/progress.ts"
import {
  commandAgain,
  maxReplications,
  numberFrom,
  replicationsFrom,
  scenarioArgument,
  seedOption,
  workersFrom,
  workersOption,
} from "./options/run-options.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const optionOption = Parameter.repeated(
  Parameter.text(
    "option",
    "PATH=VALUE,…",
    "The settings of one option, such as economy.feeBps=1000,operators.chaserShare=0.2, or as-is for none; at least two options. May be repeated.",
  ),
)
const bothOption = Parameter.repeated(
  Parameter.text(
    "both",
    "PATH=VALUE",
    "One setting that all options share, such as horizonDays=2. May be repeated.",
  ),
)
const metricOption = Parameter.text(
  "metric",
  "METRIC",
  "The metric to judge by, such as credits.platformPerDay.",
)
const lowestOption = Parameter.flag(
  "lowest",
  "The lowest mean is the best; by default the highest is.",
)
const indifferenceOption = Parameter.text(
  "indifference",
  "SIZE",
  "The least difference that matters, in the metric's unit. The smaller, the more replications.",
)
const confidenceOption = Parameter.withDefault(
  Parameter.text(
    "confidence",
    "PERCENT",
    "The probability of a correct selection; 95% by default.",
  ),
  "95%",
)
const firstStageOption = Parameter.optional(
  Parameter.text(
    "replications",
    "N",
    "Replications of every option in the first stage, 2 or more; 10 by default.",
  ),
)
const mostOption = Parameter.optional(
  Parameter.text(
    "max-replications",
    "N",
    "Where it gives up, replications of an option; 200 by default.",
  ),
)

const usualFirstStage = 10
const usualMost = 200
const unchanged = "as-is"

export const selectCommand = Command.make({
  parameters: {
    scenario: scenarioArgument,
    metric: metricOption,
    lowest: lowestOption,
    option: optionOption,
    both: bothOption,
    indifference: indifferenceOption,
    confidence: confidenceOption,
    replications: firstStageOption,
    maxReplications: mostOption,
    seed: seedOption,
    workers: workersOption,
    json: jsonOption,
  },
  run: ({ scenario: name, both, ...options }) =>
    Effect.gen(function* () {
      const names = options.option.map((text) => text.trim())
      yield* checkOptions(names)
      const level = yield* levelFrom(options.confidence, names.length)
      const indifference = yield* indifferenceFrom(options.indifference)
      const workers = yield* workersFrom(options.workers)
      const firstStage = Option.getOrElse(
        yield* replicationsFrom(options.replications, 2),
        () => usualFirstStage,
      )
      const mostReplications = Option.getOrElse(
        yield* numberFrom("max-replications", options.maxReplications, firstStage, maxReplications),
        () => Math.max(usualMost, firstStage),
      )
      const base = yield* loadScenario(name, both).pipe(Effect.mapError(sayBoth))
      // Only the first stage is kept as a whole: from then on a replication is one figure.
      const needed = { replications: names.length * firstStage }
      const policies = yield* Effect.forEach(names, (text) =>
        makePlan(name, withSettings(both, settingsOf(text)), workers, needed).pipe(
          Effect.catchTag("ScenarioInvalid", (error) => Effect.fail(sayOption(error, text))),
          Effect.map((plan) => ({ name: text, plan })),
        ),
      )
      const metric = options.metric
      yield* Effect.forEach(policies, ({ name: text, plan }) =>
        metricFrom(plan.scenario, `--metric ${metric} with --option ${text}`, metric),
      )
      const { unit, meaning } = metricFactsOf(policies[0].plan.scenario)[metric]
      const seed = Option.getOrElse(options.seed, () => base.seed)
      const command = [
        commandAgain("select", { scenario: name, seed, replications: firstStage }, [
          ["--max-replications", [String(mostReplications)]],
          ["--metric", [metric]],
          ["--indifference", [options.indifference]],
          ["--confidence", [options.confidence]],
          ["--both", both],
          ["--option", names],
        ]),
        ...(options.lowest ? ["--lowest"] : []),
      ].join(" ")

      const began = performance.now()
      const progress = yield* makeProgress(names.length * mostReplications, process.stderr, {
        noun: "replications at most",
      })
      const outcome = yield* selectPolicy(policies, {
        metric,
        isLowestBest: options.lowest,
        rule: { level, indifference, firstStage },
        mostReplications,
        seed,
        onProgress: (done) => progress.update(done / (names.length * mostReplications), done),
      }).pipe(
        Effect.provide(layerThreads(Math.min(workers, names.length * firstStage))),
        Effect.ensuring(progress.end),
        Effect.onError(() => note("Stopped: a selection keeps nothing before it is made.")),
      )
      const facts = {
        metric,
        unit,
        isLowestBest: options.lowest,
        level,
        indifference,
        mostReplications,
      }
      const { failedChecks, ...selected } = outcome
      const document = {
        scenario: base.name,
        seed,
        both,
        ...facts,
        meaning,
        firstStage,
        ...selected,
        statement: statementOf(outcome, facts),
        command,
        wallSeconds: (performance.now() - began) / 1000,
      }
      yield* printResult(options.json, document, () =>
        [
          tableOf(outcome.policies, outcome.best, unit),
          "",
          printable(document.statement),
          legend,
          "",
          alignColumns([["again", printable(command)]]),
        ].join("\n"),
      )
      if (failedChecks.length > 0) return yield* new CheckFailed({ names: failedChecks })
    }),
})

/** Commas part settings where another PATH= follows; any other comma belongs to a value. */
const settingsOf = (text: string): ReadonlyArray<string> =>
  text === unchanged ? [] : text.split(/,(?=\s*[\w.-]+\s*=)/).map((one) => one.trim())

const checkOptions = (names: ReadonlyArray<string>) => {
  const refuse = (argument: string, allowed: string) => new UsageError({ argument, allowed })
  if (names.length < 2)
    return refuse("--option", "must be given at least twice: it takes two to choose between")
  const twice = names.find((one, at) => names.indexOf(one) !== at)
  if (twice !== undefined) return refuse(`--option ${twice}`, "is given twice")
  const paths = (text: string) => settingsOf(text).map((one) => one.split("=")[0].trim())
  for (const text of names)
    for (const key of ["seed", "replications"])
      if (paths(text).includes(key))
        return refuse(
          `--option ${text}`,
          `${key} is shared by all options, or nothing pairs their replications; give --${key}`,
        )
  return Effect.void
}

/** The same mistake, under the name of the option that it was made in. */
const sayOption = (error: ScenarioInvalid, text: string): ScenarioInvalid =>
  new ScenarioInvalid({
    source: error.source.startsWith("--set ")
      ? `--option ${text}`
      : error.source.replace(/ with --set$/, ` with --option ${text}`),
    issues: error.issues,
  })

const levelFrom = (text: string, options: number) => {
  const percent = /^(\d*\.?\d+)%$/.exec(text)
  const level = percent === null ? Number.NaN : Number(percent[1]) / 100
  return level > 1 / options && level < 1
    ? Effect.succeed(level)
    : new UsageError({
        argument: `--confidence ${text}`,
        allowed: `expected a percentage such as 95%, above ${rounded(100 / options, 3)}% (what a guess among ${options} has) and below 100%`,
      })
}

const indifferenceFrom = (text: string) => {
  const size = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN
  return size > 0
    ? Effect.succeed(size)
    : new UsageError({
        argument: `--indifference ${text}`,
        allowed: "expected a plain decimal above 0, in the unit of the metric",
      })
}

interface Facts {
  readonly metric: string
  readonly unit: string
  readonly isLowestBest: boolean
  readonly level: number
  readonly indifference: number
  readonly mostReplications: number
}

/** What the outcome says, and with what probability it is right. */
const statementOf = (
  { best, endsBy, policies }: SelectionOutcome,
  { metric, unit, isLowestBest, level, indifference, mostReplications }: Facts,
): string => {
  const superlative = isLowestBest ? "lowest" : "highest"
  const chance = `${rounded(100 * level, 6)}%`
  if (best !== null)
    return `Selected: ${best}. Where one option has the ${superlative} ${metric} by ${indifference} ${unit} or more, the procedure selects it with a probability of ${chance} at least.`
  const left = policies.filter(({ eliminatedAt }) => eliminatedAt === null)
  return `Nothing selected: after ${mostReplications} replications ${left.map(({ name }) => name).join("; ")} are left. A selection with a probability of ${chance} takes ${endsBy} replications at the most (--max-replications), or a larger --indifference.`
}

const legend =
  "95%: the half-width of each mean's own interval. n: replications used, under common random numbers (procedure KN of Kim and Nelson, 2001)."

const tableOf = (
  policies: ReadonlyArray<PolicyOutcome>,
  best: string | null,
  unit: string,
): string =>
  alignColumns([
    ["option", "mean", "95%", "unit", "n", "outcome"],
    ...policies.map(({ name, mean, halfWidth, n, eliminatedAt, eliminatedBy }) => [
      printable(name),
      rounded(mean, 5),
      halfWidth === null ? "" : `± ${rounded(halfWidth, 2)}`,
      unit,
      String(n),
      name === best
        ? "selected"
        : eliminatedAt === null
          ? "left"
          : `eliminated at ${eliminatedAt} by ${printable(eliminatedBy ?? "")}`,
    ]),
  ])

const rounded = (value: number, digits: number): string => String(Number(value.toPrecision(digits)))

/** `--precision` and `--max-replications`: how precise a run has to be, and what it reached. */
import { Effect, Option } from "effect"
import type { MetricTarget, PrecisionGoal, PrecisionReport } from "../../experiment/precision.ts"
import type { Estimate } from "../../results/models/run-model.ts"
import type { Scenario } from "../../scenarios/schema.ts"
import { LEAST_REPLICATIONS } from "../../statistics/inference/sequential-stopping.ts"
import { alignColumns, printable } from "../../../platform/terminal/output.ts"
import { metricFrom } from "./metric-options.ts"
import { maxReplications, numberFrom } from "./run-options.ts"
import { UsageError } from "../../../platform/terminal/usage-error.ts"
import * as Parameter from "../../../platform/terminal/parameter.ts"

export const precisionOption = Parameter.repeated(
  Parameter.text(
    "precision",
    "METRIC=SIZE",
    "Run until the 95% half-width of a metric is at most 1% of its mean (ttft.p99=1%) or 0.05 of its unit (ttft.p99=0.05) and stays so, never fewer than --replications. May be repeated; all must hold at once.",
  ),
)
export const maxReplicationsOption = Parameter.optional(
  Parameter.text("max-replications", "N", "Where --precision gives up; 100 by default."),
)

const usualMost = 100

const targetFrom = (scenario: Scenario, text: string): Effect.Effect<MetricTarget, UsageError> => {
  const argument = `--precision ${text}`
  const at = text.lastIndexOf("=")
  const size = /^(\d*\.?\d+)(%?)$/.exec(text.slice(at + 1).trim())
  const halfWidth = size === null ? 0 : Number(size[1])
  if (at < 1 || size === null || !(halfWidth > 0))
    return new UsageError({
      argument,
      allowed:
        "expected METRIC=SIZE with a size above 0, such as ttft.p99=1% or, in the metric's unit, ttft.p99=0.05",
    })
  const isRelative = size[2] === "%"
  return Effect.map(metricFrom(scenario, argument, text.slice(0, at).trim()), (metric) => ({
    metric,
    isRelative,
    halfWidth: isRelative ? halfWidth / 100 : halfWidth,
  }))
}

/** The goal that the options state; `null`: none. `fewest` is the number of `--replications`. */
export const precisionFrom = (
  scenario: Scenario,
  fewest: number,
  options: {
    readonly precision: ReadonlyArray<string>
    readonly maxReplications: Option.Option<string>
  },
): Effect.Effect<PrecisionGoal | null, UsageError> =>
  Effect.gen(function* () {
    const least = Math.max(LEAST_REPLICATIONS, fewest)
    const most = yield* numberFrom("max-replications", options.maxReplications, 1, maxReplications)
    if (options.precision.length === 0) {
      if (Option.isSome(most))
        return yield* new UsageError({
          argument: "--max-replications",
          allowed:
            "is the cap of --precision, which is not given; --replications sets their number",
        })
      return null
    }
    if (Option.isSome(most) && most.value < least)
      return yield* new UsageError({
        argument: `--max-replications ${most.value}`,
        allowed: `must be ${least} or more: --precision begins with ${least} replications, those of --replications and no fewer than ${LEAST_REPLICATIONS}`,
      })
    const targets = yield* Effect.forEach(options.precision, (text) => targetFrom(scenario, text))
    return { targets, least, most: Option.getOrElse(most, () => Math.max(usualMost, least)) }
  })

/** What was reached, target by target, and how it ended. */
export const precisionText = (
  { isReached, replications, mostReplications, targets }: PrecisionReport,
  metrics: Readonly<Record<string, Estimate>>,
): string => {
  const since = Math.max(...targets.map(({ metSince }) => metSince ?? 0))
  return [
    alignColumns([
      ["precision of", "target", "reached", "met since"],
      ...targets.map(({ metric, isRelative, target, precision, metSince }) => {
        const unit = printable(metrics[metric]?.unit ?? "")
        const sizeOf = (size: number) =>
          isRelative ? `${rounded(100 * size)}%` : `${rounded(size)} ${unit}`
        return [
          printable(metric),
          `± ${sizeOf(target)}`,
          precision === null ? whyNone(metrics[metric]) : `± ${sizeOf(precision)}`,
          metSince === null ? "not met" : `${metSince} replications`,
        ]
      }),
    ]),
    isReached
      ? `All targets were met after ${since} replications, and stayed so up to ${replications}.`
      : `The cap of ${mostReplications} replications came before all targets were met and stayed so${neededText(targets, replications)}; a higher --max-replications goes on.`,
  ].join("\n")
}

/** Why there is no precision. */
const whyNone = (metric: Estimate | undefined): string =>
  metric?.basis === "same" ? "has not varied yet" : "no interval"

/** Half-widths shrink as 1 ÷ √n: a rough guess of how many would do. */
const neededText = (targets: PrecisionReport["targets"], replications: number): string => {
  const ratio = Math.max(
    ...targets.map(({ precision, target }) => (precision === null ? Infinity : precision / target)),
  )
  if (!(ratio > 1 && ratio < Infinity)) return ""
  return ` (about ${rounded(Math.ceil(replications * ratio * ratio))} might do)`
}

const rounded = (value: number): string => String(Number(value.toPrecision(3)))

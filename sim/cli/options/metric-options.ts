/** Metrics by the names that a user gives: one, or a pattern such as profit.*, of those that a scenario has. */
import { Effect } from "effect"
import type { PrimaryMetric } from "../../experiment/comparison.ts"
import { metricFactsOf } from "../../metrics/of-replication.ts"
import type { Scenario } from "../../scenarios/schema.ts"
import { closest } from "../../../platform/terminal/closest.ts"
import { UsageError } from "../../../platform/terminal/usage-error.ts"

/** The metric's own name, or what there is instead. */
export const metricFrom = (
  scenario: Scenario,
  argument: string,
  name: string,
): Effect.Effect<string, UsageError> => {
  const names = Object.keys(metricFactsOf(scenario))
  return names.includes(name) ? Effect.succeed(name) : unknownMetric(names, argument, name)
}

/** The metrics whose names match a pattern, in which * stands for anything; at least one. */
export const metricsMatching = (
  names: ReadonlyArray<string>,
  argument: string,
  pattern: string,
): Effect.Effect<ReadonlyArray<string>, UsageError> => {
  const expression = new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  )
  const found = names.filter((name) => expression.test(name))
  return found.length > 0 ? Effect.succeed(found) : unknownMetric(names, argument, pattern)
}

/** Names the nearest, or those of the same family; all are listed by `evenkeel metrics`. */
const unknownMetric = (names: ReadonlyArray<string>, argument: string, name: string) => {
  const family = names.filter((one) => one.split(".")[0] === name.split(".")[0])
  const near = closest(name, names)
  const instead =
    near !== undefined
      ? `; did you mean ${near}?`
      : family.length > 0
        ? `; of its kind it has ${family.join(", ")}`
        : ""
  return new UsageError({
    argument,
    allowed: `the scenario has no metric ${name}${instead}${instead.endsWith("?") ? "" : "."} npx evenkeel metrics lists all`,
  })
}

/** `NAME[=SIZE]`: metrics that a comparison is about, and the smallest differences that matter. */
export const primaryMetrics = (
  names: ReadonlyArray<string>,
  texts: ReadonlyArray<string>,
): Effect.Effect<ReadonlyArray<PrimaryMetric>, UsageError> =>
  Effect.map(
    Effect.forEach(texts, (text) => primaryFrom(names, text)),
    (found) => found.flat(),
  )

const primaryFrom = (names: ReadonlyArray<string>, text: string) =>
  Effect.gen(function* () {
    const argument = `--metric ${text}`
    const at = text.lastIndexOf("=")
    const pattern = at < 0 ? text : text.slice(0, at)
    const size = at < 0 ? null : /^(\d*\.?\d+)(%?)$/.exec(text.slice(at + 1).trim())
    if (at >= 0 && size === null)
      return yield* new UsageError({
        argument,
        allowed: "expected NAME or NAME=SIZE, such as profit.consumer=2% or ttft.p99=0.05",
      })
    const metrics = yield* metricsMatching(names, argument, pattern.trim())
    const isRelative = size?.[2] === "%"
    return metrics.map((metric): PrimaryMetric =>
      size === null
        ? { metric }
        : { metric, smallest: { size: Number(size[1]) / (isRelative ? 100 : 1), isRelative } },
    )
  })

/** `evenkeel metrics`: what a run measures, and what each figure means. */
import { Effect, Option } from "effect"
import { metricFactsOf } from "../metrics/of-replication.ts"
import { measureText } from "../metrics/measure-text.ts"
import type { MetricFacts } from "../results/models/metric-facts.ts"
import { groupTitles, metricGroups } from "../results/models/metric-facts.ts"
import { loadScenario } from "../scenarios/load.ts"
import { jsonOption, printable, printResult } from "../../platform/terminal/output.ts"
import { wrapped } from "../../platform/terminal/wrap.ts"
import { metricsMatching } from "./options/metric-options.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const scenarioOption = Parameter.withDefault(
  Parameter.text(
    "scenario",
    "SCENARIO",
    "The scenario whose metrics are listed: models and parties have their own. quickstart by default.",
  ),
  "quickstart",
)
const patternOption = Parameter.optional(
  Parameter.text(
    "only",
    "PATTERN",
    "Only metrics whose names match, such as profit.* or ttft.p99.",
  ),
)

export const metricsCommand = Command.make({
  parameters: { scenario: scenarioOption, only: patternOption, json: jsonOption },
  run: ({ scenario: name, only, json }) =>
    Effect.gen(function* () {
      const facts = metricFactsOf(yield* loadScenario(name, []))
      const names = Option.isNone(only)
        ? Object.keys(facts)
        : yield* metricsMatching(Object.keys(facts), `--only ${only.value}`, only.value)
      const shown = Object.fromEntries(names.map((one) => [one, facts[one]]))
      yield* printResult(json, { scenario: name, metrics: shown }, () => glossaryText(shown))
    }),
})

const lineWidth = 98

const glossaryText = (facts: Readonly<Record<string, MetricFacts>>): string =>
  metricGroups
    .flatMap((group) => {
      const own = Object.entries(facts).filter(([, { group: its }]) => its === group)
      return own.length === 0
        ? []
        : [[groupTitles[group], ...own.map(([name, its]) => entryText(name, its))].join("\n\n")]
    })
    .join("\n\n\n")

const entryText = (name: string, facts: MetricFacts): string =>
  printable(
    [
      `  ${name}`,
      `    ${wrapped(`${facts.meaning}.`, lineWidth, 4)}`,
      `    ${wrapped(measureText(facts), lineWidth, 4)}`,
    ].join("\n"),
  )

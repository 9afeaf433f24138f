/** What a sweep found, in a few lines of the terminal. */
import {
  changeText,
  countSentence,
  fewReplications,
  placeText,
} from "../../results/models/effect-words.ts"
import type { MainEffects } from "../../results/models/main-effects.ts"
import { mainEffects, movingMetrics } from "../../results/models/main-effects.ts"
import type { SweepResult } from "../../results/models/sweep-model.ts"
import { alignColumns } from "../../../platform/terminal/output.ts"

/** Metrics that are named of each factor. */
const mostNamed = 5

export const findingsText = (result: SweepResult): ReadonlyArray<string> => {
  const effects = mainEffects(result)
  if (effects.length === 0)
    return [
      "Where settings vary together no change is one setting's: evenkeel sensitivity tells which of them matter.",
    ]
  const few = fewReplications(result.definition.replications)
  return [...effects.flatMap((own) => factorLines(own, result)), ...(few === "" ? [] : [few])]
}

const factorLines = (own: MainEffects, { metrics }: SweepResult): ReadonlyArray<string> => {
  const moving = movingMetrics(own)
  const rows = moving
    .slice(0, mostNamed)
    .map(({ metric, most }) => [
      `  ${metric}`,
      changeText(most, metrics[metric].unit),
      placeText(own.factor, most.from, most.to),
    ])
  return [
    countSentence(own),
    ...(rows.length === 0 ? [] : [alignColumns(rows)]),
    ...(moving.length > mostNamed
      ? [`  and ${moving.length - mostNamed} more, in the report`]
      : []),
  ]
}

/** What each factor of a grid moves: a sentence, a table of the changes it makes, and the names of the rest. */
import {
  changeText,
  countSentence,
  fewReplications,
  levelText,
} from "../../sim/results/models/effect-words.ts"
import type { Contrast, MainEffects } from "../../sim/results/models/main-effects.ts"
import { isShown, movingMetrics } from "../../sim/results/models/main-effects.ts"
import type { SweepResult } from "../../sim/results/models/sweep-model.ts"
import type { Html } from "../markup.ts"
import { joined, markup, nothing } from "../markup.ts"
import { breakable } from "../page.ts"

/** More steps than these are too many columns. */
const mostSteps = 5

export const effectsSection = (result: SweepResult, effects: ReadonlyArray<MainEffects>): Html => {
  if (effects.length === 0) return nothing
  const few = fewReplications(result.definition.replications)
  return markup`<section aria-labelledby="effects">
<h2 id="effects">What moves what</h2>
<p>Changes of the mean from one value of a setting to the next, over all values of the others. All points share their random numbers, so changes are taken replication by replication, with 95% Student-t intervals. ${few}</p>
${effects.map((own) => factorEffects(result, own))}
</section>`
}

const factorEffects = (result: SweepResult, own: MainEffects): Html => {
  const moving = movingMetrics(own)
  return markup`<h3>${breakable(own.factor)}</h3>
<p>${countSentence(own)}.</p>
${moving.length === 0 ? nothing : changesTable(result, own)}
${namesOf("Differ by less than matters", own, "negligible", result)}
${namesOf("Differ by no more than chance may", own, "not shown", result)}
${namesOf("Identical at every value", own, "identical", result)}`
}

const changesTable = ({ metrics }: SweepResult, own: MainEffects): Html => {
  const { factor, levels } = own
  const isWide = levels.length - 1 > mostSteps
  const caption = `What ${factor} moves. Bold: told from chance, for the primary metrics together and for all others together (Holm, 5%).`
  const columns = isWide
    ? ["Greatest change", "Where"]
    : levels.slice(1).map((to, before) => `${levelText(levels[before])} → ${levelText(to)}`)
  const rows = movingMetrics(own).map(({ metric, steps, most }) => {
    const { unit } = metrics[metric]
    const cells = isWide
      ? [cell(most, unit), markup`<td>${levelText(most.from)} → ${levelText(most.to)}</td>`]
      : steps.map((step) => cell(step, unit))
    return markup`<tr><th scope="row">${metrics[metric].label}<span class="meaning">${breakable(metric)}</span></th>${joined(cells, "")}</tr>`
  })
  return markup`<div class="wide" tabindex="0" role="region" aria-label="What ${factor} moves"><table>
<caption>${caption}</caption>
<thead><tr><th scope="col">Metric</th>${joined(
    columns.map((text) => markup`<th scope="col" class="number">${text}</th>`),
    "",
  )}</tr></thead>
<tbody>
${rows}
</tbody></table></div>`
}

const cell = (contrast: Contrast, unit: string): Html => {
  const text = changeText(contrast, unit)
  return markup`<td class="number">${isShown(contrast) ? markup`<strong>${text}</strong>` : text}</td>`
}

const namesOf = (
  title: string,
  { metrics }: MainEffects,
  asked: MainEffects["metrics"][number]["effect"],
  result: SweepResult,
): Html => {
  const names = metrics.filter(({ effect }) => effect === asked).map(({ metric }) => metric)
  return names.length === 0
    ? nothing
    : markup`<details><summary>${title}: ${String(names.length)} metrics</summary><p>${names
        .map((name) => `${result.metrics[name].label} (${name})`)
        .join("; ")}.</p></details>`
}

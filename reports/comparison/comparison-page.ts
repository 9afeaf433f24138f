/** A comparison as one HTML file. */
import { groupTitles, metricGroups } from "../../sim/results/models/metric-facts.ts"
import type {
  ComparisonResult,
  MetricComparison,
} from "../../sim/results/models/comparison-model.ts"
import type { Html } from "../markup.ts"
import { markup } from "../markup.ts"
import { counted, formatDuration } from "../number-format.ts"
import type { PageLibraries } from "../page.ts"
import { breakable, chartSection, pageHtml, provenanceSection, stretchForm } from "../page.ts"
import { daysOf } from "../time-lines.ts"
import { comparisonCharts } from "./comparison-charts.ts"
import {
  differenceText,
  exploratorySummary,
  findings,
  movedOf,
  primaryOf,
  verdictWords,
} from "./difference-text.ts"

/** The whole page. The same comparison and libraries give the same bytes. */
export const comparisonHtml = (result: ComparisonResult, libraries: PageLibraries): string => {
  const { baseline, variant, comparison } = result
  const charts = comparisonCharts(result)
  const days = daysOf(Math.max(baseline.horizonSeconds, variant.horizonSeconds))
  const sections = [
    { id: "differs", title: "What differs", charts: [charts.differs] },
    { id: "courses", title: "Over time", charts: charts.courses },
  ]
  return pageHtml(
    {
      version: baseline.version,
      title: `${result.variantName} against ${result.baselineName}`,
      header: header(result),
      main: [
        stretchForm(days),
        ...sections.map(chartSection),
        tables(result),
        provenanceSection(
          [
            ["Baseline", result.baselineName],
            ["Variant", result.variantName],
            ["Seeds", `${baseline.seed} and ${variant.seed}`],
            ["Digests", `${baseline.digest} and ${variant.digest}`],
            [
              "Replications",
              `${baseline.replications.length} and ${variant.replications.length}${comparison.isPaired ? ", paired" : ", independent"}`,
            ],
          ],
          result.command,
          { heading: "The variant, complete", yaml: variant.scenarioYaml },
        ),
      ],
      charts: sections.flatMap((section) => section.charts),
      days,
    },
    libraries,
  )
}

const header = (result: ComparisonResult): Html => {
  const { baseline, comparison } = result
  const told = findings(result)
  return markup`<header>
<h1>${result.variantName} against ${result.baselineName}</h1>
<p class="lead">${baseline.title}. ${counted(baseline.replications.length, "replication")} of ${formatDuration(baseline.horizonSeconds)}, ${comparison.isPaired ? "in pairs that share their random numbers" : "independent of the variant's"}. 1 credit = $${String(baseline.creditUsd)}. <time datetime="${baseline.finishedAt}">${baseline.finishedAt.slice(0, 10)}</time>.</p>
${told.map((text) => markup`<p class="answer">${text}</p>`)}
${told.length === 0 ? markup`<p class="answer">${exploratorySummary(result)}</p>` : markup`<p>${exploratorySummary(result)}</p>`}
<p class="note">p is adjusted for all metrics that were tested together (Holm, 5% for any false verdict among them); metrics that were named beforehand are a family of their own.</p>
</header>`
}

const tables = (result: ComparisonResult): Html => {
  const primary = primaryOf(result)
  const moved = movedOf(result)
  const shown = new Set([...primary, ...moved].map(([name]) => name))
  const rest = Object.entries(result.comparison.metrics).filter(([name]) => !shown.has(name))
  return markup`<section aria-labelledby="metrics">
<h2 id="metrics">Metrics</h2>
${primary.length === 0 ? markup`` : table("Named beforehand", primary, result)}
${moved.length === 0 ? markup`` : table("Moved", moved, result)}
<details><summary>${counted(rest.length, "metric")} that did not move, or not by as much as matters</summary>
${metricGroups.map((group) => {
  const own = rest.filter(([, { group: its }]) => its === group)
  return own.length === 0 ? markup`` : table(groupTitles[group], own, result)
})}
</details>
</section>`
}

const table = (
  caption: string,
  rows: ReadonlyArray<readonly [string, MetricComparison]>,
  { baseline }: ComparisonResult,
): Html => markup`<div class="wide" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr><th scope="col">Metric</th><th scope="col">Verdict</th><th scope="col" class="number">Baseline</th><th scope="col" class="number">Variant</th><th scope="col" class="number">Difference</th><th scope="col" class="number">95% interval</th><th scope="col" class="number">p</th></tr></thead>
<tbody>
${rows.map(([name, metric]) => {
  const text = differenceText(metric, baseline.creditUsd)
  return markup`<tr><th scope="row">${metric.label} <code>${breakable(name)}</code><span class="meaning">${text.unit}</span></th><td class="verdict">${verdictWords[metric.verdict]}</td><td class="number">${text.baseline}</td><td class="number">${text.variant}</td><td class="number">${text.difference}<span class="meaning">${[text.relative, text.usd].filter((one) => one !== "").join("; ")}</span></td><td class="number">${text.interval}</td><td class="number">${text.p}</td></tr>`
})}
</tbody></table></div>`

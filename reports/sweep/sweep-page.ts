/** The pages of a sweep and of a sensitivity analysis: charts, a table of all metrics, provenance. */
import type { Sensitivity } from "../../sim/results/models/sensitivity-model.ts"
import { sweepDigest } from "../../sim/results/export/sweep-export.ts"
import type { SweepDefinition, SweepResult } from "../../sim/results/models/sweep-model.ts"
import type { Chart } from "../chart.ts"
import type { Html } from "../markup.ts"
import { joined, markup, nothing } from "../markup.ts"
import { counted, formatWithUnit, spreadInWords } from "../number-format.ts"
import type { ChartSection, PageLibraries } from "../page.ts"
import { breakable, chartSection, pageHtml, provenanceSection } from "../page.ts"
import type { Response } from "./responses.ts"
import { responsesOf } from "./responses.ts"

const designWords: Readonly<Record<SweepDefinition["design"], string>> = {
  grid: "a grid of all combinations",
  latin: "a Latin hypercube",
  sobol: "a Sobol sequence",
  morris: "trajectories for elementary effects",
  saltelli: "rows for Sobol’ indices",
}

export const sweepHtml = (
  result: SweepResult,
  command: string,
  charts: ReadonlyArray<Chart>,
  libraries: PageLibraries,
): string =>
  definitionPage(
    result.definition,
    sweepDigest(result),
    command,
    [{ id: "responses", title: "What responds", charts }],
    extremesTable(result),
    libraries,
  )

export const sensitivityHtml = (
  sensitivity: Sensitivity,
  command: string,
  charts: ReadonlyArray<Chart>,
  libraries: PageLibraries,
): string =>
  definitionPage(
    sensitivity.definition,
    sensitivity.digest,
    command,
    [{ id: "sensitivity", title: "What matters", charts }],
    nothing,
    libraries,
  )

const definitionPage = (
  definition: SweepDefinition,
  digest: string,
  command: string,
  sections: ReadonlyArray<ChartSection>,
  table: Html,
  libraries: PageLibraries,
): string =>
  pageHtml(
    {
      version: definition.version,
      title: definition.title,
      header: markup`<header>
<h1>${definition.title}</h1>
<p class="lead">Scenario ${definition.scenario} at ${counted(definition.points, "point")} (${designWords[definition.design]}), ${counted(
        definition.replications,
        "replication",
      )} each. What varies: ${joined(
        definition.vary.map((one) => markup`<code>${one}</code>`),
        ", ",
      )}.</p>
</header>`,
      main: [
        markup`<noscript><p class="alarm">The charts of this page are drawn by scripts, which are switched off. The same charts are written beside this file, as pictures in the folder “charts”.</p></noscript>`,
        ...sections.map(chartSection),
        table,
        provenance(definition, digest, command),
      ],
      charts: sections.flatMap(({ charts }) => charts),
      days: 0,
    },
    libraries,
  )

/** Where each metric is lowest and highest. */
const extremesTable = (result: SweepResult): Html => {
  const place = ({ values }: Response): string =>
    result.factors.map((path, at) => `${path} ${values[at]}`).join(", ")
  const cell = (response: Response, unit: string): Html =>
    markup`<td><span>${
      response.spread.low === null
        ? formatWithUnit(response.spread.mean, unit)
        : spreadInWords(response.spread, unit)
    }</span><span class="meaning">${place(response)}</span></td>`
  const rows = Object.entries(result.metrics).flatMap(([name, { unit, meaning }]) => {
    const sorted = responsesOf(result, name).toSorted((a, b) => a.spread.mean - b.spread.mean)
    if (sorted.length === 0) return []
    const heading = markup`<th scope="row">${breakable(name)}<span class="meaning">${meaning}</span></th>`
    return [
      markup`<tr>${heading}${cell(sorted[0], unit)}${cell(sorted[sorted.length - 1], unit)}</tr>`,
    ]
  })
  return markup`<section aria-labelledby="metrics">
<h2 id="metrics">All metrics</h2>
<div class="wide" tabindex="0" role="region" aria-label="All metrics"><table>
<caption>Where each metric is lowest and highest, with 95% intervals over ${counted(result.definition.replications, "replication")}. The extremes of many points are extreme by chance too.</caption>
<thead><tr><th scope="col">Metric</th><th scope="col">Lowest</th><th scope="col">Highest</th></tr></thead>
<tbody>
${rows}
</tbody></table></div>
</section>`
}

const provenance = (definition: SweepDefinition, digest: string, command: string): Html => {
  const facts: ReadonlyArray<readonly [string, string]> = [
    ["Scenario", definition.scenario],
    ["Varies", definition.vary.join(" ")],
    ["Common settings", definition.both.length === 0 ? "none" : definition.both.join(" ")],
    ["Design", designWords[definition.design]],
    ["Points", String(definition.points)],
    ["Replications of each", String(definition.replications)],
    ["Seed", definition.seed],
    ["Evenkeel", definition.version],
    ["Digest of all cells", digest],
  ]
  return provenanceSection(facts, command, {
    heading: "The scenario, but for what varies",
    yaml: definition.scenarioYaml,
  })
}

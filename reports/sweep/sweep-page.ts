/** The pages of a sweep and of a sensitivity analysis: charts, a table of all metrics, provenance. */
import type { Sensitivity } from "../../sim/results/models/sensitivity-model.ts"
import { sweepDigest } from "../../sim/results/export/sweep-export.ts"
import type { SweepDefinition, SweepResult } from "../../sim/results/models/sweep-model.ts"
import type { Chart } from "../chart.ts"
import { escapeHtml } from "../escape.ts"
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
  charts: ReadonlyArray<Chart>,
  libraries: PageLibraries,
): string =>
  definitionPage(
    result.definition,
    sweepDigest(result),
    [{ id: "responses", title: "What responds", charts }],
    extremesTable(result),
    libraries,
  )

export const sensitivityHtml = (
  sensitivity: Sensitivity,
  charts: ReadonlyArray<Chart>,
  libraries: PageLibraries,
): string =>
  definitionPage(
    sensitivity.definition,
    sensitivity.digest,
    [{ id: "sensitivity", title: "What matters", charts }],
    "",
    libraries,
  )

const definitionPage = (
  definition: SweepDefinition,
  digest: string,
  sections: ReadonlyArray<ChartSection>,
  table: string,
  libraries: PageLibraries,
): string =>
  pageHtml(
    {
      version: definition.version,
      title: definition.title,
      header: `<header>
<h1>${escapeHtml(definition.title)}</h1>
<p class="lead">Scenario ${escapeHtml(definition.scenario)} at ${counted(definition.points, "point")} (${designWords[definition.design]}), ${counted(
        definition.replications,
        "replication",
      )} each. What varies: ${definition.vary.map((one) => `<code>${escapeHtml(one)}</code>`).join(", ")}.</p>
</header>`,
      main: [
        `<noscript><p class="alarm">The charts of this page are drawn by scripts, which are switched off. The same charts are written beside this file, as pictures in the folder “charts”.</p></noscript>`,
        ...sections.map(chartSection),
        table,
        provenance(definition, digest),
      ].join("\n"),
      charts: sections.flatMap(({ charts }) => charts),
      days: 0,
    },
    libraries,
  )

/** Where each metric is lowest and highest. */
const extremesTable = (result: SweepResult): string => {
  const place = ({ values }: Response): string =>
    result.factors.map((path, at) => `${path} ${values[at]}`).join(", ")
  const cell = (response: Response, unit: string): string =>
    `<td><span>${escapeHtml(
      response.spread.low === null
        ? formatWithUnit(response.spread.mean, unit)
        : spreadInWords(response.spread, unit),
    )}</span><span class="meaning">${escapeHtml(place(response))}</span></td>`
  const rows = Object.entries(result.metrics).flatMap(([name, { unit, meaning }]) => {
    const sorted = responsesOf(result, name).toSorted((a, b) => a.spread.mean - b.spread.mean)
    if (sorted.length === 0) return []
    const heading = `<th scope="row">${breakable(name)}<span class="meaning">${escapeHtml(meaning)}</span></th>`
    return [`<tr>${heading}${cell(sorted[0], unit)}${cell(sorted[sorted.length - 1], unit)}</tr>`]
  })
  return `<section aria-labelledby="metrics">
<h2 id="metrics">All metrics</h2>
<div class="wide" tabindex="0" role="region" aria-label="All metrics"><table>
<caption>Where each metric is lowest and highest, with 95% intervals over ${counted(result.definition.replications, "replication")}. The extremes of many points are extreme by chance too.</caption>
<thead><tr><th scope="col">Metric</th><th scope="col">Lowest</th><th scope="col">Highest</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody></table></div>
</section>`
}

const provenance = (definition: SweepDefinition, digest: string): string => {
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
  return provenanceSection(facts, definition.command, {
    heading: "The scenario, but for what varies",
    yaml: definition.scenarioYaml,
  })
}

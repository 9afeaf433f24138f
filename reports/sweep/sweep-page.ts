/** The pages of a sweep and of a sensitivity analysis: charts, a table of all metrics, provenance. */
import type { Sensitivity } from "../../sim/results/models/sensitivity-model.ts"
import { sweepDigest } from "../../sim/results/export/sweep-export.ts"
import { mainEffects } from "../../sim/results/models/main-effects.ts"
import type { SweepDefinition, SweepResult } from "../../sim/results/models/sweep-model.ts"
import type { Chart } from "../chart.ts"
import type { Html } from "../markup.ts"
import { joined, markup, nothing } from "../markup.ts"
import { counted, formatWithUnit, spreadInWords } from "../number-format.ts"
import type { ChartSection, PageLibraries } from "../page.ts"
import { breakable, chartSection, pageHtml, provenanceSection } from "../page.ts"
import { effectsSection } from "./effects-section.ts"
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
): string => {
  const effects = mainEffects(result)
  const isGrid = effects.length > 0
  return definitionPage(
    result.definition,
    sweepDigest(result),
    command,
    {
      before: effectsSection(result, effects),
      charts: { id: "responses", title: isGrid ? "What responds" : "Along each setting", charts },
      after: isGrid ? nothing : extremesTable(result),
    },
    libraries,
  )
}

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
    {
      before: nothing,
      charts: { id: "sensitivity", title: "What matters", charts },
      after: nothing,
    },
    libraries,
  )

interface Findings {
  readonly before: Html
  readonly charts: ChartSection
  readonly after: Html
}

const definitionPage = (
  definition: SweepDefinition,
  digest: string,
  command: string,
  { before, charts, after }: Findings,
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
        before,
        charts.charts.length === 0 ? nothing : chartSection(charts),
        after,
        provenance(definition, digest, command),
      ],
      charts: charts.charts,
      days: 0,
    },
    libraries,
  )

/** Where each metric is lowest and highest, but for those that are the same everywhere. */
const extremesTable = (result: SweepResult): Html => {
  const cell = (extreme: ReadonlyArray<Response>, unit: string): Html => {
    const [{ spread, values }, ...ties] = extreme
    const place =
      ties.length > 0
        ? `at ${counted(extreme.length, "point")}`
        : result.factors.map((path, at) => `${path} ${values[at]}`).join(", ")
    const words =
      spread.low === null ? formatWithUnit(spread.mean, unit) : spreadInWords(spread, unit)
    return markup`<td><span>${words}</span><span class="meaning">${place}</span></td>`
  }
  const all = Object.entries(result.metrics).map(([name, facts]) => ({
    name,
    facts,
    responses: responsesOf(result, name),
  }))
  const varied = all.filter(({ responses }) => isVaried(responses))
  const same = all.filter(({ responses }) => responses.length > 0 && !isVaried(responses))
  const rows = varied.map(({ name, facts, responses }) => {
    const means = responses.map(({ spread }) => spread.mean)
    const at = (mean: number) => responses.filter(({ spread }) => spread.mean === mean)
    return markup`<tr><th scope="row">${facts.label}<span class="meaning">${breakable(name)}</span></th>${cell(at(Math.min(...means)), facts.unit)}${cell(at(Math.max(...means)), facts.unit)}</tr>`
  })
  return markup`<section aria-labelledby="metrics">
<h2 id="metrics">All metrics</h2>
<div class="wide" tabindex="0" role="region" aria-label="All metrics"><table>
<caption>Where each metric is lowest and highest, with 95% intervals over ${counted(result.definition.replications, "replication")}. The extremes of many points are extreme by chance too.</caption>
<thead><tr><th scope="col">Metric</th><th scope="col">Lowest</th><th scope="col">Highest</th></tr></thead>
<tbody>
${rows}
</tbody></table></div>
${same.length === 0 ? nothing : markup`<p>The same at every point: ${same.map(({ name, facts }) => `${facts.label} (${name})`).join("; ")}.</p>`}
</section>`
}

/** Whether a metric's means differ by more than digits. */
const isVaried = (responses: ReadonlyArray<Response>): boolean => {
  const means = responses.map(({ spread }) => spread.mean)
  const [least, most] = [Math.min(...means), Math.max(...means)]
  return most - least > 1e-9 * Math.max(Math.abs(least), Math.abs(most))
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

/**
 * The report of a run as one HTML file: its charts, its metrics, its checks, where they come from.
 */
import type { RunResult } from "../sim/results/models/run-model.ts"
import type { Html } from "./markup.ts"
import { markup } from "./markup.ts"
import {
  counted,
  formatBound,
  formatDuration,
  formatEstimate,
  formatNumber,
} from "./number-format.ts"
import type { ChartSection, PageLibraries } from "./page.ts"
import { breakable, chartSection, pageHtml, provenanceSection } from "./page.ts"
import { daysOf } from "./time-lines.ts"

/** The whole page. The same run and libraries give the same bytes. */
export const reportHtml = (
  result: RunResult,
  sections: ReadonlyArray<ChartSection>,
  libraries: PageLibraries,
): string =>
  pageHtml(
    {
      version: result.version,
      title: result.title,
      header: header(result, sections),
      main: [
        stretchForm(result),
        ...sections.map(chartSection),
        metricsSection(result),
        checksSection(result),
        provenance(result),
      ],
      charts: sections.flatMap(({ charts }) => charts),
      days: daysOf(result.horizonSeconds),
    },
    libraries,
  )

const header = (result: RunResult, sections: ReadonlyArray<ChartSection>): Html => markup`<header>
<h1>${result.title}</h1>
<p class="lead">Scenario ${result.scenario}, economy ${result.economy}: ${counted(
  result.replications.length,
  "replication",
)} of ${formatNumber(daysOf(result.horizonSeconds))} days, ${counted(
  result.requests,
  "request",
)} in all.</p>
${alarms(result)}
<nav aria-label="Sections"><ul>
${sections.map(({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>`)}
<li><a href="#metrics">Metrics</a></li>
<li><a href="#checks">Checks</a></li>
<li><a href="#provenance">Provenance</a></li>
</ul></nav>
</header>`

/** What a reader must know before any figure. */
const alarms = (result: RunResult): ReadonlyArray<Html> => {
  const finished = result.replications.length
  const failed = Object.entries(result.checks).filter(([, { ok }]) => !ok)
  const list: Array<Html> = []
  if (failed.length > 0) {
    list.push(
      markup`<strong>${counted(failed.length, "check")} failed</strong> (${failed.map(([name]) => name).join(", ")}): do not rely on what follows.`,
    )
  }
  if (finished < result.replicationsAsked) {
    list.push(
      markup`<strong>The run is incomplete:</strong> ${finished} of ${counted(
        result.replicationsAsked,
        "replication",
      )} were finished.`,
    )
  }
  return list.map((text) => markup`<p class="alarm" role="alert">${text}</p>`)
}

const metricsSection = (result: RunResult): Html => {
  const metrics = Object.entries(result.metrics)
  const counts = [...new Set(metrics.map(([, { n }]) => n))]
  // One number of replications for all metrics is said once; a column is for when they differ.
  const isCounted = counts.length > 1
  const rows = metrics.map(([name, { mean, halfWidth, n, unit, meaning }]) => {
    const formatted = formatEstimate(mean, halfWidth)
    const interval =
      halfWidth === null || formatted.halfWidth === null
        ? "–"
        : markup`<span>${formatBound(mean - halfWidth, halfWidth)}</span> to <span>${formatBound(mean + halfWidth, halfWidth)}</span>`
    return markup`<tr><th scope="row">${breakable(name)}<span class="meaning">${meaning}</span></th>
<td class="number"><span>${formatted.mean}</span> <span class="unit">${unit}</span></td><td class="number">${interval}</td>${isCounted ? markup`<td class="number">${n}</td>` : ""}</tr>`
  })
  return markup`<section aria-labelledby="metrics">
<h2 id="metrics">Metrics</h2>
${
  rows.length === 0
    ? markup`<p class="missing">The run has no metrics.</p>`
    : markup`<div class="wide" tabindex="0" role="region" aria-label="Metrics"><table>
<caption>${metricsCaption(counts)}, after ${warmupWords(result)}.</caption>
<thead><tr><th scope="col">Metric</th><th scope="col" class="number">Mean</th><th scope="col" class="number">95% interval</th>${isCounted ? markup`<th scope="col" class="number">n</th>` : ""}</tr></thead>
<tbody>
${rows}
</tbody></table></div>`
}
</section>`
}

const metricsCaption = (counts: ReadonlyArray<number>): string => {
  const [n = 0] = counts
  if (counts.length > 1) return "Means over n replications with 95% Student-t intervals"
  return n === 1
    ? "Values of the only replication; intervals take two or more"
    : `Means over ${counted(n, "replication")} with 95% Student-t intervals`
}

const warmupWords = (result: RunResult): string =>
  result.warmupSeconds === 0 ? "no warm-up" : `a warm-up of ${formatDuration(result.warmupSeconds)}`

const stretchForm = (result: RunResult): Html => {
  const days = daysOf(result.horizonSeconds)
  const field = (name: string, label: string, value: number): Html =>
    markup`<label>${label} <input type="number" name="${name}" min="0" max="${days}" step="any" value="${value}" inputmode="decimal"></label>`
  return markup`<form class="stretch" hidden aria-label="Stretch of time shown in all charts over time">
${field("from", "Days", 0)} ${field("to", "to", days)} <button type="button">Whole run</button>
<span class="hint">or drag across a chart; click in a legend to pick out a line</span>
</form>
<noscript><p class="alarm">The charts of this page are drawn by scripts, which are switched off. The same charts are written beside this file, as pictures in the folder “charts”.</p></noscript>`
}

const checksSection = (result: RunResult): Html => {
  const rows = Object.entries(result.checks).map(
    ([name, { ok, detail }]) => markup`<tr><th scope="row">${breakable(name)}</th>
<td class="verdict">${ok ? "holds" : markup`<strong class="failed">fails</strong>`}</td><td>${detail}</td></tr>`,
  )
  return markup`<section aria-labelledby="checks">
<h2 id="checks">Checks</h2>
${
  rows.length === 0
    ? markup`<p class="missing">The run recorded no checks.</p>`
    : markup`<div class="wide" tabindex="0" role="region" aria-label="Checks"><table>
<caption>What every replication asserted about itself.</caption>
<thead><tr><th scope="col">Check</th><th scope="col">Result</th><th scope="col">Detail</th></tr></thead>
<tbody>
${rows}
</tbody></table></div>`
}
</section>`
}

const provenance = (result: RunResult): Html => {
  const facts: ReadonlyArray<readonly [string, string]> = [
    ["Scenario", result.scenario],
    ["Economy", result.economy],
    ["Seed", result.seed],
    ["Evenkeel", result.version],
    ["Digest of all commands", result.digest],
    ["Length of a replication", `${formatNumber(daysOf(result.horizonSeconds))} days`],
    ["Warm-up left out of metrics", formatDuration(result.warmupSeconds)],
    ["Replications", `${result.replications.length} of ${result.replicationsAsked} asked for`],
    ["Requests", counted(result.requests, "request")],
    ["Events", counted(result.events, "event")],
  ]
  return provenanceSection(facts, result.command, {
    heading: "The scenario, complete",
    yaml: result.scenarioYaml,
  })
}

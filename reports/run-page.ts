/**
 * The report of a run as one HTML file: its charts, its metrics, its checks, where they come from.
 */
import { groupTitles, metricGroups } from "../sim/results/models/metric-facts.ts"
import type { Estimate, RunResult } from "../sim/results/models/run-model.ts"
import { estimateText, trendMark } from "./estimate-text.ts"
import { cautions, headlineMetrics, headlineSentences, scopeWords } from "./headline.ts"
import type { Html } from "./markup.ts"
import { joined, markup } from "./markup.ts"
import { counted, formatDuration, formatNumber } from "./number-format.ts"
import type { ChartSection, PageLibraries } from "./page.ts"
import { breakable, chartSection, pageHtml, provenanceSection, stretchForm } from "./page.ts"
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
        stretchForm(daysOf(result.horizonSeconds)),
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
)} of ${daysWords(result)}, ${counted(
  result.requests,
  "request",
)} in all. Run on <time datetime="${result.finishedAt}">${result.finishedAt.slice(0, 10)}</time> in ${durationWords(result.wallSeconds)}, Evenkeel ${result.version}.</p>
${alarms(result)}
<p class="answer">${headlineSentences(result)}</p>
${headlineTable(result)}
${aboutSection(result.about)}
<nav aria-label="Sections"><ul>
${sections.map(({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>`)}
<li><a href="#metrics">Metrics</a></li>
<li><a href="#checks">Checks</a></li>
<li><a href="#provenance">Provenance</a></li>
</ul></nav>
</header>`

const headlineTable = (result: RunResult): Html => {
  const metrics = Object.entries(headlineMetrics(result))
  return metrics.length === 0
    ? markup``
    : markup`<dl class="headline">
${metrics.map(([, estimate]) => {
  const { mean, unit, interval, usd } = estimateText(estimate, result.creditUsd)
  const beside = [usd, interval].filter((text) => text !== "").join("; ")
  return markup`<div><dt>${estimate.label}</dt><dd><span class="figure">${mean}</span> <span class="unit">${unit}</span><span class="meaning">${beside}${trendWords(estimate)}</span></dd></div>`
})}
</dl>
<p class="note">${scopeWords(result)} Beside each figure, its 95% interval.</p>
${cautions(result).map((text) => markup`<p class="note">${text}</p>`)}`
}

const aboutSection = (about: string): Html =>
  about === ""
    ? markup``
    : markup`<section class="about" aria-labelledby="about"><h2 id="about">What to see</h2>
${about
  .trim()
  .split(/\n\s*\n/)
  .map((paragraph) => markup`<p>${withCode(paragraph)}</p>`)}
</section>`

/** What stands between backticks is a name, and looks like one. */
const withCode = (text: string): Html =>
  joined(
    text
      .split(/`([^`]*)`/)
      .map((part, at) => (at % 2 === 1 ? markup`<code>${breakable(part)}</code>` : part)),
    "",
  )

const trendWords = ({ trend }: Estimate): string => (trend === null ? "" : ` ${trendMark(trend)}`)

const daysWords = ({ horizonSeconds }: RunResult): string => {
  const days = formatNumber(daysOf(horizonSeconds))
  return `${days} ${days === "1" ? "day" : "days"}`
}

const durationWords = (seconds: number): string =>
  seconds < 120 ? `${formatNumber(seconds)} s` : `${formatNumber(seconds / 60)} min`

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
  const groups = metricGroups
    .map((group) => ({ group, own: metrics.filter(([, { group: its }]) => its === group) }))
    .filter(({ own }) => own.length > 0)
  return markup`<section aria-labelledby="metrics">
<h2 id="metrics">Metrics</h2>
${
  metrics.length === 0
    ? markup`<p class="missing">The run has no metrics.</p>`
    : markup`<div class="wide" tabindex="0" role="region" aria-label="Metrics"><table>
<caption>${scopeWords(result)} Intervals are 95%.</caption>
<thead><tr><th scope="col">Metric</th><th scope="col" class="number">Mean</th><th scope="col" class="number">95% interval</th></tr></thead>
${groups.map(
  ({
    group,
    own,
  }) => markup`<tbody><tr><th colspan="3" scope="colgroup" class="group">${groupTitles[group]}</th></tr>
${own.map(([name, estimate]) => metricRow(name, estimate, result))}
</tbody>`,
)}
</table></div>`
}
</section>`
}

const metricRow = (name: string, estimate: Estimate, result: RunResult): Html => {
  const { mean, unit, interval, usd } = estimateText(estimate, result.creditUsd)
  const { n, trend, window } = estimate
  const notes = [
    ...(window === "after the warm-up" ? [] : [window]),
    ...(trend === null ? [] : [`${trendMark(trend)} over the run`]),
    ...(n < result.replications.length
      ? [`in ${n} of ${counted(result.replications.length, "replication")}`]
      : []),
  ]
  return markup`<tr id="metric-${name}"><th scope="row">${estimate.label} <code>${breakable(name)}</code><span class="meaning">${estimate.meaning}; over ${estimate.base}${notes.length === 0 ? "" : `; ${notes.join(", ")}`}</span></th>
<td class="number"><span>${mean}</span> <span class="unit">${unit}</span>${usd === "" ? "" : markup`<span class="meaning">${usd}</span>`}</td><td class="number">${interval === "" ? "–" : intervalHtml(interval)}</td></tr>`
}

/** An interval may break before its "to", never within a number. */
const intervalHtml = (interval: string): Html => {
  const [low = "", high] = interval.split(" to ")
  return high === undefined
    ? markup`${interval}`
    : markup`<span>${low}</span> to <span>${high}</span>`
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
    ["Length of a replication", daysWords(result)],
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

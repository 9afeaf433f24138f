/**
 * A page of charts as one HTML file that needs nothing else: no network, no folder beside it.
 *
 * The libraries and the data are inlined; a content security policy in the file itself forbids every
 * load, and every script but the ones in it, by their hashes. So even a text that slipped past the
 * escaping could neither run nor call home.
 */
import { createHash } from "node:crypto"
import type { Chart, MissingChart } from "./chart.ts"
import { isMissing } from "./chart.ts"
import { codeForScript, jsonForScript } from "./escape.ts"
import type { Html } from "./markup.ts"
import { joined, markup, trusted } from "./markup.ts"
import { pageScript } from "./page-script.ts"
import { pageStyle } from "./page-style.ts"
import { themeConfig } from "./theme.ts"

/** The minified builds for browsers, as text. */
export interface PageLibraries {
  readonly vega: string
  readonly vegaLite: string
  readonly vegaEmbed: string
}

/** What is on a page. */
export interface PageContent {
  readonly version: string
  readonly title: string
  readonly header: Html
  readonly main: ReadonlyArray<Html>
  readonly charts: ReadonlyArray<Chart | MissingChart>
  /** Length of the time that charts over time share. */
  readonly days: number
}

/** The whole page; without libraries, one without charts. The same content and libraries give the same bytes. */
export const pageHtml = (content: PageContent, libraries: PageLibraries | null): string => {
  const scripts =
    libraries === null
      ? []
      : [libraries.vega, libraries.vegaLite, libraries.vegaEmbed, pageScript].map(codeForScript)
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.length === 0 ? "'none'" : scripts.map((code) => `'sha256-${hashOf(code)}'`).join(" ")}`,
    "style-src 'unsafe-inline'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ")
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Evenkeel ${content.version}">
<title>${content.title} – Evenkeel</title>
<style>${trusted(pageStyle)}</style>
</head>
<body>
${content.header}
<main>
${content.main}
</main>
${libraries === null ? markup`` : markup`<script type="application/json" id="report-data">${trusted(jsonForScript(pageData(content)))}</script>`}
${scripts.map((code) => markup`<script>${trusted(code)}</script>`)}
</body>
</html>
`.text
}

const hashOf = (code: string): string => createHash("sha256").update(code, "utf8").digest("base64")

/** What the script needs: specs by chart, the config for all of them, the length of the run. */
const pageData = ({ charts, days }: PageContent) => ({
  days,
  // The description is on the element around the chart; marks need none of their own.
  config: { ...themeConfig("page"), aria: false },
  charts: Object.fromEntries(
    charts
      .filter((chart): chart is Chart => !isMissing(chart))
      .map(({ id, spec, legend, isOverTime }) => [id, { spec, legend, isOverTime }]),
  ),
})

/** The fields that choose a stretch of time; charts over time need them on their page. */
export const stretchForm = (days: number): Html => {
  const field = (name: string, label: string, value: number): Html =>
    markup`<label>${label} <input type="number" name="${name}" min="0" max="${days}" step="any" value="${value}" inputmode="decimal"></label>`
  return markup`<form class="stretch" hidden aria-label="Stretch of time shown in all charts over time">
${field("from", "Days", 0)} ${field("to", "to", days)} <button type="button">Whole run</button>
<span class="hint">or drag across a chart; click in a legend to pick out a line</span>
</form>
<noscript><p class="alarm">The charts of this page are drawn by scripts, which are switched off. The same charts are written beside this file, as pictures in the folder “charts”.</p></noscript>`
}

export interface ChartSection {
  readonly id: string
  readonly title: string
  readonly charts: ReadonlyArray<Chart | MissingChart>
}

export const chartSection = ({
  id,
  title,
  charts,
}: ChartSection): Html => markup`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${charts.map(chartFigure)}
</section>`

const chartFigure = (chart: Chart | MissingChart): Html =>
  isMissing(chart)
    ? markup`<p class="missing" id="${chart.id}">${chart.name}: left out. ${chart.reason}</p>`
    : markup`<figure id="${chart.id}">
<p class="name">${chart.name}</p>
<h3>${chart.title}</h3>
<div class="chart" data-chart="${chart.id}" role="img" aria-label="${chart.alternative}"></div>
<figcaption>${chart.notes.join(" ")}</figcaption>
<p class="downloads" hidden><button type="button" data-format="csv">Data (CSV)</button> <button type="button" data-format="png">Picture (PNG)</button></p>
</figure>`

/** A name that may break after its dots and before its capitals. */
export const breakable = (name: string): Html =>
  joined(name.split(/(?<=\.)|(?<=[a-z])(?=[A-Z])/), "<wbr>")

/** Where the results of a page come from, and how to bring them again. */
export const provenanceSection = (
  facts: ReadonlyArray<readonly [name: string, value: string]>,
  command: string,
  scenario: { readonly heading: string; readonly yaml: string },
): Html => markup`<section aria-labelledby="provenance">
<h2 id="provenance">Provenance</h2>
<div class="wide" tabindex="0" role="region" aria-label="Provenance"><table>
<caption>Where these results come from.</caption>
<tbody>
${facts.map(
  ([name, value]) => markup`<tr><th scope="row">${name}</th><td><code>${value}</code></td></tr>`,
)}
</tbody></table></div>
<h3>Run it again</h3>
<pre class="command"><code>${command}</code></pre>
<h3>${scenario.heading}</h3>
<pre class="scenario" tabindex="0" role="region" aria-label="The scenario as YAML"><code>${scenario.yaml}</code></pre>
</section>`

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
import { codeForScript, escapeHtml, jsonForScript } from "./escape.ts"
import { pageScript } from "./page-script.ts"
import { pageStyle } from "./page-style.ts"
import { themeConfig } from "./theme.ts"

/** The minified builds for browsers, as text. */
export interface PageLibraries {
  readonly vega: string
  readonly vegaLite: string
  readonly vegaEmbed: string
}

/** What is on a page; header and main are HTML. */
export interface PageContent {
  readonly version: string
  readonly title: string
  readonly header: string
  readonly main: string
  readonly charts: ReadonlyArray<Chart | MissingChart>
  /** Length of the time that charts over time share. */
  readonly days: number
}

/** The whole page. The same content and libraries give the same bytes. */
export const pageHtml = (content: PageContent, libraries: PageLibraries): string => {
  const scripts = [libraries.vega, libraries.vegaLite, libraries.vegaEmbed, pageScript].map(
    codeForScript,
  )
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map((code) => `'sha256-${hashOf(code)}'`).join(" ")}`,
    "style-src 'unsafe-inline'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ")
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Evenkeel ${escapeHtml(content.version)}">
<title>${escapeHtml(content.title)} – Evenkeel</title>
<style>${pageStyle}</style>
</head>
<body>
${content.header}
<main>
${content.main}
</main>
<script type="application/json" id="report-data">${jsonForScript(pageData(content))}</script>
${scripts.map((code) => `<script>${code}</script>`).join("\n")}
</body>
</html>
`
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

export interface ChartSection {
  readonly id: string
  readonly title: string
  readonly charts: ReadonlyArray<Chart | MissingChart>
}

export const chartSection = ({
  id,
  title,
  charts,
}: ChartSection): string => `<section aria-labelledby="${id}">
<h2 id="${id}">${escapeHtml(title)}</h2>
${charts.map(chartFigure).join("\n")}
</section>`

const chartFigure = (chart: Chart | MissingChart): string =>
  isMissing(chart)
    ? `<p class="missing" id="${chart.id}">${escapeHtml(chart.name)}: left out. ${escapeHtml(chart.reason)}</p>`
    : `<figure id="${chart.id}">
<p class="name">${escapeHtml(chart.name)}</p>
<h3>${escapeHtml(chart.title)}</h3>
<div class="chart" data-chart="${chart.id}" role="img" aria-label="${escapeHtml(chart.alternative)}"></div>
<figcaption>${chart.notes.map(escapeHtml).join(" ")}</figcaption>
</figure>`

/** A name that may break after its dots and before its capitals. */
export const breakable = (name: string): string =>
  name
    .split(/(?<=\.)|(?<=[a-z])(?=[A-Z])/)
    .map(escapeHtml)
    .join("<wbr>")

/** Where the results of a page come from, and how to bring them again. */
export const provenanceSection = (
  facts: ReadonlyArray<readonly [name: string, value: string]>,
  command: string,
  scenario: { readonly heading: string; readonly yaml: string },
): string => `<section aria-labelledby="provenance">
<h2 id="provenance">Provenance</h2>
<div class="wide" tabindex="0" role="region" aria-label="Provenance"><table>
<caption>Where these results come from.</caption>
<tbody>
${facts
  .map(
    ([name, value]) =>
      `<tr><th scope="row">${name}</th><td><code>${escapeHtml(value)}</code></td></tr>`,
  )
  .join("\n")}
</tbody></table></div>
<h3>Run it again</h3>
<pre class="command"><code>${escapeHtml(command)}</code></pre>
<h3>${scenario.heading}</h3>
<pre class="scenario" tabindex="0" role="region" aria-label="The scenario as YAML"><code>${escapeHtml(scenario.yaml)}</code></pre>
</section>`

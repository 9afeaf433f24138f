/** A list of results as one HTML file, which links to their pages. */
import type { KeptResults } from "../../sim/results/models/kept-results.ts"
import { estimateText } from "../estimate-text.ts"
import type { Html } from "../markup.ts"
import { markup } from "../markup.ts"
import { counted } from "../number-format.ts"
import { pageHtml } from "../page.ts"

/** What tells one run from another at a glance. */
const shown = [
  "requests.servedShare",
  "ttft.p99",
  "utilisation.all",
  "credits.grossPerDay",
  "profit.consumer",
  "earnings.gini",
]

/** The whole page; `linkTo` gives the address of a page from the list's own folder. */
export const runsHtml = (
  results: ReadonlyArray<KeptResults>,
  version: string,
  linkTo: (page: string) => string,
): string =>
  pageHtml(
    {
      version,
      title: "Runs",
      header: markup`<header><h1>Runs</h1><p class="lead">${counted(results.length, "result")}, the newest first.</p></header>`,
      main: [
        results.length === 0
          ? markup`<p class="missing">There are none yet: <code>npx evenkeel run quickstart</code> makes some.</p>`
          : table(results, linkTo),
      ],
      charts: [],
      days: 0,
    },
    null,
  )

const table = (results: ReadonlyArray<KeptResults>, linkTo: (page: string) => string): Html => {
  const columns = shown.flatMap((name) => {
    const estimate = results.map(({ metrics }) => metrics[name]).find((one) => one !== undefined)
    return estimate === undefined ? [] : [{ name, label: estimate.label }]
  })
  return markup`<div class="wide" tabindex="0" role="region" aria-label="Runs"><table>
<caption>Means; their intervals are on the pages.</caption>
<thead><tr><th scope="col">Folder</th><th scope="col">What</th>${columns.map(({ label }) => markup`<th scope="col" class="number">${label}</th>`)}</tr></thead>
<tbody>
${results.map(
  (
    one,
  ) => markup`<tr><th scope="row">${one.page === null ? markup`${one.folder}` : markup`<a href="${linkTo(one.page)}">${one.folder}</a>`}<span class="meaning">${one.finishedAt === null ? "" : one.finishedAt.slice(0, 10)}</span></th>
<td>${one.title}<span class="meaning">${one.kind}, ${counted(one.replications, "replication")}, seed ${one.seed}${one.settings.length === 0 ? "" : `; ${one.settings.join(", ")}`}</span></td>${columns.map(({ name }) => cell(one, name))}</tr>`,
)}
</tbody></table></div>`
}

const cell = ({ metrics, creditUsd }: KeptResults, name: string): Html => {
  const estimate = metrics[name]
  if (estimate === undefined) return markup`<td class="number"></td>`
  const { mean, unit, usd } = estimateText(estimate, creditUsd ?? NaN)
  return markup`<td class="number"><span>${mean}</span> <span class="unit">${unit}</span>${usd === "" ? "" : markup`<span class="meaning">${usd}</span>`}</td>`
}

/**
 * The claims audit as one HTML file that needs nothing else: no network, no script. Pictures are drawn
 * into it, in the reader's own colours.
 */
import type {
  Attack,
  AttackResult,
  Claim,
  ClaimsReport,
  Estimated,
  Measure,
} from "../../sim/results/models/claims-model.ts"
import type { Html } from "../markup.ts"
import { joined, markup, nothing, trusted } from "../markup.ts"
import { counted, formatDuration, formatNumber } from "../number-format.ts"
import { pageStyle } from "../page-style.ts"
import { claimCharts } from "./claims-charts.ts"

/** What is shown of a chart: its SVG for a wide page and for a phone, and its sentences. */
export interface Picture {
  readonly wide: string
  readonly narrow: string
  readonly finding: string
  readonly notes: ReadonlyArray<string>
  readonly alternative: string
}

/** By the chart's id. */
export type Pictures = ReadonlyMap<string, Picture>

const style = `
.holds { color: var(--category-3); font-weight: 600; }
.fails { color: var(--alarm); font-weight: 600; }
.undecided, .depends { color: var(--category-6); font-weight: 600; }
details { margin: 0.6rem 0 1.6rem; }
summary { cursor: pointer; color: var(--link); }
figure svg { max-width: 100%; height: auto; }
figure svg text { font-family: Helvetica, Arial, "Liberation Sans", sans-serif !important; }
figure .narrow { display: none; }
@media (max-width: 560px) {
  figure .wide-picture { display: none; }
  figure .narrow { display: block; }
}
td:nth-child(2), td.bound { white-space: nowrap; }
th.number { text-align: right; }
`

export const claimsHtml = (report: ClaimsReport, pictures: Pictures): string =>
  markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Evenkeel ${report.version}">
<title>Claims audit – Evenkeel</title>
<style>${trusted(pageStyle)}${trusted(style)}</style>
</head>
<body>
<header>
<h1>What the economy promises, and what experiments say</h1>
<p class="lead">Every promise and every attack, tried in simulation under ${report.economies.join(" and ")}: ${report.replications} replications of each market, on common random numbers.${report.isFast ? " A fast audit: of each promise and attack one experiment, as long as in a whole one but with fewer replications, and so wider intervals." : ""}</p>
${report.failedChecks.length === 0 ? "" : markup`<p class="alarm" role="alert"><strong>Checks failed</strong> in the simulations (${report.failedChecks.join("; ")}): do not rely on what follows.</p>`}
<nav aria-label="Sections"><ul>
${report.claims.length === 0 ? "" : markup`<li><a href="#promises">Promises</a></li>`}
${report.attacks.length === 0 ? "" : markup`<li><a href="#attacks">Attacks</a></li>`}
${report.frontier === null ? "" : markup`<li><a href="#frontier-of-self-dealing">Frontier</a></li>`}
<li><a href="#provenance">Provenance</a></li>
</ul></nav>
</header>
<main>
${promises(report, pictures)}
${attacks(report, pictures)}
${frontier(report, pictures)}
${provenance(report)}
</main>
</body>
</html>
`.text

const words: Readonly<Record<string, string>> = {
  "does not pay": "holds",
  pays: "fails",
}

const verdict = (text: string): Html => markup`<span class="${words[text] ?? text}">${text}</span>`

const figure = (pictures: Pictures, id: string): Html => {
  const picture = pictures.get(id)
  return picture === undefined
    ? nothing
    : markup`<figure><p><strong>${picture.finding}.</strong></p>
<div class="wide-picture" role="img" aria-label="${picture.alternative}">${trusted(picture.wide)}</div>
<div class="narrow" role="img" aria-label="${picture.alternative}">${trusted(picture.narrow)}</div>
<figcaption>${picture.notes.join(" ")}</figcaption></figure>`
}

const interval = ({ mean, low, high }: Estimated): Html =>
  markup`<td class="number"><span>${formatNumber(mean)}</span></td><td class="number">${
    low === null || high === null
      ? "–"
      : low === high
        ? "always"
        : markup`<span>${formatNumber(low)}</span> to <span>${formatNumber(high)}</span>`
  }</td>`

/** Columns of numbers have their headings at the right, where the numbers end. */
const numeric = (text: string): Html => markup`<th scope="col" class="number">${text}</th>`
const worded = (text: string): Html => markup`<th scope="col">${text}</th>`

const table = (caption: string, head: ReadonlyArray<Html>, rows: ReadonlyArray<Html>): Html =>
  markup`<div class="wide" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${joined(head, "")}</tr></thead>
<tbody>
${rows}
</tbody></table></div>`

const reproduce = (commands: ReadonlyArray<string>): Html =>
  commands.length === 0
    ? nothing
    : markup`<details><summary>Run it again</summary>${joined(
        [...new Set(commands)].map(
          (command) => markup`<pre class="command"><code>${command}</code></pre>`,
        ),
        "",
      )}</details>`

const promises = (report: ClaimsReport, pictures: Pictures): Html =>
  report.claims.length === 0
    ? nothing
    : markup`<section aria-labelledby="promises">
<h2 id="promises">Promises</h2>
${table(
  "Whether each promise is kept. It depends: kept in some of its experiments, and not in others.",
  ["Promise", ...report.economies].map(worded),
  report.claims.map(
    ({ id, title, economies }) =>
      markup`<tr><th scope="row"><a href="#claim-${id}">${title}</a></th>${joined(
        report.economies.map(
          (economy) => markup`<td class="verdict">${verdict(economies[economy].verdict)}</td>`,
        ),
        "",
      )}</tr>`,
  ),
)}
${report.claims.map((claim) => promise(claim, report, pictures))}
</section>`

const boundText = ({ atLeast, atMost }: Measure["bound"]): string =>
  [
    ...(atLeast === null ? [] : [`≥\u00a0${formatNumber(atLeast)}`]),
    ...(atMost === null ? [] : [`≤\u00a0${formatNumber(atMost)}`]),
  ].join(", ")

const promise = (claim: Claim, { economies }: ClaimsReport, pictures: Pictures): Html => {
  const isAboutAttacks = claim.id === "long-term"
  const rows = economies.flatMap((economy) =>
    claim.economies[economy].measures
      .filter((measure) => !isAboutAttacks || measure.verdict !== "holds")
      .map(
        ({ label, unit, estimate, bound, horizonDays, verdict: own }) =>
          markup`<tr><th scope="row">${label}<span class="meaning">${unit}; ${counted(horizonDays, "day")}</span></th><td>${economy}</td>${interval(estimate)}<td class="bound">${boundText(bound)}</td><td class="verdict">${verdict(own)}</td></tr>`,
      ),
  )
  return markup`<h3 id="claim-${claim.id}">${claim.title}</h3>
<p class="note">${claim.source}</p>
<p>${joined(
    economies.map(
      (economy) =>
        markup`${economy}: ${verdict(claim.economies[economy].verdict)}${isAboutAttacks ? ` – ${claim.economies[economy].because}` : ""}`,
    ),
    "<br>",
  )}</p>
${isAboutAttacks ? nothing : claimCharts(claim).map(({ chart }) => figure(pictures, chart.id))}
${
  isAboutAttacks
    ? markup`<p>The attacks stand <a href="#attacks">below</a>, one by one.</p>`
    : markup`${table("Estimates, their 95% intervals, and the bound that the promise is held against", [worded("Experiment"), worded("Economy"), numeric("Estimate"), numeric("95% interval"), worded("Bound"), worded("Verdict")], rows)}
${reproduce(Object.values(claim.economies).flatMap(({ measures }) => measures.flatMap((one) => one.reproduce)))}`
}`
}

const attacks = (report: ClaimsReport, pictures: Pictures): Html =>
  report.attacks.length === 0
    ? nothing
    : markup`<section aria-labelledby="attacks">
<h2 id="attacks">Attacks</h2>
<p>An attacker’s profit is what it could take out of the market in the end, less what it paid in and what its machines cost. It is held against the best honest conduct on the same machines, with the same random numbers: what counts is how many credits a day it makes more, over the days that are simulated. An attack does not pay where the whole 95% interval of that is negligible, up to half a percent of the honest pay. It pays where the interval is above that and the test of it is passed after a correction for all ${String(tried(report))} ways and economies tried here (Holm, 5%).</p>
${report.attacks.map((attack) => attackSection(attack, report, pictures))}
</section>`

const tried = ({ attacks: all, economies }: ClaimsReport): number =>
  all.flatMap((attack) => economies.flatMap((economy) => attack.economies[economy])).length

const attackSection = (attack: Attack, { economies }: ClaimsReport, pictures: Pictures): Html => {
  const results = economies.flatMap((economy) =>
    attack.economies[economy].map((result) => ({ economy, ...result })),
  )
  return markup`<h3 id="attack-${attack.id}">${attack.title}</h3>
<p>${attack.means}</p>
${figure(pictures, `attack-${attack.id}`)}
${table(
  "What the attacker makes more than the honest party, and the profits of both, in credits a day",
  [
    worded("Way"),
    worded("Economy"),
    numeric("Gain"),
    numeric("95% interval"),
    numeric("Attacker"),
    numeric("Honest"),
    numeric("Ratio"),
    worded("Verdict"),
  ],
  results.map(
    ({
      label,
      economy,
      gain,
      ratio,
      horizonDays,
      attackProfit,
      honestProfit,
      against,
      verdict: own,
    }) =>
      markup`<tr><th scope="row">${label}<span class="meaning">${counted(horizonDays, "day")}; against: ${against}</span></th><td>${economy}</td>${interval(gain)}<td class="number">${formatNumber(attackProfit.mean)}</td><td class="number">${formatNumber(honestProfit.mean)}</td><td class="number">${ratio === null ? "–" : formatNumber(ratio.mean)}</td><td class="verdict">${verdict(own)}</td></tr>`,
  ),
)}
${sideEffects(results)}
${reproduce(results.flatMap((one) => one.reproduce))}`
}

type Way = AttackResult & { readonly economy: string }

const sideEffects = (results: ReadonlyArray<Way>): Html => {
  const rows = results.flatMap(({ label, economy, trafficGain, reported }) => [
    ...(trafficGain === null
      ? []
      : [
          markup`<tr><th scope="row">Traffic ÷ honest traffic<span class="meaning">${label}</span></th><td>${economy}</td><td class="number">1</td>${interval(trafficGain)}</tr>`,
        ]),
    ...reported.map(
      ({ label: what, unit, honest, attack }) =>
        markup`<tr><th scope="row">${what}<span class="meaning">${unit}; ${label}</span></th><td>${economy}</td><td class="number">${formatNumber(honest.mean)}</td>${interval(attack)}</tr>`,
    ),
  ])
  return rows.length === 0
    ? nothing
    : markup`<details><summary>What it does to the market</summary>${table("With the honest party, and with the attacker", [worded("Figure"), worded("Economy"), numeric("Honest"), numeric("Attacked"), numeric("95% interval")], rows)}</details>`
}

const frontier = ({ frontier: found }: ClaimsReport, pictures: Pictures): Html =>
  found === null
    ? nothing
    : markup`<section aria-labelledby="frontier-of-self-dealing">
<h2 id="frontier-of-self-dealing">How high may a bounty be?</h2>
<p>A party with a share s of a model’s supply that buys its own tokens gets back s · (1 − fee) · m of each credit, where m is the bounty multiplier. No rule can tell whose an account is; so the only multipliers that are safe whoever links what are those below 1 ÷ (1 − fee) = 1.136.</p>
${figure(pictures, "frontier")}
${table(
  "The highest multiplier paid at which self-dealing did not pay, and the lowest at which it did",
  [
    worded("Share of the supply"),
    numeric("Does not pay up to"),
    numeric("Pays from"),
    numeric("Theory"),
  ],
  found.safe.map(
    ({ supplyShare, highestSafe, lowestPaying, theory }) =>
      markup`<tr><th scope="row">${formatNumber(supplyShare)}</th><td class="number">${highestSafe === null ? "–" : `× ${highestSafe.toFixed(2)}`}</td><td class="number">${lowestPaying === null ? "–" : `× ${lowestPaying.toFixed(2)}`}</td><td class="number">× ${formatNumber(theory)}</td></tr>`,
  ),
)}
${reproduce(found.points.slice(-1).flatMap((point) => point.reproduce))}
</section>`

const provenance = (report: ClaimsReport): Html => markup`<section aria-labelledby="provenance">
<h2 id="provenance">Provenance</h2>
<p>Evenkeel ${report.version}, seed ${report.seed}, ${formatDuration(report.wallSeconds)}.</p>
<pre class="command"><code>${report.command}</code></pre>
</section>`

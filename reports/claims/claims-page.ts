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
import { formatDuration, formatNumber } from "../number-format.ts"
import { pageStyle } from "../page-style.ts"
import { claimCharts } from "./claims-charts.ts"

/** A picture by its chart's id, as SVG. */
export type Pictures = ReadonlyMap<string, { readonly svg: string; readonly alternative: string }>

const style = `
.holds { color: var(--category-3); font-weight: 600; }
.fails { color: var(--alarm); font-weight: 600; }
.undecided, .depends { color: var(--category-6); font-weight: 600; }
details { margin: 0.6rem 0 1.6rem; }
summary { cursor: pointer; color: var(--link); }
figure svg { max-width: 100%; height: auto; }
figure svg text { font-family: Helvetica, Arial, "Liberation Sans", sans-serif !important; }
td:nth-child(2) { white-space: nowrap; }
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
<p class="lead">Every promise and every attack, tried in simulation under ${report.economies.join(" and ")}: ${report.replications} replications of each market, on common random numbers.${report.isFast ? " A fast audit: fewer and shorter runs than a whole one, and so wider intervals." : ""}</p>
${report.failedChecks.length === 0 ? "" : markup`<p class="alarm" role="alert"><strong>Checks failed</strong> in the simulations (${report.failedChecks.join("; ")}): do not rely on what follows.</p>`}
<nav aria-label="Sections"><ul>
<li><a href="#promises">Promises</a></li>
<li><a href="#attacks">Attacks</a></li>
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
    : markup`<figure><div role="img" aria-label="${picture.alternative}">${trusted(picture.svg)}</div></figure>`
}

const interval = ({ mean, low, high }: Estimated): Html =>
  markup`<td class="number"><span>${formatNumber(mean)}</span></td><td class="number">${low === null || high === null ? "–" : markup`<span>${formatNumber(low)}</span> to <span>${formatNumber(high)}</span>`}</td>`

const table = (caption: string, head: ReadonlyArray<string>, rows: ReadonlyArray<Html>): Html =>
  markup`<div class="wide" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${joined(
    head.map((cell) => markup`<th scope="col">${cell}</th>`),
    "",
  )}</tr></thead>
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
  ["Promise", ...report.economies],
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
    ...(atLeast === null ? [] : [`≥\u00a0${atLeast}`]),
    ...(atMost === null ? [] : [`≤\u00a0${atMost}`]),
  ].join(", ")

const promise = (claim: Claim, { economies }: ClaimsReport, pictures: Pictures): Html => {
  const isAboutAttacks = claim.id === "long-term"
  const rows = economies.flatMap((economy) =>
    claim.economies[economy].measures
      .filter((measure) => !isAboutAttacks || measure.verdict !== "holds")
      .map(
        ({ label, unit, estimate, bound, verdict: own }) =>
          markup`<tr><th scope="row">${label}<span class="meaning">${unit}</span></th><td>${economy}</td>${interval(estimate)}<td>${boundText(bound)}</td><td class="verdict">${verdict(own)}</td></tr>`,
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
${isAboutAttacks ? nothing : claimCharts(claim).map(({ id }) => figure(pictures, id))}
${
  isAboutAttacks
    ? markup`<p>The attacks stand <a href="#attacks">below</a>, one by one.</p>`
    : markup`${table("Estimates, their 95% intervals, and the bound that the promise is held against", ["Experiment", "Economy", "Estimate", "95% interval", "Bound", "Verdict"], rows)}
${reproduce(Object.values(claim.economies).flatMap(({ measures }) => measures.flatMap((one) => one.reproduce)))}`
}`
}

const attacks = (report: ClaimsReport, pictures: Pictures): Html =>
  report.attacks.length === 0
    ? nothing
    : markup`<section aria-labelledby="attacks">
<h2 id="attacks">Attacks</h2>
<p>An attacker’s profit is what it could take out of the market in the end, less what it paid in and what its machines cost. It is held against the best honest conduct on the same machines, with the same random numbers. An attack does not pay where the whole 95% interval of the ratio is at most 1.00, to the hundredth.</p>
${report.attacks.map((attack) => attackSection(attack, report, pictures))}
</section>`

const attackSection = (attack: Attack, { economies }: ClaimsReport, pictures: Pictures): Html => {
  const results = economies.flatMap((economy) =>
    attack.economies[economy].map((result) => ({ economy, ...result })),
  )
  return markup`<h3 id="attack-${attack.id}">${attack.title}</h3>
<p>${attack.means}</p>
${figure(pictures, `attack-${attack.id}`)}
${table(
  "Profit ÷ honest profit, and the profits themselves in credits a day",
  ["Way", "Economy", "Ratio", "95% interval", "Attacker", "Honest", "Verdict"],
  results.map(
    ({ label, economy, ratio, attackProfit, honestProfit, against, verdict: own }) =>
      markup`<tr><th scope="row">${label}<span class="meaning">against: ${against}</span></th><td>${economy}</td>${interval(ratio)}<td class="number">${formatNumber(attackProfit.mean)}</td><td class="number">${formatNumber(honestProfit.mean)}</td><td class="verdict">${verdict(own)}</td></tr>`,
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
    : markup`<details><summary>What it does to the market</summary>${table("With the honest party, and with the attacker", ["Figure", "Economy", "Honest", "Attacked", "95% interval"], rows)}</details>`
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
  ["Share of the supply", "Does not pay up to", "Pays from", "Theory"],
  found.safe.map(
    ({ supplyShare, highestSafe, lowestPaying, theory }) =>
      markup`<tr><th scope="row">${formatNumber(supplyShare)}</th><td>${highestSafe === null ? "–" : `× ${highestSafe.toFixed(2)}`}</td><td>${lowestPaying === null ? "–" : `× ${lowestPaying.toFixed(2)}`}</td><td>× ${formatNumber(theory)}</td></tr>`,
  ),
)}
${reproduce(found.points.slice(-1).flatMap((point) => point.reproduce))}
</section>`

const provenance = (report: ClaimsReport): Html => markup`<section aria-labelledby="provenance">
<h2 id="provenance">Provenance</h2>
<p>Evenkeel ${report.version}, seed ${report.seed}, ${formatDuration(report.wallSeconds)}.</p>
<pre class="command"><code>${report.command}</code></pre>
</section>`

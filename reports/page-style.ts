/**
 * The style of the HTML report. The colours are those of theme.ts, as CSS variables: dark where the
 * reader prefers dark, light on paper, and in the charts the same variables.
 */
import { darkPalette, lightPalette } from "./theme.ts"
import type { Palette } from "./theme.ts"

const variables = ({ surface, ink, muted, grid, shade, categories }: Palette): string =>
  [
    `--surface: ${surface};`,
    `--ink: ${ink};`,
    `--muted: ${muted};`,
    `--grid: ${grid};`,
    `--shade: ${shade};`,
    ...categories.map((colour, at) => `--category-${at + 1}: ${colour};`),
  ].join(" ")

export const pageStyle = `
:root { color-scheme: light dark; ${variables(lightPalette)} --alarm: #b3261e; --link: #0b5cad; }
@media screen and (prefers-color-scheme: dark) {
  :root { ${variables(darkPalette)} --alarm: #ff8a80; --link: #8ab8f5; }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 4rem; }
body {
  margin: 0 auto; padding: 1.5rem clamp(0.9rem, 4vw, 2.5rem) 4rem; max-width: 62rem;
  background: var(--surface); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
h1, h2, h3 { line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: 1.75rem; margin: 0 0 0.4rem; }
h2 { font-size: 1.3rem; margin: 2.8rem 0 1rem; padding-top: 1.2rem; border-top: 1px solid var(--grid); }
main > section:first-of-type > h2 { border-top: 0; padding-top: 0; margin-top: 1.2rem; }
h3 { font-size: 1.05rem; margin: 1.6rem 0 0.5rem; }
figure h3 { margin-top: 0; }
p { margin: 0.5rem 0; }
a { color: var(--link); }
.lead, .note, figcaption, caption, .meaning { color: var(--muted); }
.lead { margin: 0; overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; margin: 1rem 0 0; padding: 0; list-style: none; }
.alarm { border-left: 4px solid var(--alarm); padding: 0.5rem 0.9rem; margin: 1rem 0; }
.alarm strong, .failed { color: var(--alarm); }
figure { margin: 0 0 2.4rem; break-inside: avoid; }
figcaption { font-size: 0.85rem; margin-top: 0.4rem; }
.name { font-size: 0.8rem; color: var(--muted); margin: 0; }
.chart { display: block; width: 100%; min-height: 15rem; }
.chart.drawn { min-height: 0; }
.chart svg { display: block; max-width: 100%; height: auto; }
.chart text { user-select: none; -webkit-user-select: none; }
.missing { color: var(--muted); border-left: 3px solid var(--grid); padding-left: 0.8rem; margin: 0 0 1.6rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-size: 0.85rem; padding: 0 0 0.5rem; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.9rem 0.4rem 0; border-bottom: 1px solid var(--grid); }
th, td { overflow-wrap: anywhere; }
th { font-weight: 600; }
th[scope="row"] { min-width: 8.5rem; }
thead th { font-weight: 500; color: var(--muted); font-size: 0.85rem; }
td.number, th.number { text-align: right; }
td.number { min-width: 5.5rem; }
td.number span { white-space: nowrap; }
.verdict, thead th { overflow-wrap: normal; }
.unit { color: var(--muted); font-size: 0.85rem; }
.answer { font-size: 1.1rem; margin: 1rem 0; max-width: 46rem; }
.headline { display: grid; grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)); gap: 0.2rem 1.6rem; margin: 1rem 0 0.6rem; }
.headline div { border-top: 1px solid var(--grid); padding: 0.5rem 0 0.4rem; }
.headline dt { font-size: 0.85rem; color: var(--muted); }
.headline dd { margin: 0; font-variant-numeric: tabular-nums; }
.headline .figure { font-size: 1.35rem; font-weight: 600; }
.about p { max-width: 46rem; }
.note { font-size: 0.85rem; }
th.group { padding-top: 1.4rem; font-size: 1rem; }
.downloads { font-size: 0.85rem; margin: 0.3rem 0 0; }
.downloads button { font: inherit; color: var(--link); background: none; border: 0; padding: 0.1rem 0.4rem 0.1rem 0; cursor: pointer; text-decoration: underline; }
.meaning { display: block; font-weight: 400; font-size: 0.85rem; }
code, pre { font: 0.86em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre { margin: 0.5rem 0 1rem; padding: 0.8rem 1rem; background: var(--shade); border-radius: 6px; overflow: auto; }
pre.scenario { max-height: 24rem; }
pre.command { white-space: pre-wrap; overflow-wrap: anywhere; }
.stretch {
  position: sticky; top: 0; z-index: 5; display: flex; flex-wrap: wrap; align-items: center;
  gap: 0.3rem 0.6rem; padding: 0.5rem 0; background: var(--surface); font-size: 0.85rem; color: var(--muted);
  border-bottom: 1px solid var(--grid);
}
.stretch[hidden] { display: none; }
.stretch input { width: 5.2rem; }
.stretch input, .stretch button { font: inherit; color: var(--ink); background: var(--surface); border: 1px solid var(--muted); border-radius: 4px; padding: 0.25rem 0.5rem; }
.stretch button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
#vg-tooltip-element {
  position: fixed; visibility: hidden; z-index: 1000; pointer-events: none; max-width: 22rem;
  padding: 0.5rem 0.7rem; border-radius: 6px; font-size: 0.8rem; background: var(--surface); color: var(--ink);
  border: 1px solid var(--muted); box-shadow: 0 2px 8px rgb(0 0 0 / 0.18);
}
#vg-tooltip-element.visible { visibility: visible; }
#vg-tooltip-element table { width: auto; font-size: inherit; }
#vg-tooltip-element td { border: 0; padding: 0.1rem 0.5rem 0.1rem 0; }
#vg-tooltip-element td.key { color: var(--muted); }
@media (max-width: 40rem) {
  h1 { font-size: 1.4rem; }
  h2 { margin-top: 2rem; }
  th, td { padding-right: 0.6rem; }
  .headline { grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); }
  td .unit { display: block; }
}
@media (hover: none) { .stretch .hint { display: none; } }
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; }
  nav, .stretch, .downloads, #vg-tooltip-element { display: none; }
  h2 { break-after: avoid; }
  h3 { break-after: avoid; }
  tr { break-inside: avoid; }
  a { color: inherit; text-decoration: none; }
  pre.scenario { max-height: none; white-space: pre-wrap; }
  figure { margin-bottom: 1.4rem; }
}
`

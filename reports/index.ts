/**
 * Reports: what a run looks like to people. Pure functions of a `RunResult` make specs, a page and a
 * table; `writeReport` puts them on disk.
 */
export { isMissing } from "./chart.ts"
export type { Chart, MissingChart } from "./chart.ts"
export { chartSections } from "./charts/index.ts"
export { reportHtml } from "./run-page.ts"
export type { ChartSection, PageLibraries } from "./page.ts"
export {
  defaultPngOptions,
  NoFontError,
  RenderError,
  renderPng,
  renderSvg,
  requireFont,
} from "./render.ts"
export type { PngOptions, SvgOptions } from "./render.ts"
export { metricsTable } from "./table.ts"
export type { TerminalTable } from "./table.ts"
export { writeClaims } from "./claims/write-claims.ts"
export { ReportError } from "./write-file.ts"
export { writeReport } from "./write-report.ts"
export type { ReportFiles } from "./write-report.ts"
export { writeSensitivityReport, writeSweepReport } from "./write-sweep-report.ts"

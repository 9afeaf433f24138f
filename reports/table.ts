/**
 * The metrics of a run as a table for a terminal, in groups: numbers aligned at their decimal points, each
 * with its 95% interval and, where it is credits, its worth in US dollars. Without a terminal the same
 * lines, uncoloured and uncut, so that they can be searched and compared.
 */
import { groupTitles } from "../sim/results/models/metric-facts.ts"
import type { Estimate, RunResult } from "../sim/results/models/run-model.ts"
import { estimateText, trendMark } from "./estimate-text.ts"

export interface TerminalTable {
  /** Whether to mark headings and side notes with ANSI escapes. */
  readonly colour: boolean
  /** Columns of the terminal; lines are cut to it. Without it nothing is cut. */
  readonly width?: number
}

/** What a metric is called in the first column: its label, or the name that options take. */
export type NamedBy = "label" | "name"

/** The table, one line a metric, ending in a newline. Metrics keep their order. */
export const metricsTable = (
  result: RunResult,
  metrics: Readonly<Record<string, Estimate>>,
  namedBy: NamedBy,
  { colour, width }: TerminalTable = { colour: false },
): string => {
  const entries = Object.entries(metrics)
  if (entries.length === 0) return "The run has no metrics.\n"
  const replications = result.replications.length
  const rows = entries.map(([name, estimate]) => ({
    group: estimate.group,
    row: rowOf(
      namedBy === "name" ? name : estimate.label,
      estimate,
      result.creditUsd,
      replications,
    ),
  }))
  const header: Row = {
    name: "",
    whole: "",
    fraction: "",
    unit: "",
    interval: "95% interval",
    usd: "",
    note: "",
  }
  const widthOf = (column: keyof Row): number =>
    Math.max(...[header, ...rows.map(({ row }) => row)].map((row) => lengthOf(row[column])))
  const [whole, fraction] = [widthOf("whole"), widthOf("fraction")]
  const number = Math.max(4, whole + fraction)
  const hasUsd = rows.some(({ row }) => row.usd !== "")
  const lineOf = (row: Row, mean: string): string =>
    [
      `  ${padEnd(row.name, widthOf("name"))}`,
      `${padStart(mean, number)} ${padEnd(row.unit, widthOf("unit"))}`,
      padEnd(row.interval, widthOf("interval")),
      ...(hasUsd ? [padStart(row.usd, widthOf("usd"))] : []),
      row.note,
    ]
      .join("  ")
      .trimEnd()
  const bold = (line: string) => (colour ? `\u001b[1m${line}\u001b[22m` : line)
  const lines = rows.flatMap(({ group, row }, at) => {
    const line = cut(
      lineOf(row, padStart(row.whole, whole) + padEnd(row.fraction, fraction)),
      width,
    )
    return group === rows[at - 1]?.group ? [line] : [bold(cut(groupTitles[group], width)), line]
  })
  return [bold(cut(lineOf(header, "mean"), width)), ...lines].join("\n") + "\n"
}

interface Row {
  readonly name: string
  /** The mean up to its decimal point, and the rest. */
  readonly whole: string
  readonly fraction: string
  readonly unit: string
  readonly interval: string
  readonly usd: string
  readonly note: string
}

const rowOf = (name: string, estimate: Estimate, creditUsd: number, replications: number): Row => {
  const { mean, unit, interval, usd } = estimateText(estimate, creditUsd)
  const point = mean.indexOf(".")
  return {
    name: printable(name),
    whole: point === -1 ? mean : mean.slice(0, point),
    fraction: point === -1 ? "" : mean.slice(point),
    unit: printable(unit),
    interval,
    usd,
    note: [
      ...(estimate.trend === null ? [] : [trendMark(estimate.trend)]),
      ...(estimate.n < replications ? [`in ${estimate.n} of ${replications}`] : []),
    ].join(", "),
  }
}

/** Texts come from scenario files: an escape sequence in one must not reach the terminal. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "�")

const lengthOf = (text: string): number => [...text].length

const padEnd = (text: string, length: number): string =>
  text + " ".repeat(Math.max(0, length - lengthOf(text)))

const padStart = (text: string, length: number): string =>
  " ".repeat(Math.max(0, length - lengthOf(text))) + text

const cut = (line: string, width: number | undefined): string => {
  if (width === undefined || lengthOf(line) <= width) return line
  return [...line].slice(0, Math.max(0, width - 1)).join("") + "…"
}

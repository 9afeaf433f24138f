/**
 * The metrics of a run as a table for a terminal: names to the left, numbers aligned at their
 * decimal points, each with its 95% interval. Without a terminal the same lines, uncoloured and
 * uncut, so that they can be searched and compared.
 */
import type { Estimate, RunResult } from "../sim/results/models/run-model.ts"
import { formatEstimate } from "./number-format.ts"

export interface TerminalTable {
  /** Whether to mark headings and side notes with ANSI escapes. */
  readonly colour: boolean
  /** Columns of the terminal; lines are cut to it. Without it nothing is cut. */
  readonly width?: number
}

/** The table, one line a metric, ending in a newline. Metrics keep their order. */
export const metricsTable = (
  result: RunResult,
  { colour, width }: TerminalTable = { colour: false },
): string => {
  const rows = Object.entries(result.metrics).map(([name, estimate]) => rowOf(name, estimate))
  if (rows.length === 0) return "The run has no metrics.\n"
  const header: Row = {
    name: "metric",
    whole: "",
    fraction: "",
    halfWidth: "95%",
    unit: "unit",
    n: "n",
    meaning: "meaning",
  }
  const widthOf = (column: keyof Row): number =>
    Math.max(...[header, ...rows].map((row) => lengthOf(row[column])))
  const widths = {
    name: widthOf("name"),
    whole: widthOf("whole"),
    fraction: widthOf("fraction"),
    halfWidth: widthOf("halfWidth"),
    unit: widthOf("unit"),
    n: widthOf("n"),
  }
  const numberWidth = Math.max(4, widths.whole + widths.fraction)
  const lineOf = (row: Row, number: string): readonly [facts: string, meaning: string] => [
    [
      padEnd(row.name, widths.name),
      padStart(number, numberWidth),
      padEnd(row.halfWidth, widths.halfWidth),
      padEnd(row.unit, widths.unit),
      padStart(row.n, widths.n),
    ].join("  "),
    row.meaning,
  ]
  const lines = rows.map((row) =>
    lineOf(row, padStart(row.whole, widths.whole) + padEnd(row.fraction, widths.fraction)),
  )
  const [heading, ...body] = [lineOf(header, "mean"), ...lines].map(([facts, meaning], at) => {
    const line = cut(`${facts}  ${meaning}`.trimEnd(), width)
    if (!colour) return line
    if (at === 0) return `\u001b[1m${line}\u001b[22m`
    const end = Math.min(line.length, facts.length)
    return `${line.slice(0, end)}\u001b[2m${line.slice(end)}\u001b[22m`
  })
  return [heading, ...body].join("\n") + "\n"
}

interface Row {
  readonly name: string
  /** The mean up to its decimal point, and the rest. */
  readonly whole: string
  readonly fraction: string
  readonly halfWidth: string
  readonly unit: string
  readonly n: string
  readonly meaning: string
}

const rowOf = (name: string, { mean, halfWidth, unit, n, meaning }: Estimate): Row => {
  const formatted = formatEstimate(mean, halfWidth)
  const point = formatted.mean.indexOf(".")
  return {
    name: printable(name),
    whole: point === -1 ? formatted.mean : formatted.mean.slice(0, point),
    fraction: point === -1 ? "" : formatted.mean.slice(point),
    halfWidth: formatted.halfWidth === null ? "" : `± ${formatted.halfWidth}`,
    unit: printable(unit),
    n: String(n),
    meaning: printable(meaning),
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

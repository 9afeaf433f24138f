/** A comparison for a terminal: what it was about, what else moved, what that rests on. */
import type {
  ComparisonResult,
  MetricComparison,
} from "../../sim/results/models/comparison-model.ts"
import { alignColumns, printable } from "../../platform/terminal/output.ts"
import { wrapped } from "../../platform/terminal/wrap.ts"
import { counted, formatDuration } from "../number-format.ts"
import {
  differenceText,
  exploratorySummary,
  findings,
  movedOf,
  primaryOf,
  verdictWords,
} from "./difference-text.ts"

const lineWidth = 98

export const comparisonText = (result: ComparisonResult): string => {
  const { comparison, baseline, baselineName, variantName } = result
  const wrap = (text: string) => printable(wrapped(text, lineWidth))
  const primary = primaryOf(result)
  const moved = movedOf(result)
  const absent = Object.entries(comparison.missing).map(([name, where]) => `${name} (no ${where})`)
  const n = baseline.replications.length
  return [
    wrap(
      `${variantName} against ${baselineName}: ${counted(n, comparison.isPaired ? "pair" : "replication")}${comparison.isPaired ? " of replications that share their random numbers" : " and as many others, independent of each other"}, ${formatDuration(baseline.horizonSeconds)} each. 1 credit = $${baseline.creditUsd}.`,
    ),
    "",
    ...findings(result).map(wrap),
    ...(primary.length === 0
      ? [
          wrap(
            "Nothing was named beforehand: with --metric NAME a metric is tested for itself, not as one of many.",
          ),
        ]
      : []),
    ...(primary.length === 0 ? [] : ["", tableOf(primary, baseline.creditUsd)]),
    "",
    ...(moved.length === 0
      ? []
      : ["What else moved:", tableOf(moved, baseline.creditUsd), ""].slice(
          primary.length === 0 ? 1 : 0,
        )),
    wrap(exploratorySummary(result)),
    ...(primary.length + moved.length === 0 ? [] : [wrap(legend)]),
    ...(absent.length === 0 ? [] : [wrap(`Not compared: ${absent.join(", ")}.`)]),
  ].join("\n")
}

const legend =
  "p is adjusted for all that were tested together (Holm, 5% for any false verdict among them); exact: the same difference in every replication, which chance has no part in."

const tableOf = (
  rows: ReadonlyArray<readonly [string, MetricComparison]>,
  creditUsd: number,
): string => {
  const cells = rows.map(([name, metric]) => {
    const text = differenceText(metric, creditUsd)
    return [
      printable(name),
      verdictWords[metric.verdict],
      text.baseline,
      text.variant,
      text.difference,
      text.interval,
      text.unit,
      text.p,
    ]
  })
  const header = ["metric", "verdict", "baseline", "variant", "difference", "95% interval", "", "p"]
  return alignColumns(rightAligned([header, ...cells], [2, 3, 4, 7]))
}

/** Numbers line up at their ends. */
const rightAligned = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  columns: ReadonlyArray<number>,
): ReadonlyArray<ReadonlyArray<string>> =>
  rows.map((row) =>
    row.map((cell, at) =>
      columns.includes(at) ? cell.padStart(Math.max(...rows.map((one) => one[at].length))) : cell,
    ),
  )

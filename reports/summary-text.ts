/** A run's answer for a terminal: sentences, figures, what to bear in mind. */
import type { RunResult } from "../sim/results/models/run-model.ts"
import { cautions, headlineMetrics, headlineSentences, scopeWords } from "./headline.ts"
import type { TerminalTable } from "./table.ts"
import { metricsTable } from "./table.ts"
import { printable } from "../platform/terminal/output.ts"
import { wrapped } from "../platform/terminal/wrap.ts"

/** Which metrics are shown: the headline's, all, or those whose names match. */
export type Shown = "headline" | "all" | ReadonlyArray<string>

export const summaryText = (result: RunResult, shown: Shown, style: TerminalTable): string => {
  const isHeadline = shown === "headline"
  const metrics = isHeadline ? headlineMetrics(result) : chosen(result.metrics, shown)
  // Titles and names come from files that others may have written.
  const wrap = (text: string) => printable(wrapped(text, Math.min(style.width ?? 100, 100)))
  return [
    ...(isHeadline ? [wrap(`${result.title}. ${headlineSentences(result)}`), ""] : []),
    metricsTable(result, metrics, isHeadline ? "label" : "name", style),
    wrap(scopeWords(result)),
    ...cautions(result).map(wrap),
    ...(isHeadline
      ? [
          wrap(
            `These are ${Object.keys(metrics).length} of ${Object.keys(result.metrics).length} metrics: --all shows the others, --metrics 'profit.*' some; npx evenkeel metrics says what each is.`,
          ),
        ]
      : []),
  ].join("\n")
}

const chosen = (
  metrics: RunResult["metrics"],
  shown: "all" | ReadonlyArray<string>,
): RunResult["metrics"] =>
  shown === "all"
    ? metrics
    : Object.fromEntries(Object.entries(metrics).filter(([name]) => shown.includes(name)))

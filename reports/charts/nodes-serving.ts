/**
 * Nodes that serve each model, over time: where the supply has gone.
 */
import { bandsOf } from "../bands.ts"
import type { BandLine } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { modelsOf } from "../keys.ts"
import { formatNumber } from "../number-format.ts"
import { legendOf } from "../line-names.ts"
import { daysOf, fittingLines, inOrder, linesInWords, timeLines, timeNotes } from "../time-lines.ts"
import { noSeries } from "./missing.ts"

export const nodesServing: ChartOf = (result) => {
  const id = "nodes-serving"
  const name = "Nodes by model"
  const all = bandsOf(result, "nodes.serving")
  if (all === undefined) return noSeries(id, name, "nodes.serving")
  const { bands, notes } = fittingLines(
    inOrder(all, modelsOf(result)),
    "models",
    (line) => -Math.max(...line.points.map(({ mean }) => mean)),
    "those served by most nodes",
  )
  return {
    id,
    name,
    title: titleOf(bands.lines),
    notes: [...notes, ...timeNotes(bands)],
    alternative: `Nodes that serve each model over time. ${linesInWords(bands)}.`,
    legend: legendOf(bands),
    isOverTime: true,
    spec: timeLines({
      bands,
      xTitle: "days since the start",
      yTitle: "nodes online",
      days: daysOf(result.horizonSeconds),
      warmupDays: daysOf(result.warmupSeconds),
      keys: modelsOf(result),
      linked: true,
    }),
  }
}

const titleOf = (lines: ReadonlyArray<BandLine>): string => {
  const changes = lines.flatMap(({ key, points }) => {
    const [first, last] = [points[0], points.at(-1)]
    return first === undefined || last === undefined
      ? []
      : [{ key, from: first.mean, to: last.mean, by: Math.abs(last.mean - first.mean) }]
  })
  const [most] = changes.toSorted((a, b) => b.by - a.by)
  return most === undefined || most.by < 0.5
    ? "As many nodes serve each model in the end as at the start"
    : `${most.key} is served by ${formatNumber(most.from)} nodes at the start and by ` +
        `${formatNumber(most.to)} in the end`
}

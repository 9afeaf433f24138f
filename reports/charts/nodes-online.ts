/**
 * Nodes online by device class, over time.
 */
import { figureOf } from "../estimate-text.ts"
import { bandsOf } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { deviceClassesOf } from "../keys.ts"
import { legendOf } from "../line-names.ts"
import { daysOf, fittingLines, inOrder, linesInWords, timeLines, timeNotes } from "../time-lines.ts"
import { noSeries } from "./missing.ts"

export const nodesOnline: ChartOf = (result) => {
  const id = "nodes-online"
  const name = "Nodes online by device class"
  const all = bandsOf(result, "nodes.online")
  if (all === undefined) return noSeries(id, name, "nodes.online")
  // A class without a node all the time is none of this market's.
  const present = {
    ...all,
    lines: all.lines.filter(({ points }) => points.some(({ mean }) => mean > 0)),
  }
  if (present.lines.length === 0) return { id, name, reason: "No node was ever online." }
  const { bands, notes } = fittingLines(
    inOrder(present, deviceClassesOf(result)),
    "device classes",
    () => 0,
    "the first ones",
  )
  const online = figureOf(result, "nodes.online")
  return {
    id,
    name,
    title: online === undefined ? "Nodes that are online" : `${online} are online on average`,
    notes: [...notes, ...timeNotes(bands)],
    alternative: `Nodes online over time. ${linesInWords(bands)}.`,
    legend: legendOf(bands),
    isOverTime: true,
    spec: timeLines({
      bands,
      xTitle: "days since the start",
      yTitle: "nodes online",
      days: daysOf(result.horizonSeconds),
      warmupDays: daysOf(result.warmupSeconds),
      keys: deviceClassesOf(result),
      linked: true,
    }),
  }
}

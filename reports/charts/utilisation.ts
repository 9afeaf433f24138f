/**
 * How busy the slots of each device class are, over time.
 */
import { averagesOf, bandsOf } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { deviceClassesOf } from "../keys.ts"
import { formatShare } from "../number-format.ts"
import { meanOf } from "../spread.ts"
import { daysOf, fittingLines, inOrder, linesInWords, timeLines, timeNotes } from "../time-lines.ts"
import { noSeries } from "./missing.ts"

export const utilisation: ChartOf = (result) => {
  const id = "utilisation"
  const name = "Utilisation by device class"
  const all = bandsOf(result, "utilisation")
  if (all === undefined) return noSeries(id, name, "utilisation")
  const { bands, notes } = fittingLines(
    inOrder(all, deviceClassesOf(result)),
    "device classes",
    () => 0,
    "the first ones",
  )
  const averages = bands.lines.flatMap(({ key }) => {
    const values = averagesOf(result, "utilisation", key, result.warmupSeconds)
    return values.length === 0 ? [] : [`${key} ${formatShare(meanOf(values))}`]
  })
  return {
    id,
    name,
    title: `Share of slots that are busy: ${averages.join(", ")}`,
    notes: [...notes, ...timeNotes(bands)],
    alternative: `Utilisation over time. ${linesInWords(bands)}.`,
    legend: bands.lines.map((line) => line.key),
    isOverTime: true,
    spec: timeLines({
      bands,
      xTitle: "days since the start",
      yTitle: "busy slots",
      days: daysOf(result.horizonSeconds),
      warmupDays: daysOf(result.warmupSeconds),
      keys: deviceClassesOf(result),
      yDomain: [0, 1],
      linked: true,
    }),
  }
}

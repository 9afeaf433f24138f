/**
 * How busy the slots of each device class are, over time.
 */
import { figureOf } from "../estimate-text.ts"
import { bandsOf } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { deviceClassesOf } from "../keys.ts"
import { legendOf } from "../line-names.ts"
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
    const busy = figureOf(result, `utilisation.${key}`)
    return busy === undefined ? [] : [`${key} ${busy}`]
  })
  return {
    id,
    name,
    title:
      averages.length === 0
        ? "How busy slots are"
        : `Share of slots that are busy: ${averages.join(", ")}`,
    notes: [...notes, ...timeNotes(bands)],
    alternative: `Utilisation over time. ${linesInWords(bands)}.`,
    legend: legendOf(bands),
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

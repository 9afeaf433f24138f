/**
 * Where hosts set prices: what they ask for each model over time, as a band of the middle four fifths of
 * them, and what was paid, as a line.
 */
import type { BandPoint, Bands } from "../bands.ts"
import { bandsOf } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { figureText } from "../estimate-text.ts"
import { modelsOf } from "../keys.ts"
import { counted, formatDuration } from "../number-format.ts"
import { daysOf, fittingLines, inOrder, linesInWords, timeLines } from "../time-lines.ts"
import type { RunResult } from "../../sim/results/models/run-model.ts"
import { noSeries } from "./missing.ts"

export const priceLevels: ChartOf = (result) => {
  const id = "price-levels"
  const name = "Prices"
  const paid = bandsOf(result, "price.paid")
  const low = bandsOf(result, "price.low")
  const high = bandsOf(result, "price.high")
  if (paid === undefined || low === undefined || high === undefined)
    return noSeries(id, name, "price.paid")
  const { bands, notes } = fittingLines(
    inOrder(between(paid, low, high), modelsOf(result)),
    "models",
    ({ points }) => -Math.max(...points.map(({ mean }) => mean)),
    "the dearest",
  )
  return {
    id,
    name,
    title: titleOf(result),
    notes: [
      ...notes,
      `The line is what was paid, the band from what a tenth of the hosts ask at most to what a tenth ask at least; means of ${counted(paid.replications, "replication")}.`,
      `Each point is the mean over ${formatDuration(bands.pointSeconds)}.`,
    ],
    alternative: `What was paid for a million output tokens over time. ${linesInWords(bands)}.`,
    legend: bands.lines.map(({ key }) => key),
    isOverTime: true,
    spec: timeLines({
      bands,
      xTitle: "days since the start",
      yTitle: "credits a million output tokens",
      days: daysOf(result.horizonSeconds),
      warmupDays: daysOf(result.warmupSeconds),
      keys: modelsOf(result),
      linked: true,
    }),
  }
}

/** The lines of `paid`, each with a band between the other two where they are known. */
const between = (paid: Bands, low: Bands, high: Bands): Bands => {
  const meansOf = (bands: Bands, key: string): ReadonlyMap<number, number> =>
    new Map(
      bands.lines.find((line) => line.key === key)?.points.map(({ day, mean }) => [day, mean]),
    )
  return {
    ...paid,
    lines: paid.lines.map(({ key, points }) => {
      const [lows, highs] = [meansOf(low, key), meansOf(high, key)]
      return {
        key,
        points: points.map(({ day, mean }): BandPoint => ({
          day,
          mean,
          low: lows.get(day) ?? null,
          high: highs.get(day) ?? null,
        })),
      }
    }),
  }
}

const titleOf = ({ metrics }: RunResult): string => {
  const means = Object.entries(metrics).flatMap(([name, estimate]) =>
    name.startsWith("price.paid.")
      ? [`${figureText(estimate)} for ${name.slice("price.paid.".length)}`]
      : [],
  )
  return means.length === 0
    ? "What hosts ask for their tokens, and what is paid"
    : `Consumers pay ${means.join(", ")}`
}

/**
 * Where each credit that consumers spend goes, over time.
 */
import { averagesOf, bandsOf } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { meanOf } from "../spread.ts"
import { daysOf, linesInWords, titleWithUnit } from "../time-lines.ts"
import { stackNotes, timeStack } from "../time-stack.ts"
import { destinations } from "./credits.ts"
import { noSeries } from "./missing.ts"

export const creditFlows: ChartOf = (result) => {
  const id = "credit-flows"
  const name = "Where credits go"
  const all = bandsOf(result, "credits")
  const lines = destinations.flatMap((key) => all?.lines.filter((line) => line.key === key) ?? [])
  if (all === undefined || lines.length === 0) return noSeries(id, name, "credits")
  const bands = { ...all, lines }
  const means = lines.map(({ key }) => ({
    key,
    mean: meanOf(averagesOf(result, "credits", key, result.warmupSeconds)),
  }))
  const total = means.reduce((sum, { mean }) => sum + mean, 0)
  const parts = means.map(({ key, mean }) => `${(mean / total).toFixed(3)} to ${key}`)
  return {
    id,
    name,
    title:
      total > 0
        ? `Of each credit spent: ${parts.join(", ")}`.replace("to withheld", "withheld")
        : "No credit was spent",
    notes: stackNotes(bands),
    alternative: `Credits an hour by destination. ${linesInWords(bands)}.`,
    legend: lines.map((line) => line.key),
    isOverTime: true,
    spec: timeStack({
      bands,
      yTitle: titleWithUnit("spent", bands.unit),
      days: daysOf(result.horizonSeconds),
      warmupDays: daysOf(result.warmupSeconds),
    }),
  }
}

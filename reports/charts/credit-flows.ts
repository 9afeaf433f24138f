/**
 * Where each credit that consumers spend goes, over time.
 */
import { estimateText, figureText } from "../estimate-text.ts"
import type { RunResult } from "../../sim/results/models/run-model.ts"
import { bandsOf } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
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
  return {
    id,
    name,
    title: titleOf(result),
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

const titleOf = (result: RunResult): string => {
  const gross = result.metrics["credits.grossPerDay"]
  if (gross === undefined) return "Where the credits go that consumers pay"
  if (gross.mean === 0) return "No credit was spent"
  const parts = [
    ["credits.providersPerDay", "to hosts"],
    ["credits.platformPerDay", "to the platform"],
    ["credits.poolPerDay", "into the bounty pool"],
  ].flatMap(([name, words]) => {
    const estimate = result.metrics[name]
    return estimate === undefined
      ? []
      : [`${estimateText(estimate, result.creditUsd).mean} ${words}`]
  })
  return `Of ${figureText(gross)} that consumers pay: ${parts.join(", ")}`
}

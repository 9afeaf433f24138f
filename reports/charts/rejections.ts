/**
 * Why requests were rejected, over time.
 */
import { figureOf } from "../estimate-text.ts"
import type { RunResult } from "../../sim/results/models/run-model.ts"
import { bandsOf } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { daysOf, linesInWords, titleWithUnit } from "../time-lines.ts"
import { areaOf, foldedParts, stackNotes, timeStack } from "../time-stack.ts"
import { noSeries } from "./missing.ts"

export const rejections: ChartOf = (result) => {
  const id = "rejections"
  const name = "Rejections by reason"
  const all = bandsOf(result, "requests.rejectedBy")
  if (all === undefined) return noSeries(id, name, "requests.rejectedBy")
  const total = all.lines.reduce((sum, line) => sum + areaOf(line), 0)
  if (total === 0) return { id, name, reason: "No request was rejected." }
  const bands = foldedParts(all, "other reasons")
  return {
    id,
    name,
    title: titleOf(result),
    notes: stackNotes(bands),
    alternative: `Rejected requests a second by reason. ${linesInWords(bands)}.`,
    legend: bands.lines.map((line) => line.key),
    isOverTime: true,
    spec: timeStack({
      bands,
      yTitle: titleWithUnit("rejected", bands.unit),
      days: daysOf(result.horizonSeconds),
      warmupDays: daysOf(result.warmupSeconds),
    }),
  }
}

const titleOf = (result: RunResult): string => {
  const rejected = figureOf(result, "requests.rejectedShare")
  if (rejected === undefined) return "Why requests were rejected"
  const because = (metric: string, words: string): ReadonlyArray<string> => {
    const figure = figureOf(result, metric)
    return figure === undefined ? [] : [`${figure} ${words}`]
  }
  const ofQueue = (reason: string, words: string): ReadonlyArray<string> => {
    const metric = `queue.refused.${reason}`
    return (result.metrics[metric]?.mean ?? 0) > 0 ? because(metric, words) : []
  }
  const reasons = [
    ...because("requests.noCapacityShare", "since every node was busy"),
    ...ofQueue("full", "since the queue was full"),
    ...ofQueue("timeout", "after they had waited for too long"),
    ...ofQueue("left", "since their consumers would not wait"),
    ...because("requests.noCreditsShare", "for want of credits"),
  ]
  return `${rejected} of the requests were rejected${reasons.length === 0 ? "" : `: ${reasons.join(", ")}`}`
}

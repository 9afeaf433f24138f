/**
 * Why requests were rejected, over time.
 */
import { bandsOf } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { formatShare } from "../number-format.ts"
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
  const [most] = bands.lines
  const share = most === undefined ? 0 : areaOf(most) / total
  return {
    id,
    name,
    title: `“${most?.key ?? ""}” is behind ${formatShare(share)} of all rejections`,
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

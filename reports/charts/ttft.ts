/**
 * The time to the first token, as a distribution for each model.
 */
import { figureOf } from "../estimate-text.ts"
import type { ChartOf } from "../chart.ts"
import { distribution, distributionInWords } from "../distribution.ts"
import { sharesOf } from "../histogram-shares.ts"
import { modelsOf } from "../keys.ts"
import { counted } from "../number-format.ts"
import { categoryLimit } from "../theme.ts"
import { noHistogram } from "./missing.ts"

export const ttft: ChartOf = (result) => {
  const id = "ttft"
  const name = "Time to first token"
  const all = sharesOf(result, "ttft")
  if (all === undefined) return noHistogram(id, name, "ttft")
  const median = figureOf(result, "ttft.p50")
  const tail = figureOf(result, "ttft.p99")
  const shares = {
    ...all,
    lines: [...all.lines].sort((a, b) => b.count - a.count).slice(0, categoryLimit),
  }
  return {
    id,
    name,
    title:
      median === undefined || tail === undefined
        ? "How long calls waited for their first token"
        : `Half of the calls see their first token within ${median}, 99% within ${tail}`,
    notes: [
      ...(shares.lines.length < all.lines.length
        ? [`The ${categoryLimit} busiest of ${counted(all.lines.length, "model")} are shown.`]
        : []),
      `Share of the requests in each bin, mean of ${counted(all.replications, "replication")}; ` +
        "the time axis is logarithmic.",
    ],
    alternative: `Time to first token. ${distributionInWords(shares)}.`,
    legend: shares.lines.map(({ key }) => key).filter((key) => key !== ""),
    isOverTime: false,
    spec: distribution({
      shares,
      xTitle: `time to first token (${all.unit}, logarithmic)`,
      yTitle: "requests in the bin",
      keys: modelsOf(result),
    }),
  }
}

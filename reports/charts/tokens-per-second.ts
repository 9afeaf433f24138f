/**
 * The decode rate of streams, as a distribution for each device class, against the floor of 5 tok/s
 * below which an instance is not eligible (docs/rules.md#floor).
 */
import { figureOf } from "../estimate-text.ts"
import type { ChartOf } from "../chart.ts"
import { distribution, distributionInWords } from "../distribution.ts"
import { sharesOf } from "../histogram-shares.ts"
import { deviceClassesOf } from "../keys.ts"
import { counted } from "../number-format.ts"
import { noHistogram } from "./missing.ts"

const floorTokensPerSecond = 5

export const tokensPerSecond: ChartOf = (result) => {
  const id = "tokens-per-second"
  const name = "Tokens per second"
  const shares = sharesOf(result, "tokensPerSecond")
  if (shares === undefined) return noHistogram(id, name, "tokensPerSecond")
  const below = figureOf(result, "streams.belowFloorShare")
  return {
    id,
    name,
    title:
      below === undefined
        ? "How fast streams run"
        : `${below} of the streams run below the floor of ${floorTokensPerSecond} tok/s`,
    notes: [
      `Share of the streams in each bin, mean of ${counted(shares.replications, "replication")}; ` +
        "the axis of rates is logarithmic.",
    ],
    alternative: `Decode rate of streams. ${distributionInWords(shares)}.`,
    legend: shares.lines.map(({ key }) => key).filter((key) => key !== ""),
    isOverTime: false,
    spec: distribution({
      shares,
      xTitle: `decode rate of a stream (${shares.unit}, logarithmic)`,
      yTitle: "streams in the bin",
      keys: deviceClassesOf(result),
      reference: { at: floorTokensPerSecond, label: `floor: ${floorTokensPerSecond} tok/s` },
    }),
  }
}

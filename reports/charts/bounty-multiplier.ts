/**
 * The bounty multiplier of each model, over time; read below the coverage that it answers to.
 */
import { figureText } from "../estimate-text.ts"
import { bandsOf } from "../bands.ts"
import type { BandLine } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { modelsOf } from "../keys.ts"
import { formatNumber } from "../number-format.ts"
import { legendOf } from "../line-names.ts"
import { daysOf, fittingLines, inOrder, linesInWords, timeLines, timeNotes } from "../time-lines.ts"
import { noSeries } from "./missing.ts"

export const bountyMultiplier: ChartOf = (result) => {
  const id = "bounty-multiplier"
  const name = "Bounty multiplier by model"
  const all = bandsOf(result, "bounty.multiplier")
  if (all === undefined) return noSeries(id, name, "bounty.multiplier")
  const { bands, notes } = fittingLines(
    inOrder({ ...all, unit: "" }, modelsOf(result)),
    "models",
    (line) => -highestOf(line),
    "those of highest multiplier",
  )
  const averages = bands.lines.flatMap(({ key }) => {
    const estimate = result.metrics[`bounty.${key}`]
    return estimate === undefined ? [] : [{ key, mean: estimate.mean, text: figureText(estimate) }]
  })
  const peak = highestPoint(bands.lines, daysOf(result.warmupSeconds))
  const top = averages.reduce((a, b) => (b.mean > a.mean ? b : a), {
    key: "",
    mean: 1,
    text: "",
  })
  return {
    id,
    name,
    title:
      top.mean === 1
        ? "No model paid a bounty"
        : `Bounties multiply pay the most on ${top.key}: ${top.text} on average` +
          (peak === undefined
            ? ""
            : `, at most ×${formatNumber(peak.mean)}${peak.key === top.key ? "" : ` (${peak.key})`} on day ${formatNumber(Math.floor(peak.day) + 1)}`),
    notes: [...notes, ...timeNotes(bands)],
    alternative: `Payout multiplier over time. ${linesInWords(bands)}.`,
    legend: legendOf(bands),
    isOverTime: true,
    spec: timeLines({
      bands,
      xTitle: "days since the start",
      yTitle: "payout multiplier (×)",
      days: daysOf(result.horizonSeconds),
      warmupDays: daysOf(result.warmupSeconds),
      keys: modelsOf(result),
      yDomain: [1, Math.max(1.1, ...bands.lines.map(highestOf))],
      linked: true,
    }),
  }
}

/** The highest point of all lines after the warm-up. */
const highestPoint = (lines: ReadonlyArray<BandLine>, fromDay: number) =>
  lines
    .flatMap(({ key, points }) =>
      points.filter(({ day }) => day >= fromDay).map(({ day, mean }) => ({ key, day, mean })),
    )
    .reduce<{ readonly key: string; readonly day: number; readonly mean: number } | undefined>(
      (most, point) => (most === undefined || point.mean > most.mean ? point : most),
      undefined,
    )

/** The highest point of the line and its band. */
const highestOf = (line: BandLine): number =>
  Math.max(...line.points.map(({ mean, high }) => Math.max(mean, high ?? mean)))

/**
 * Supply against target demand, by model and over time: 1 is covered, less is a shortage that the
 * bounties answer (docs/rules.md#bounties).
 *
 * Coverage has no upper end (a model that nobody asks for is covered without limit), and what
 * matters happens around 1: the axis is linear about 0 and logarithmic above 1, so that every line is
 * seen whole.
 */
import { figureOf, figureText } from "../estimate-text.ts"
import { bandsOf } from "../bands.ts"
import type { BandLine } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { modelsOf } from "../keys.ts"
import { counted } from "../number-format.ts"
import { legendOf } from "../line-names.ts"
import { daysOf, fittingLines, inOrder, linesInWords, timeLines, timeNotes } from "../time-lines.ts"
import type { RunResult } from "../../sim/results/models/run-model.ts"
import { noSeries } from "./missing.ts"

export const coverage: ChartOf = (result) => {
  const id = "coverage"
  const name = "Coverage by model"
  const all = bandsOf(result, "coverage")
  if (all === undefined) return noSeries(id, name, "coverage")
  const { bands, notes } = fittingLines(
    inOrder(all, modelsOf(result)),
    "models",
    leastOf,
    "those of lowest coverage",
  )
  const warmupDays = daysOf(result.warmupSeconds)
  return {
    id,
    name,
    title: titleOf(result),
    notes: [
      ...notes,
      ...recoveriesOf(result),
      ...timeNotes(bands),
      "The vertical axis is logarithmic, but for its lowest part.",
    ],
    alternative: `Ramped supply divided by target demand. ${linesInWords({ ...bands, unit: "" })}.`,
    legend: legendOf(bands),
    isOverTime: true,
    spec: timeLines({
      bands: { ...bands, unit: "" },
      xTitle: "days since the start",
      yTitle: "supply ÷ target demand",
      days: daysOf(result.horizonSeconds),
      warmupDays,
      keys: modelsOf(result),
      isRatio: true,
      height: 300,
      reference: { at: 1, label: "covered", side: "right" },
      linked: true,
    }),
  }
}

/** How soon the models that a crowd came for were covered again. */
const recoveriesOf = (result: RunResult): ReadonlyArray<string> =>
  modelsOf(result).flatMap((model) => {
    const hours = figureOf(result, `recovery.${model}`)
    const share = figureOf(result, `recovered.${model}`)
    return hours === undefined || share === undefined
      ? []
      : [
          `${hours} after a crowd came for ${model} it was covered again, on average; ${share} of the runs saw that before they ended, and the others count as long as they were watched.`,
        ]
  })

const leastOf = (line: BandLine): number => Math.min(...line.points.map(({ mean }) => mean))

const titleOf = (result: RunResult): string => {
  const shortages = modelsOf(result).flatMap((model) => {
    const estimate = result.metrics[`shortage.${model}`]
    return estimate === undefined ? [] : [{ model, estimate }]
  })
  const [worst] = shortages.toSorted((a, b) => b.estimate.mean - a.estimate.mean)
  if (worst === undefined) return "Supply against target demand"
  return worst.estimate.mean === 0
    ? "Supply covered the target demand of every model all the time"
    : `${worst.model} was short of supply ${figureText(worst.estimate)} of the time, ` +
        `the longest of ${counted(shortages.length, "model")}`
}

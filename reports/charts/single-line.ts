/**
 * Charts of one line over time without a key: the bounty pool's balance, the breaker's parks.
 */
import { bandsOf } from "../bands.ts"
import type { Bands } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { daysOf, linesInWords, timeLines, timeNotes, titleWithUnit } from "../time-lines.ts"
import type { RunResult } from "../../sim/results/models/run-model.ts"
import { noSeries } from "./missing.ts"

export interface SingleLine {
  readonly id: string
  readonly name: string
  readonly series: string
  readonly yTitle: string
  readonly titleOf: (result: RunResult, bands: Bands) => string
}

export const singleLine =
  ({ id, name, series, yTitle, titleOf }: SingleLine): ChartOf =>
  (result) => {
    const all = bandsOf(result, series)
    const line = all?.lines.find(({ key }) => key === "") ?? all?.lines[0]
    if (all === undefined || line === undefined) return noSeries(id, name, series)
    const bands = { ...all, lines: [{ ...line, key: "" }] }
    return {
      id,
      name,
      title: titleOf(result, bands),
      notes: timeNotes(bands),
      alternative: `${name} over time: ${linesInWords(bands)}.`,
      legend: [],
      isOverTime: true,
      spec: timeLines({
        bands,
        xTitle: "days since the start",
        yTitle: titleWithUnit(yTitle, bands.unit),
        days: daysOf(result.horizonSeconds),
        warmupDays: daysOf(result.warmupSeconds),
        keys: [],
        linked: true,
      }),
    }
  }

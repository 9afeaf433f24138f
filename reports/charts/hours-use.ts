/** Where hours of machines are sold: how many of those on offer are in use, over time, and by region and local hour. */
import { bandsOf } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { figureOf } from "../estimate-text.ts"
import { counted, forChart, formatShare } from "../number-format.ts"
import { daysOf, linesInWords, timeLines, timeNotes } from "../time-lines.ts"
import type { RunResult } from "../../sim/results/models/run-model.ts"
import { noSeries } from "./missing.ts"
import { afterWarmup } from "./warm-up-words.ts"

export const hoursFillRate: ChartOf = (result) => {
  const id = "hours-fill-rate"
  const name = "Fill rate by region"
  const bands = bandsOf(result, "hours.fillRate")
  if (bands === undefined) return noSeries(id, name, "hours.fillRate")
  const whole = figureOf(result, "hours.fillRate")
  return {
    id,
    name,
    title:
      whole === undefined
        ? "Hours sold of those on offer"
        : `${whole} of the hours on offer are in use`,
    notes: timeNotes(bands),
    alternative: `Fill rate over time. ${linesInWords(bands)}.`,
    legend: bands.lines.map(({ key }) => key),
    isOverTime: true,
    spec: timeLines({
      bands,
      xTitle: "days since the start",
      yTitle: "hours in use, of those on offer",
      days: daysOf(result.horizonSeconds),
      warmupDays: daysOf(result.warmupSeconds),
      keys: bands.lines.map(({ key }) => key),
      yDomain: [0, 1],
      linked: true,
    }),
  }
}

interface Cell {
  readonly region: string
  readonly hour: number
  readonly share: number
}

const rowHeight = 40

export const hoursByClock: ChartOf = (result) => {
  const id = "hours-by-clock"
  const name = "Use by region and local hour"
  const cells = cellsOf(result)
  if (cells.length === 0) return noSeries(id, name, "hours.fillRateByHour")
  const sorted = cells.toSorted((a, b) => a.share - b.share)
  const [least, most] = [sorted[0], sorted[sorted.length - 1]]
  const word = ({ region, hour, share }: Cell): string =>
    `${formatShare(share)} in ${region} at ${hour}`
  const x = {
    field: "hour",
    type: "ordinal" as const,
    axis: { title: "hour of the region's clock", labelAngle: 0 },
  }
  const y = { field: "region", type: "nominal" as const, sort: null, axis: { title: null } }
  return {
    id,
    name,
    title: `Machines are in use most, ${word(most)}; least, ${word(least)}`,
    notes: [
      `Shade: the part of the hours on offer that was in use, mean of ${counted(result.replications.length, "replication")}${afterWarmup(result)}.`,
    ],
    alternative: `Use by region and local hour: ${cells.map((cell) => word(cell)).join("; ")}.`,
    legend: [],
    isOverTime: false,
    spec: {
      width: "container",
      height: new Set(cells.map(({ region }) => region)).size * rowHeight,
      data: {
        values: cells.map(({ region, hour, share }) => ({
          region,
          hour,
          share: forChart(share),
          use: formatShare(share),
        })),
      },
      mark: { type: "rect", tooltip: { content: "data" } },
      encoding: {
        x,
        y,
        opacity: {
          field: "share",
          type: "quantitative",
          legend: { title: "in use", format: ".0%", orient: "right" },
          scale: { domain: [least.share, most.share], range: [0.05, 0.9], zero: false },
        },
      },
    },
  }
}

/** Means over the replications that saw the hour. */
const cellsOf = ({ replications }: RunResult): ReadonlyArray<Cell> => {
  const values = new Map<string, Array<number>>()
  for (const { series } of replications)
    for (const { name, key, values: own } of series) {
      if (name !== "hours.fillRateByHour") continue
      own.forEach((share, hour) => {
        if (share === null) return
        const cell = JSON.stringify([key, hour])
        values.set(cell, [...(values.get(cell) ?? []), share])
      })
    }
  return [...values].map(([cell, shares]) => {
    const [region, hour] = JSON.parse(cell) as [string, number]
    return { region, hour, share: shares.reduce((sum, one) => sum + one, 0) / shares.length }
  })
}

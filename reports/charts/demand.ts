/**
 * Demand against what was served and what was rejected, over time. A request counts once: how often
 * its consumer came back with it is told apart, and so is what was wrong in itself.
 */
import { figureOf } from "../estimate-text.ts"
import type { RunResult } from "../../sim/results/models/run-model.ts"
import { bandsOf } from "../bands.ts"
import type { Bands } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { legendOf } from "../line-names.ts"
import { daysOf, linesInWords, timeLines, timeNotes, titleWithUnit } from "../time-lines.ts"
import { noSeries } from "./missing.ts"

const parts = ["arrived", "rejected", "served"] as const

export const demand: ChartOf = (result) => {
  const id = "demand"
  const name = "Requests"
  const found = parts.map((part) => ({ part, bands: bandsOf(result, `requests.${part}`) }))
  const arrived = found[0]?.bands
  if (arrived === undefined) return noSeries(id, name, "requests.arrived")
  const bands: Bands = {
    ...arrived,
    lines: found.flatMap(({ part, bands: own }) =>
      (own?.lines ?? []).slice(0, 1).map((line) => ({ ...line, key: part })),
    ),
  }
  return {
    id,
    name,
    title: titleOf(result),
    notes: [...notesOf(result), ...timeNotes(bands)],
    alternative: `Requests a second over time. ${linesInWords(bands)}.`,
    legend: legendOf(bands),
    isOverTime: true,
    spec: timeLines({
      bands,
      xTitle: "days since the start",
      yTitle: titleWithUnit("requests", bands.unit),
      days: daysOf(result.horizonSeconds),
      warmupDays: daysOf(result.warmupSeconds),
      keys: parts,
      linked: true,
    }),
  }
}

const notesOf = (result: RunResult): ReadonlyArray<string> => {
  const wrong = [
    ["requests.badInputShare", "were wrong in themselves"],
    ["requests.tooLongShare", "too long for the node that got them"],
  ].flatMap(([name, words]) =>
    (result.metrics[name]?.mean ?? 0) > 0 ? [`${figureOf(result, name)} ${words}`] : [],
  )
  const retries = figureOf(result, "requests.retriesPerRequest")
  return [
    ...(wrong.length === 0
      ? []
      : [`Answered with a 4xx, neither served nor rejected: ${wrong.join(", ")}.`]),
    ...(retries === undefined || result.metrics["requests.retriesPerRequest"].mean === 0
      ? []
      : [
          "A request that is refused and comes back counts once; consumers came back " +
            `${retries.replace(/\u00a0.*/, "")} times for each request.`,
        ]),
  ]
}

const titleOf = (result: RunResult): string => {
  const served = figureOf(result, "requests.servedShare")
  const rejected = figureOf(result, "requests.rejectedShare")
  if (served === undefined) return "Requests that arrived"
  return `${served} of the requests were served${rejected === undefined ? "" : `, ${rejected} rejected`}`
}

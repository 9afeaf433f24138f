/**
 * A newcomer's ramp against the traffic and the pay it gets, by its age: time here is time since
 * joining, and 1 is what an equal veteran has.
 */
import { figureText } from "../estimate-text.ts"
import { bandsOf } from "../bands.ts"
import type { Bands } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import type { RunResult } from "../../sim/results/models/run-model.ts"
import { legendOf } from "../line-names.ts"
import { daysOf, linesInWords, timeLines, timeNotes } from "../time-lines.ts"
import { noSeries } from "./missing.ts"

const parts = ["ramp", "traffic", "pay"] as const

export const newcomer: ChartOf = (result) => {
  const id = "newcomer"
  const name = "A newcomer’s first days"
  const found = parts.flatMap((part) => {
    const bands = bandsOf(result, `newcomer.${part}`)
    return bands === undefined ? [] : [{ part, bands }]
  })
  const [sample] = found
  if (sample === undefined) return noSeries(id, name, "newcomer.ramp")
  const bands: Bands = {
    ...sample.bands,
    unit: "",
    lines: found.flatMap(({ part, bands: own }) =>
      own.lines.slice(0, 1).map((line) => ({ ...line, key: part })),
    ),
  }
  const ages = bands.lines.flatMap(({ points }) => points.map(({ day }) => day))
  const days = Math.max(...ages) + daysOf(bands.pointSeconds) / 2
  return {
    id,
    name,
    title: titleOf(result),
    notes: [
      "Time is the node’s age: days since it joined, not days of the run. Equal veterans have the " +
        "same device, slots and model; both count by the time that they were online.",
      ...timeNotes(bands),
    ],
    alternative: `Ratio to an equal veteran by age. ${linesInWords(bands)}.`,
    legend: legendOf(bands),
    isOverTime: false,
    spec: timeLines({
      bands,
      xTitle: "days since joining",
      yTitle: "ratio to an equal veteran",
      days,
      warmupDays: 0,
      keys: parts,
      // Pay mostly lies on traffic.
      broken: ["pay"],
      reference: { at: 1, label: "equal veteran", side: "left" },
      linked: false,
    }),
  }
}

const titleOf = (result: RunResult): string => {
  const of = (part: string) => {
    const estimate = result.metrics[`newcomer.${part}FirstWeek`]
    return estimate === undefined ? undefined : figureText(estimate)
  }
  const [ramp, traffic, pay] = parts.map(of)
  if (traffic === undefined) return "A newcomer against an equal veteran"
  return [
    `In its first week a newcomer gets ${traffic} of an equal veteran’s traffic`,
    ...(pay === undefined ? [] : [` and ${pay} of its pay`]),
    ...(ramp === undefined ? [] : [`; the ramp allows ${ramp}`]),
  ].join("")
}

/** A comparison drawn: what differs, and both runs' courses on the same axes. */
import type { ComparisonResult } from "../../sim/results/models/comparison-model.ts"
import type { Bands } from "../bands.ts"
import { bandsOf } from "../bands.ts"
import type { Chart, MissingChart } from "../chart.ts"
import { intervalChart } from "../interval-chart.ts"
import { legendOf } from "../line-names.ts"
import { counted } from "../number-format.ts"
import { daysOf, linesInWords, timeLines, timeNotes, titleWithUnit } from "../time-lines.ts"
import { movedOf, primaryOf } from "./difference-text.ts"

const mostRows = 24

/** Differences as shares of the baseline, so that metrics of all units stand on one axis. */
const differences = (result: ComparisonResult): Chart | MissingChart => {
  const id = "differences"
  const name = "What differs"
  const chosen = [...primaryOf(result), ...movedOf(result)].filter(
    ([, { relative }]) => relative !== null && relative !== 0,
  )
  if (chosen.length === 0) return { id, name, reason: "No metric differs that has a baseline." }
  const rows = chosen.slice(0, mostRows).map(([metric, { baseline, difference, low, high, n }]) => {
    const share = (value: number) => (100 * value) / Math.abs(baseline)
    return {
      label: metric,
      series: result.variantName,
      estimate: {
        mean: share(difference),
        low: low === null ? null : share(low),
        high: high === null ? null : share(high),
        n,
      },
    }
  })
  return intervalChart({
    id,
    name,
    title: `${counted(chosen.length, "metric")} differ, by these shares of the baseline`,
    notes: [
      "Metrics named beforehand come first, then those that moved, the surest first.",
      ...(chosen.length > mostRows ? [`The first ${mostRows} are drawn.`] : []),
      `${counted(result.baseline.replications.length, "replication")} of either side.`,
    ],
    rows,
    keys: [result.variantName],
    xTitle: "difference, % of the baseline",
    bounds: [{ at: 0, label: "as before" }],
  })
}

interface Course {
  readonly id: string
  readonly name: string
  readonly series: string
  readonly key: string
  readonly yTitle: string
}

const courses: ReadonlyArray<Course> = [
  { id: "served", name: "Served requests", series: "requests.served", key: "", yTitle: "served" },
  {
    id: "rejected",
    name: "Rejected requests",
    series: "requests.rejected",
    key: "",
    yTitle: "rejected",
  },
  {
    id: "utilisation",
    name: "Busy slots of consumer GPUs",
    series: "utilisation",
    key: "consumer",
    yTitle: "busy slots",
  },
  {
    id: "providers",
    name: "Pay of hosts",
    series: "credits",
    key: "providers",
    yTitle: "to hosts",
  },
  {
    id: "bounty-pool",
    name: "Bounty pool",
    series: "bountyPool.balance",
    key: "",
    yTitle: "balance",
  },
  {
    id: "parked",
    name: "Parked instances",
    series: "breaker.parkedShare",
    key: "",
    yTitle: "parked",
  },
]

const sides = ["baseline", "variant"] as const

const courseChart = (
  result: ComparisonResult,
  { id, name, series, key, yTitle }: Course,
): Chart | MissingChart => {
  const found = sides.flatMap((side) => {
    const bands = bandsOf(result[side], series)
    const line = bands?.lines.find((one) => one.key === key)
    return bands === undefined || line === undefined ? [] : [{ side, bands, line }]
  })
  const [first] = found
  if (first === undefined || found.length < sides.length)
    return { id, name, reason: "One of the runs recorded no values of it." }
  const bands: Bands = {
    ...first.bands,
    lines: found.map(({ side, line }) => ({ ...line, key: side })),
  }
  const days = daysOf(Math.max(result.baseline.horizonSeconds, result.variant.horizonSeconds))
  return {
    id,
    name,
    title: `${name}, baseline and variant`,
    notes: timeNotes(bands),
    alternative: `${name} over time. ${linesInWords(bands)}.`,
    legend: legendOf(bands),
    isOverTime: true,
    spec: timeLines({
      bands,
      xTitle: "days since the start",
      yTitle: bands.unit === "share" ? yTitle : titleWithUnit(yTitle, bands.unit),
      days,
      warmupDays: daysOf(result.baseline.warmupSeconds),
      keys: sides,
      linked: true,
    }),
  }
}

export const comparisonCharts = (
  result: ComparisonResult,
): {
  readonly differs: Chart | MissingChart
  readonly courses: ReadonlyArray<Chart | MissingChart>
} => ({
  differs: differences(result),
  courses: courses.map((course) => courseChart(result, course)),
})

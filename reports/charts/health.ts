/**
 * How the health scores of the instances are distributed.
 *
 * Scores crowd just below 1 (a newcomer starts at 0.95), so the axis begins where the lowest score
 * lies, and the notes say where.
 */
import type { TopLevelSpec } from "vega-lite"
import { chartHeight, pointerLayer } from "../chart.ts"
import type { ChartOf, Layer } from "../chart.ts"
import { quantileOf, shareBelow, sharesOf } from "../histogram-shares.ts"
import type { ShareLine } from "../histogram-shares.ts"
import { forChart, formatNumber, formatShare } from "../number-format.ts"
import { spreadNote } from "../spread.ts"
import { noHistogram } from "./missing.ts"

const fair = 0.95

export const health: ChartOf = (result) => {
  const id = "health"
  const name = "Health scores"
  const shares = sharesOf(result, "health")
  const line = shares?.lines.find(({ key }) => key === "") ?? shares?.lines[0]
  if (shares === undefined || line === undefined) return noHistogram(id, name, "health")
  const lowest = line.bins.find(({ mean }) => mean > 0)?.lower ?? 0
  const from = Math.max(0, Math.floor(lowest * 10) / 10)
  const atLeast = formatShare(1 - shareBelow(line, fair))
  const median = formatNumber(quantileOf(line, 0.5))
  return {
    id,
    name,
    title: `${atLeast} of the health scores are ${fair} or more; the median is ${median}`,
    notes: [
      ...(from > 0 ? [`The axis begins at ${from}: no lower bin holds a score.`] : []),
      spreadNote(shares.replications).replace("the band", "the whisker"),
    ],
    alternative:
      `Histogram of health scores from ${formatNumber(lowest)} to 1, median ${median}, ` +
      `${atLeast} at ${fair} or above.`,
    legend: [],
    isOverTime: false,
    spec: specOf(line, from),
  }
}

const specOf = (line: ShareLine, from: number): TopLevelSpec => {
  const x = {
    type: "quantitative" as const,
    scale: { domain: [from, 1], nice: false },
    axis: { title: "health score", format: "~g" },
  }
  const y = {
    type: "quantitative" as const,
    axis: { title: "instances in the bin", format: "~%" },
  }
  const rows = line.bins
    .filter(({ upper }) => upper > from)
    .map(({ lower, upper, mean, low, high }) => ({
      score: `${formatNumber(lower)} to ${formatNumber(upper)}`,
      lower: forChart(Math.max(lower, from)),
      upper: forChart(upper),
      middle: forChart((lower + upper) / 2),
      share: forChart(mean),
      low: forChart(Math.max(0, low ?? mean)),
      high: forChart(high ?? mean),
    }))
  const whiskers: ReadonlyArray<Layer> = rows.some(({ low, high }) => high > low)
    ? [
        {
          transform: [{ filter: "datum.high > datum.low" }],
          mark: { type: "rule", clip: true },
          encoding: {
            x: { ...x, field: "middle" },
            y: { ...y, field: "low" },
            y2: { field: "high" },
          },
        },
      ]
    : []
  return {
    width: "container",
    height: chartHeight,
    data: { values: rows },
    layer: [
      {
        mark: { type: "bar", binSpacing: 1 },
        encoding: {
          x: { ...x, field: "lower", bin: "binned" },
          x2: { field: "upper" },
          y: { ...y, field: "share" },
        },
      },
      ...whiskers,
      {
        name: pointerLayer,
        mark: { type: "rect", opacity: 0 },
        encoding: {
          x: { ...x, field: "lower" },
          x2: { field: "upper" },
          y: { value: 0 },
          y2: { value: "height" },
          tooltip: [
            { field: "score", type: "nominal" },
            { field: "share", type: "quantitative", format: ".2%" },
          ],
        },
      },
    ],
  }
}

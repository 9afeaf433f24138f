/**
 * The health scores of the instances at the end, a bar a step of the score.
 *
 * Scores crowd at 1, which is a bar of its own: most instances have failed none of their latest
 * attempts, and next to these the others are few. So each bar says its share beside it.
 */
import type { TopLevelSpec } from "vega-lite"
import { pointerLayer } from "../chart.ts"
import type { ChartOf } from "../chart.ts"
import { counted, forChart, formatNumber, formatShare, spreadInWords } from "../number-format.ts"
import { spreadNote, spreadOf } from "../spread.ts"
import type { RunResult } from "../../sim/results/models/run-model.ts"

/** Widths of a step, of which the finest is taken that makes no more bars than {@link mostBars}. */
const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
const mostBars = 12

export const health: ChartOf = (result) => {
  const id = "health"
  const name = "Health scores"
  const scores = scoresOf(result)
  const all = scores.flat()
  if (all.length === 0)
    return { id, name, reason: "The run recorded no instance that was there at the end." }
  const lowest = Math.min(...all)
  const bars = barsOf(scores, lowest)
  const [whole] = bars
  const words = bars
    .filter(({ share }) => share > 0)
    .map(({ score, withInterval }) => `${score}: ${withInterval}`)
  return {
    id,
    name,
    title: `${formatShare(whole.share)} of the health scores are 1, and the lowest is ${formatNumber(lowest)}`,
    notes: [
      `${counted(all.length, "instance")} that were there at the end. A score counts from its bar's first number to below the second.`,
      spreadNote(scores.length).replace("the band", "the whisker"),
    ],
    alternative: `Health scores at the end, the share of the instances. ${words.join("; ")}.`,
    legend: [],
    isOverTime: false,
    spec: specOf(bars),
  }
}

/** By replication; one without an instance at its end has no share of any score. */
const scoresOf = ({ replications }: RunResult): ReadonlyArray<ReadonlyArray<number>> =>
  replications
    .map(({ nodes }) =>
      nodes
        .filter(({ leftSeconds, onlineHours }) => leftSeconds === null && onlineHours > 0)
        .map((node) => node.health),
    )
    .filter((scores) => scores.length > 0)

interface Bar {
  readonly score: string
  readonly share: number
  readonly low: number
  readonly high: number
  readonly text: string
  readonly withInterval: string
}

/** The highest score first, down to the step that holds the lowest. */
const barsOf = (
  scores: ReadonlyArray<ReadonlyArray<number>>,
  lowest: number,
): readonly [Bar, ...Array<Bar>] => {
  const stepsDown = (step: number): number => Math.ceil((1 - lowest) / step - rounding)
  const step = steps.find((one) => stepsDown(one) < mostBars) ?? 1
  return [
    barOf("1", scores, (score) => score >= 1),
    ...Array.from({ length: stepsDown(step) }, (_, down) => {
      const [from, to] = [1 - (down + 1) * step, 1 - down * step]
      return barOf(
        `${formatNumber(from)} to ${formatNumber(to)}`,
        scores,
        (score) => score < 1 && score >= from - rounding && score < to - rounding,
      )
    }),
  ]
}

/** A score that is a whole number of steps lies where it should, whatever its last binary digit. */
const rounding = 1e-9

const barOf = (
  score: string,
  scores: ReadonlyArray<ReadonlyArray<number>>,
  isIn: (score: number) => boolean,
): Bar => {
  const shares = scores.map((own) => own.filter(isIn).length / own.length)
  const { mean, low, high } = spreadOf(shares) ?? { mean: 0, low: null, high: null }
  const within = (value: number): number => Math.min(1, Math.max(0, value))
  const ends = { low: low === null ? null : within(low), high: high === null ? null : within(high) }
  return {
    score,
    share: forChart(mean),
    low: forChart(ends.low ?? mean),
    high: forChart(ends.high ?? mean),
    text: formatShare(mean),
    withInterval: spreadInWords({ mean, ...ends }, "share"),
  }
}

const specOf = (bars: ReadonlyArray<Bar>): TopLevelSpec => {
  const y = {
    field: "score",
    type: "nominal" as const,
    sort: null,
    axis: { title: "health score", minExtent: 0 },
  }
  const x = {
    type: "quantitative" as const,
    // Room on the right for the longest bar's text.
    scale: { domain: [0, 1.25], nice: false },
    axis: { title: "share of the instances", format: "~%", values: [0, 0.25, 0.5, 0.75, 1] },
  }
  return {
    width: "container",
    height: bars.length * 24,
    data: { values: [...bars] },
    layer: [
      {
        mark: { type: "bar", height: { band: 0.6 } },
        encoding: { y, x: { ...x, field: "share" } },
      },
      {
        transform: [{ filter: "datum.high > datum.low" }],
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: { y, x: { ...x, field: "low" }, x2: { field: "high" } },
      },
      {
        mark: { type: "text", style: "note", baseline: "middle", dx: 8, align: "left" },
        encoding: { y, x: { ...x, field: "high" }, text: { field: "text" } },
      },
      {
        name: pointerLayer,
        mark: { type: "bar", opacity: 0 },
        encoding: {
          y,
          x: { value: 0 },
          x2: { value: "width" },
          tooltip: [
            { field: "score", title: "health score" },
            { field: "withInterval", title: "share of the instances" },
          ],
        },
      },
    ],
  }
}

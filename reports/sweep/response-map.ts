/**
 * A metric over two factors of many values each, as a map: shade for the mean, its interval in words
 * in the field.
 */
import type { MetricFacts } from "../../sim/results/models/metric-facts.ts"
import type { Chart } from "../chart.ts"
import { forChart, formatNumber, formatShare, spreadInWords } from "../number-format.ts"
import type { Response } from "./responses.ts"

export interface MapOptions {
  readonly id: string
  readonly metric: string
  readonly facts: MetricFacts
  readonly factors: readonly [string, string]
  /** What the factors do to the metric, told from chance, as the rest of a sentence; "": not known. */
  readonly finding: string
  readonly responses: ReadonlyArray<Response>
  readonly notes: ReadonlyArray<string>
}

const rowHeight = 34

/** What ± is, by the number of replications. */
const spreadWords = [
  "",
  "One replication: no interval can be given.",
  "Mean of 2 replications; ± is half the distance between them.",
  "Means over the replications; ± is the half-width of a 95% Student-t interval.",
]

/** Wider fields than this one hold no words. */
const mostColumnsWithWords = 8

export const responseMap = ({
  id,
  metric,
  facts,
  factors,
  finding,
  responses,
  notes,
}: MapOptions): Chart => {
  const sorted = responses.toSorted((a, b) => a.spread.mean - b.spread.mean)
  const [least, most] = [sorted[0], sorted[sorted.length - 1]]
  const place = ({ values }: Response) =>
    factors.map((one, at) => `${one} ${values[at]}`).join(", ")
  const word = (value: number) =>
    facts.unit === "share" ? formatShare(value) : formatNumber(value)
  const estimate = ({ spread }: Response): string =>
    spread.low === null || spread.high === null
      ? word(spread.mean)
      : `${word(spread.mean)} ± ${word((spread.high - spread.low) / 2)}`
  const unitText = facts.unit === "share" || facts.unit === "" ? "" : ` ${facts.unit}`
  const rows = responses.map(({ values, spread, n }) => ({
    x: String(values[0]),
    y: String(values[1]),
    mean: forChart(spread.mean),
    text: estimate({ values, spread, n }),
    [metric]: spreadInWords(spread, facts.unit),
  }))
  const columns = new Set(rows.map(({ x }) => x)).size
  const x = {
    field: "x",
    type: "ordinal" as const,
    sort: null,
    axis: { title: factors[0], labelAngle: 0 },
  }
  const y = { field: "y", type: "ordinal" as const, sort: null, axis: { title: factors[1] } }
  return {
    id,
    name: `${metric} by ${factors.join(" and ")}`,
    title: `${facts.label}${finding === "" ? "" : `: ${finding}`}${finding === "" ? " is" : ";"} lowest, ${estimate(least)}${unitText}, with ${place(least)}; highest, ${estimate(most)}${unitText}, with ${place(most)}`,
    notes: [`${facts.meaning}.`, spreadWords[Math.min(3, most.n)] ?? "", ...notes],
    alternative: `${metric} by ${factors.join(" and ")}: ${rows.map((row) => `${row.x}, ${row.y}: ${row.text}`).join("; ")}.`,
    legend: [],
    isOverTime: false,
    spec: {
      width: "container",
      height: new Set(rows.map((row) => row.y)).size * rowHeight,
      data: { values: rows },
      layer: [
        {
          mark: { type: "rect", tooltip: { content: "data" } },
          encoding: {
            x,
            y,
            opacity: {
              field: "mean",
              type: "quantitative",
              legend: null,
              scale: {
                domain: [least.spread.mean, most.spread.mean],
                range: [0.05, 0.5],
                zero: false,
              },
            },
          },
        },
        ...(columns > mostColumnsWithWords
          ? []
          : [
              {
                mark: {
                  type: "text" as const,
                  style: "note",
                  align: "center" as const,
                  baseline: "middle" as const,
                },
                encoding: { x, y, text: { field: "text" } },
              },
            ]),
      ],
    },
  }
}

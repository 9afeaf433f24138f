/**
 * The credits that went each way in the whole run: one bar a flow.
 */
import type { TopLevelSpec } from "vega-lite"
import type { RunResult } from "../../sim/results/models/run-model.ts"
import type { ChartOf } from "../chart.ts"
import { pointerLayer } from "../chart.ts"
import { formatNumber, formatShare, forChart, secondsPerHour } from "../number-format.ts"
import { spreadNote, spreadOf } from "../spread.ts"
import type { Spread } from "../spread.ts"
import { destinations, flowLabels } from "./credits.ts"
import { noSeries } from "./missing.ts"

export const creditTotals: ChartOf = (result) => {
  const id = "credit-totals"
  const name = "Credits in total"
  const flows = Object.entries(flowLabels).flatMap(([key, label]) => {
    const total = spreadOf(totalsOf(result, key))
    return total === undefined ? [] : [{ key, label, total, isPart: destinations.includes(key) }]
  })
  const spent = flows.reduce((sum, { isPart, total }) => sum + (isPart ? total.mean : 0), 0)
  if (flows.length === 0) return noSeries(id, name, "credits")
  const rows = flows.map(({ label, total, isPart }) => ({
    label,
    total: forChart(total.mean),
    low: forChart(total.low ?? total.mean),
    high: forChart(total.high ?? total.mean),
    kind: isPart ? "part of what was spent" : "another flow",
    text:
      formatNumber(total.mean) +
      (isPart && spent > 0 ? ` (${formatShare(total.mean / spent)})` : ""),
  }))
  const n = result.replications.length
  return {
    id,
    name,
    title: `Consumers spent ${formatNumber(spent)} credits`,
    notes: [
      "Totals over the whole run, warm-up included; percentages are of what consumers spent.",
      spreadNote(n).replace("the band", "the whisker"),
      "Bounties are paid out of the bounty pool, gifts are among the credits spent: neither adds to it.",
    ],
    alternative: `Credits in total: ${rows.map(({ label, text }) => `${label} ${text}`).join("; ")}.`,
    legend: ["part of what was spent", "another flow"],
    isOverTime: false,
    spec: specOf(rows),
  }
}

interface TotalRow extends Omit<Spread, "mean"> {
  readonly label: string
  readonly total: number
  readonly kind: string
  readonly text: string
}

const specOf = (rows: ReadonlyArray<TotalRow>): TopLevelSpec => {
  const y = {
    field: "label",
    type: "nominal" as const,
    sort: null,
    axis: { title: null, labelLimit: 150, minExtent: 0 },
  }
  const most = Math.max(...rows.map((row) => row.high ?? row.total))
  const x = {
    type: "quantitative" as const,
    axis: { title: "credits", tickCount: 4, format: ",d" },
    // Room on the right for the longest bar's text.
    scale: { domain: [0, most === 0 ? 1 : most * 1.7], nice: false },
  }
  return {
    width: "container",
    height: rows.length * 32,
    data: { values: [...rows] },
    layer: [
      {
        mark: { type: "bar", height: { band: 0.6 } },
        encoding: {
          y,
          x: { ...x, field: "total" },
          color: {
            field: "kind",
            type: "nominal",
            scale: { domain: ["part of what was spent", "another flow"] },
          },
        },
      },
      {
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: { y, x: { ...x, field: "low" }, x2: { field: "high" } },
      },
      {
        mark: { type: "text", style: "note", baseline: "middle", dx: 8 },
        encoding: { y, x: { ...x, field: "high" }, text: { field: "text" } },
      },
      {
        name: pointerLayer,
        mark: { type: "bar", opacity: 0, tooltip: { content: "data" } },
        encoding: { y, x: { ...x, field: "high" } },
      },
    ],
  }
}

/** Credits of one flow in each replication: rate × time, summed over the bins. */
const totalsOf = (result: RunResult, flow: string): ReadonlyArray<number> =>
  result.replications.flatMap(({ series }) =>
    series
      .filter(({ name, key }) => name === "credits" && key === flow)
      .map(({ values, binSeconds }) =>
        values.reduce<number>(
          (sum, value) => sum + ((value ?? 0) * binSeconds) / secondsPerHour,
          0,
        ),
      ),
  )

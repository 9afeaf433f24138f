/**
 * What a day's credits are: one bar a flow, as the run's metrics have it.
 */
import type { TopLevelSpec } from "vega-lite"
import type { Estimate } from "../../sim/results/models/run-model.ts"
import type { ChartOf } from "../chart.ts"
import { pointerLayer } from "../chart.ts"
import { estimateText } from "../estimate-text.ts"
import { counted, forChart } from "../number-format.ts"

/** What consumers pay is split among the parts; the other flows are none of them. */
const flows = [
  { metric: "credits.providersPerDay", label: "shares to hosts", kind: "part of what is paid" },
  { metric: "credits.platformPerDay", label: "fees kept", kind: "part of what is paid" },
  { metric: "credits.poolPerDay", label: "into the bounty pool", kind: "part of what is paid" },
  { metric: "credits.bountiesPerDay", label: "bounties paid out", kind: "another flow" },
  { metric: "surplus.consumersPerDay", label: "consumer surplus", kind: "another flow" },
] as const

const kinds = ["part of what is paid", "another flow"]

export const creditTotals: ChartOf = ({ metrics, creditUsd, replications }) => {
  const id = "credit-totals"
  const name = "A day's credits"
  const rows = flows.flatMap(({ metric, label, kind }) =>
    metric in metrics ? [rowOf(label, kind, metrics[metric], creditUsd)] : [],
  )
  const gross = metrics["credits.grossPerDay"]
  if (rows.length === 0 || gross === undefined || replications.length === 0)
    return { id, name, reason: "The run recorded no flows of credits." }
  const { mean, usd } = estimateText(gross, creditUsd)
  return {
    id,
    name,
    title: `Consumers pay ${mean} credits a day, ${usd}`,
    notes: [
      "What consumers pay goes to hosts, to the platform and into the bounty pool, which withheld pay goes to as well.",
      `Mean of ${counted(replications.length, "replication")}; the whisker is the 95% interval of the mean.`,
      "Bounties are paid out of the pool; surplus is what calls were worth beyond their price: neither is a part of it.",
    ],
    alternative: `Credits a day: ${rows.map(({ label, text }) => `${label} ${text}`).join("; ")}.`,
    legend: kinds,
    isOverTime: false,
    spec: specOf(rows),
  }
}

interface FlowRow {
  readonly label: string
  readonly kind: string
  readonly mean: number
  readonly low: number
  readonly high: number
  readonly text: string
}

const rowOf = (label: string, kind: string, estimate: Estimate, creditUsd: number): FlowRow => {
  const { mean, usd } = estimateText(estimate, creditUsd)
  return {
    label,
    kind,
    mean: forChart(estimate.mean),
    low: forChart(estimate.low ?? estimate.mean),
    high: forChart(estimate.high ?? estimate.mean),
    text: `${mean} (${usd})`,
  }
}

const specOf = (rows: ReadonlyArray<FlowRow>): TopLevelSpec => {
  const y = {
    field: "label",
    type: "nominal" as const,
    sort: null,
    axis: { title: null, labelLimit: 150, minExtent: 0 },
  }
  const most = Math.max(...rows.map(({ high }) => high))
  const least = Math.min(0, ...rows.map(({ low }) => low))
  const x = {
    type: "quantitative" as const,
    axis: { title: "credits a day", tickCount: 4 },
    // Room on the right for the longest bar's text.
    scale: { domain: [least, most <= 0 ? 1 : most * 1.7], nice: false },
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
          x: { ...x, field: "mean" },
          // Beside the bars' names a phone has no room for two columns.
          color: {
            field: "kind",
            type: "nominal",
            scale: { domain: kinds },
            legend: { columns: 1 },
          },
        },
      },
      {
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: { y, x: { ...x, field: "low" }, x2: { field: "high" } },
      },
      {
        mark: { type: "text", style: "note", baseline: "middle", dx: 8, align: "left" },
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

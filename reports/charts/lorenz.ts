/**
 * How unequally nodes are paid for an hour online: the Lorenz curve (Lorenz, 1905), with the Gini
 * coefficient and Jain's index (Jain, Chiu and Hawe, 1984).
 *
 * With pay per online hour x₁ ≤ … ≤ xₙ the curve joins the points (k/n, Σᵢ≤ₖ xᵢ / Σ x);
 * Gini = 2 Σ i·xᵢ / (n Σ x) − (n + 1)/n, and Jain = (Σ x)² / (n Σ x²).
 */
import { figureOf } from "../estimate-text.ts"
import type { TopLevelSpec } from "vega-lite"
import type { NodeOutcome } from "../../sim/results/models/run-model.ts"
import type { ChartOf, Layer } from "../chart.ts"
import { counted, forChart, formatShare } from "../number-format.ts"
import { spreadNote, spreadOf } from "../spread.ts"
import type { Spread } from "../spread.ts"
import { pointerRule } from "../time-lines.ts"
import { lorenzCurve } from "../../sim/statistics/samples/inequality.ts"
import { noNodes } from "./missing.ts"
import { afterWarmup } from "./warm-up-words.ts"

/** Pay per online hour of the nodes that were online at all, lowest first, in minor units. */
export const hourlyPay = (nodes: ReadonlyArray<NodeOutcome>): ReadonlyArray<number> =>
  nodes
    .filter(({ onlineHours }) => onlineHours > 0)
    .map(({ shareEarned, bountyEarned, onlineHours }) => (shareEarned + bountyEarned) / onlineHours)
    .sort((a, b) => a - b)

const steps = 50

export const lorenz: ChartOf = (result) => {
  const id = "lorenz"
  const name = "Equality of pay"
  const paid = result.replications
    .map(({ nodes }) => hourlyPay(nodes))
    .filter((sorted) => sumOf(sorted) > 0)
  if (paid.length === 0) return noNodes(id, name)
  const curves = paid.map((amounts) => lorenzCurve(amounts, steps))
  const rows = Array.from({ length: steps + 1 }, (_, at) => {
    const share = at / steps
    const spread = spreadOf(curves.map((curve) => curve[at].amount))
    return { share, spread: spread ?? { mean: Number.NaN, low: null, high: null } }
  })
  const lowerHalf = rows[steps / 2]?.spread.mean ?? Number.NaN
  const indices = [
    ["Gini", "earnings.gini", "0: equal"],
    ["Jain", "earnings.jain", "1: equal"],
  ].flatMap(([label, metric, meaning]) => {
    const figure = figureOf(result, metric)
    return figure === undefined ? [] : [{ text: `${label} ${figure}`, meaning }]
  })
  const never = result.replications.reduce(
    (sum, { nodes }) => sum + nodes.filter(({ onlineHours }) => onlineHours <= 0).length,
    0,
  )
  return {
    id,
    name,
    title: `The lower-paid half of the nodes gets ${formatShare(lowerHalf)} of the pay per hour`,
    notes: [
      ...indices.map(({ text, meaning }) => `${text} (${meaning}).`),
      `Pay is share and bounty per online hour${afterWarmup(result)}, each node counted once, lowest ` +
        "first; the straight line is equal pay for all.",
      spreadNote(paid.length),
      ...(never > 0
        ? [`${counted(never, "node")} not online${afterWarmup(result)}: left out.`]
        : []),
    ],
    alternative:
      `Lorenz curve${indices.map(({ text }) => `, ${text}`).join("")}: the lowest-paid tenth earns ${shareAt(rows, 0.1)}, the lower half ` +
      `${shareAt(rows, 0.5)}, the lower nine tenths ${shareAt(rows, 0.9)} of the pay per hour.`,
    legend: [],
    isOverTime: false,
    spec: specOf(
      rows,
      indices.map(({ text }) => text),
    ),
  }
}

interface LorenzRow {
  readonly share: number
  readonly spread: Spread
}

const shareAt = (rows: ReadonlyArray<LorenzRow>, share: number): string =>
  formatShare(rows[Math.round(share * steps)]?.spread.mean ?? Number.NaN)

const specOf = (rows: ReadonlyArray<LorenzRow>, indices: ReadonlyArray<string>): TopLevelSpec => {
  const x = {
    type: "quantitative" as const,
    scale: { domain: [0, 1], nice: false },
    axis: { title: "share of the nodes, lowest-paid first", format: "~%" },
  }
  const y = {
    type: "quantitative" as const,
    scale: { domain: [0, 1], nice: false },
    axis: { title: "share of the pay", format: "~%" },
  }
  const bandLayer: ReadonlyArray<Layer> = rows.some(({ spread }) => spread.low !== null)
    ? [
        {
          data: { name: "curve" },
          mark: { type: "area", fillOpacity: 0.25 },
          encoding: {
            x: { ...x, field: "nodes" },
            y: { ...y, field: "low" },
            y2: { field: "high" },
          },
        },
      ]
    : []
  return {
    width: "container",
    height: 320,
    datasets: {
      curve: rows.map(({ share, spread }) => ({
        nodes: forChart(share),
        pay: forChart(spread.mean),
        ...(spread.low === null || spread.high === null
          ? {}
          : { low: forChart(spread.low), high: forChart(spread.high) }),
      })),
      pointed: rows.map(({ share, spread }) => ({
        nodes: forChart(share),
        "their pay": formatShare(spread.mean),
      })),
    },
    layer: [
      {
        data: { values: [{ from: 0, to: 1 }] },
        mark: { type: "rule", style: "reference" },
        encoding: {
          x: { ...x, field: "from" },
          x2: { field: "to" },
          y: { ...y, field: "from" },
          y2: { field: "to" },
        },
      },
      {
        data: { values: [{ x: 0.52, y: 0.55, label: "equal pay" }] },
        mark: { type: "text", style: "note", align: "right", dx: -8 },
        encoding: {
          x: { ...x, field: "x" },
          y: { ...y, field: "y" },
          text: { field: "label" },
        },
      },
      ...bandLayer,
      {
        data: { name: "curve" },
        mark: { type: "line" },
        encoding: { x: { ...x, field: "nodes" }, y: { ...y, field: "pay" } },
      },
      {
        data: { values: indices.map((label, line) => ({ label, x: 0.03, y: 0.97 - line * 0.07 })) },
        mark: { type: "text", style: "note", baseline: "top", fontSize: 13 },
        encoding: {
          x: { ...x, field: "x" },
          y: { ...y, field: "y" },
          text: { field: "label" },
        },
      },
      pointerRule("pointed", { ...x, field: "nodes" }),
    ],
  }
}

const sumOf = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b, 0)

/**
 * What nodes of each device class earn in a day online, against what they cost: a box plot over a
 * strip of single nodes.
 *
 * A box holds the middle half of the nodes, its whiskers the middle nine tenths; all replications
 * together, since a node is the unit here.
 */
import type { TopLevelSpec } from "vega-lite"
import type { NodeOutcome, RunResult } from "../../sim/results/models/run-model.ts"
import { pointerLayer } from "../chart.ts"
import type { ChartOf } from "../chart.ts"
import { deviceClassesOf } from "../keys.ts"
import { counted, forChart, formatNumber, formatShare } from "../number-format.ts"
import { noNodes } from "./missing.ts"
import { afterWarmup } from "./warm-up-words.ts"

/**
 * A node online for less than a day has no day to speak of: its rates are noise. Where the run counts less than
 * that, half of what it counts is asked for, as its metrics do.
 */
const leastOnlineHours = ({ horizonSeconds, warmupSeconds }: RunResult): number =>
  Math.min(24, (horizonSeconds - warmupSeconds) / 3600 / 2)

/** Dots for each class; more would be a smear, and the file's weight. */
const dotsPerClass = 150

interface ClassEarnings {
  readonly deviceClass: string
  readonly pay: ReadonlyArray<number>
  readonly cost: ReadonlyArray<number>
  readonly profitable: number
}

export const earnings: ChartOf = (result) => {
  const id = "earnings"
  const name = "Pay against cost"
  const classes = deviceClassesOf(result).flatMap((deviceClass) => {
    const found = classEarnings(result, deviceClass)
    return found.pay.length === 0 ? [] : [found]
  })
  if (classes.length === 0) return noNodes(id, name)
  const covered = classes.map(
    ({ deviceClass, profitable }) => `${deviceClass} ${formatShare(profitable)}`,
  )
  const nodes = classes.reduce((sum, { pay }) => sum + pay.length, 0)
  return {
    id,
    name,
    title: `Share of the nodes that earn more than they cost: ${covered.join(", ")}`,
    notes: [
      "Box: the middle half of the nodes, with the median; whiskers: the middle nine tenths; " +
        "dots: single nodes; diamond: median cost.",
      `${counted(nodes, "node")} with ${formatNumber(leastOnlineHours(result))} online hours or more, of ` +
        `${counted(result.replications.length, "replication")} together. ` +
        `Per day of 24 online hours${afterWarmup(result)}, bounties included.`,
    ],
    alternative: `Credits per node and day. ${classes.map(classInWords).join("; ")}.`,
    legend: ["pay", "median cost"],
    isOverTime: false,
    spec: specOf(classes),
  }
}

const classEarnings = (result: RunResult, deviceClass: string): ClassEarnings => {
  const minorPerCredit = Number(`1e${result.scale}`)
  const least = leastOnlineHours(result)
  const nodes = result.replications
    .flatMap((replication) => replication.nodes)
    .filter((node) => node.deviceClass === deviceClass && node.onlineHours >= least)
  const payOf = (node: NodeOutcome): number =>
    ((node.shareEarned + node.bountyEarned) / minorPerCredit / node.onlineHours) * 24
  const costOf = (node: NodeOutcome): number => (node.costCredits / node.onlineHours) * 24
  return {
    deviceClass,
    pay: nodes.map(payOf).sort((a, b) => a - b),
    cost: nodes.map(costOf).sort((a, b) => a - b),
    profitable: nodes.filter((node) => payOf(node) > costOf(node)).length / nodes.length,
  }
}

const classInWords = ({ deviceClass, pay, cost }: ClassEarnings): string =>
  `${deviceClass}: median pay ${formatNumber(quantile(pay, 0.5))} against a median cost of ` +
  `${formatNumber(quantile(cost, 0.5))}, middle half from ${formatNumber(quantile(pay, 0.25))} ` +
  `to ${formatNumber(quantile(pay, 0.75))}`

const specOf = (classes: ReadonlyArray<ClassEarnings>): TopLevelSpec => {
  const y = {
    field: "deviceClass",
    type: "nominal" as const,
    sort: null,
    axis: { title: null, minExtent: 0, labelLimit: 110 },
  }
  const x = {
    type: "quantitative" as const,
    axis: { title: "credits per node and day online" },
    scale: { zero: true },
  }
  const kind = {
    type: "nominal" as const,
    scale: { domain: ["pay", "median cost"] },
  }
  return {
    width: "container",
    height: classes.length * 64,
    datasets: {
      boxes: classes.map(({ deviceClass, pay, cost, profitable }) => ({
        deviceClass,
        kind: "pay",
        p5: forChart(quantile(pay, 0.05)),
        p25: forChart(quantile(pay, 0.25)),
        p50: forChart(quantile(pay, 0.5)),
        p75: forChart(quantile(pay, 0.75)),
        p95: forChart(quantile(pay, 0.95)),
        cost: forChart(quantile(cost, 0.5)),
        profitable: formatShare(profitable),
        nodes: pay.length,
      })),
      dots: classes.flatMap(({ deviceClass, pay }) =>
        sampled(pay).map((value, at) => ({
          deviceClass,
          pay: forChart(value),
          // Spread evenly by the golden ratio: no randomness, no pattern.
          offset: forChart((at * 0.6180339887498949) % 1),
        })),
      ),
    },
    data: { name: "boxes" },
    layer: [
      {
        data: { name: "dots" },
        mark: { type: "circle", size: 10, opacity: 0.35 },
        encoding: {
          y,
          yOffset: {
            field: "offset",
            type: "quantitative",
            scale: { domain: [-0.15, 1.15] },
          },
          x: { ...x, field: "pay" },
        },
      },
      {
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: { y, x: { ...x, field: "p5" }, x2: { field: "p95" } },
      },
      {
        mark: { type: "bar", height: 18, fillOpacity: 0.45 },
        encoding: {
          y,
          x: { ...x, field: "p25" },
          x2: { field: "p75" },
          color: { ...kind, field: "kind" },
        },
      },
      {
        mark: { type: "tick", thickness: 2.5, size: 18 },
        encoding: { y, x: { ...x, field: "p50" } },
      },
      {
        transform: [{ calculate: "'median cost'", as: "kind" }],
        mark: { type: "point", shape: "diamond", size: 90, filled: true, opacity: 1 },
        encoding: { y, x: { ...x, field: "cost" }, color: { ...kind, field: "kind" } },
      },
      {
        name: pointerLayer,
        mark: { type: "bar", opacity: 0, height: { band: 1 } },
        encoding: {
          y,
          x: { value: 0 },
          x2: { value: "width" },
          tooltip: [
            { field: "deviceClass", title: "device class" },
            { field: "nodes", title: "nodes" },
            { field: "p50", title: "median pay" },
            { field: "p25", title: "lower quartile" },
            { field: "p75", title: "upper quartile" },
            { field: "cost", title: "median cost" },
            { field: "profitable", title: "earn more than cost" },
          ],
        },
      },
    ],
  }
}

/** The value below which the share `p` of `sorted` lies, by linear interpolation. */
const quantile = (sorted: ReadonlyArray<number>, p: number): number => {
  const position = p * (sorted.length - 1)
  const below = Math.floor(position)
  const [low = Number.NaN, high = low] = [sorted[below], sorted[below + 1]]
  return low + (position - below) * (high - low)
}

/** Every k-th of the sorted values, so that the strip keeps the shape of the whole. */
const sampled = (sorted: ReadonlyArray<number>): ReadonlyArray<number> => {
  const stride = Math.max(1, sorted.length / dotsPerClass)
  const count = Math.min(sorted.length, dotsPerClass)
  return Array.from({ length: count }, (_, at) => sorted[Math.floor(at * stride)] ?? 0)
}

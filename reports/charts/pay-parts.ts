/** What a node's day is made of: what it is paid, what is withheld, what it costs; and what is left. */
import { estimateText } from "../estimate-text.ts"
import type { Chart, MissingChart } from "../chart.ts"
import { intervalChart } from "../interval-chart.ts"
import { counted } from "../number-format.ts"
import type { Estimate, RunResult } from "../../sim/results/models/run-model.ts"

const parts = [
  { label: "provider share", metric: (name: string) => `pay.${name}.share`, sign: 1 },
  { label: "bounties", metric: (name: string) => `pay.${name}.bounty`, sign: 1 },
  { label: "withheld for switches", metric: (name: string) => `pay.${name}.withheld`, sign: -1 },
  { label: "electricity or rent", metric: (name: string) => `pay.${name}.cost`, sign: -1 },
  { label: "profit", metric: (name: string) => `profit.${name}`, sign: 1 },
]

export const payParts = ({ metrics, replications, creditUsd }: RunResult): Chart | MissingChart => {
  const id = "pay-parts"
  const name = "What a node’s day is made of"
  const classes = ["consumer", "datacenter", "apple"].filter((one) => `profit.${one}` in metrics)
  const rows = classes.flatMap((series) =>
    parts.flatMap(({ label, metric, sign }) => {
      const estimate = metrics[metric(series)]
      return estimate === undefined ? [] : [{ label, series, estimate: signed(estimate, sign) }]
    }),
  )
  if (rows.length === 0 || replications.length === 0)
    return { id, name, reason: "The run recorded no node’s pay by its parts." }
  const left = classes.map((one) => {
    const { mean, usd } = estimateText(metrics[`profit.${one}`], creditUsd)
    return `${mean} (${one}, ${usd})`
  })
  return intervalChart({
    id,
    name,
    title: `A node’s day leaves its operator ${left.join(", ")} credits`,
    notes: [
      `Means over ${counted(replications.length, "replication")}, by the day online, of nodes that were there long enough, after the warm-up. The first four add up to the last.`,
    ],
    rows,
    keys: classes,
    xTitle: "credits a node and day",
    bounds: [{ at: 0, label: "" }],
  })
}

const signed = ({ mean, low, high, n }: Estimate, sign: number) =>
  sign > 0 || low === null || high === null
    ? { mean: sign * mean, low, high, n }
    : { mean: -mean, low: -high, high: -low, n }

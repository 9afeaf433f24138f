/** The charts of the queue: there where calls wait, by tier where there are tiers. */
import { describe, expect, it } from "vitest"
import { isMissing } from "../../../reports/chart.ts"
import type { Chart } from "../../../reports/chart.ts"
import { chartSections } from "../../../reports/charts/index.ts"
import { metricFacts } from "../../../sim/metrics/catalogue.ts"
import type { Estimate, RunResult } from "../../../sim/results/models/run-model.ts"
import { makeRunResult } from "../../support/run-result.ts"

const facts = metricFacts({
  models: [],
  parties: [],
  strategies: [],
  queue: { tiers: ["basic", "premium"], hasPreemption: false },
})
const estimate = (name: string, mean: number): Estimate => ({
  ...facts[name],
  mean,
  low: 0.9 * mean,
  high: 1.1 * mean,
  halfWidth: 0.1 * mean,
  n: 3,
  basis: "interval",
  trend: null,
})
const values: Readonly<Record<string, number>> = {
  "queue.waitedShare": 0.4,
  "queue.wait.mean": 8,
  "queue.wait.p99": 50,
  "queue.refused.full": 0.02,
  "queue.refused.timeout": 0,
  "queue.refused.left": 0.1,
}
const byTier: Readonly<Record<string, number>> = {
  "queue.wait.mean.by.basic": 12,
  "queue.wait.mean.by.premium": 5,
  "queue.servedShare.by.basic": 0.8,
  "queue.servedShare.by.premium": 0.95,
}

const usual = makeRunResult({ days: 4, models: ["small"], replications: 3 })
const withWaits = (metrics: Readonly<Record<string, number>>): RunResult => ({
  ...usual,
  metrics: {
    ...usual.metrics,
    ...Object.fromEntries(
      Object.entries(metrics).map(([name, mean]) => [name, estimate(name, mean)]),
    ),
  },
  replications: usual.replications.map((replication) => ({
    ...replication,
    series: [
      ...replication.series,
      ...["basic", "premium"].map((key) => ({
        name: "queue.wait",
        key,
        unit: "s",
        binSeconds: 86_400,
        values: key === "basic" ? [12, 13, null, 12] : [5, 5, 5, 5],
      })),
    ],
  })),
})
const section = (result: RunResult) => chartSections(result).find(({ id }) => id === "queue")
const chartOf = (result: RunResult, id: string): Chart => {
  const chart = chartSections(result)
    .flatMap(({ charts }) => charts)
    .find((one) => one.id === id)
  if (chart === undefined || isMissing(chart)) throw new Error(`no chart ${id}`)
  return chart
}
const tiered = withWaits({ ...values, ...byTier })

describe("the queue in a report", () => {
  it("is left out, with its heading, where no call waits", () => {
    expect(section(usual)).toBeUndefined()
  })

  it("shows waits over time, a line a tier", () => {
    const { legend, title } = chartOf(tiered, "queue-over-time")
    expect(title).toContain("40")
    expect(legend).toEqual(["basic", "premium"])
  })

  it("shows the mean and the slowest of all calls, and by tier", () => {
    const { alternative, title } = chartOf(tiered, "queue-waits")
    expect(title).toContain("8")
    expect(alternative).toContain("basic, mean: 12")
    expect(alternative).toContain("all calls, slowest 1%: 50")
  })

  it("names what calls are given up for most often", () => {
    expect(chartOf(tiered, "queue-refused").title).toContain("their consumers left")
    const { title } = chartOf(tiered, "rejections")
    expect(title).toContain("since the queue was full")
    expect(title).toContain("since their consumers would not wait")
    expect(title).not.toContain("for too long")
  })

  it("has who is served by tier where there are tiers alone", () => {
    expect(chartOf(tiered, "queue-served").title).toContain("premium")
    expect(section(withWaits(values))?.charts.map(({ id }) => id)).not.toContain("queue-served")
  })
})

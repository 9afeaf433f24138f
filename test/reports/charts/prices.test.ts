/** The charts of prices: there where hosts set them, and nowhere else. */
import { describe, expect, it } from "vitest"
import { isMissing } from "../../../reports/chart.ts"
import type { Chart } from "../../../reports/chart.ts"
import { chartSections } from "../../../reports/charts/index.ts"
import { metricFacts } from "../../../sim/metrics/catalogue.ts"
import type { Estimate, RunResult } from "../../../sim/results/models/run-model.ts"
import { makeRunResult } from "../../support/run-result.ts"

const models = ["small", "large"]
const facts = metricFacts({
  models: models.map((name) => ({ name, crowdSeconds: null })),
  parties: [],
  strategies: [],
  prices: ["premium", "undercutter"],
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

const usual = makeRunResult({ days: 4, models, replications: 3 })
/** What is paid stands at 100, what is asked between 50 and 400. */
const priced: RunResult = {
  ...usual,
  metrics: {
    ...usual.metrics,
    "price.paid.small": estimate("price.paid.small", 100),
    "price.share.by.premium": estimate("price.share.by.premium", 0.2),
    "price.share.by.undercutter": estimate("price.share.by.undercutter", 0.8),
    "price.profit.by.premium": estimate("price.profit.by.premium", 30),
    "price.profit.by.undercutter": estimate("price.profit.by.undercutter", 20),
  },
  replications: usual.replications.map((replication) => ({
    ...replication,
    series: [
      ...replication.series,
      ...Object.entries({ low: 50, median: 110, high: 400, paid: 100 }).map(([name, value]) => ({
        name: `price.${name}`,
        key: "small",
        unit: "credits/Mtok",
        binSeconds: 86_400,
        values: [value, value, value, value],
      })),
    ],
  })),
}

const section = (result: RunResult) => chartSections(result).find(({ id }) => id === "prices")
const chartOf = (id: string): Chart => {
  const chart = section(priced)?.charts.find((one) => one.id === id)
  if (chart === undefined || isMissing(chart)) throw new Error(`no chart ${id}`)
  return chart
}

describe("prices in a report", () => {
  it("are left out, with their heading, where the platform sets them", () => {
    expect(section(usual)).toBeUndefined()
  })

  it("are what is paid, in a band of what is asked", () => {
    const { title, alternative, spec } = chartOf("price-levels")
    expect(title).toContain("100")
    expect(title).toContain("small")
    expect(alternative).toContain("small: mean 100")
    expect(JSON.stringify(spec)).toContain('"mean":100,"low":50,"high":400')
  })

  it("say who sells and who earns the most", () => {
    expect(chartOf("price-shares").title).toContain("undercutter sells the most: 80")
    expect(chartOf("price-profits").title).toContain("leaves premium the most: 30")
  })
})

/** The charts of hours: there where hours are sold, and nowhere else. */
import { describe, expect, it } from "vitest"
import { isMissing } from "../../../reports/chart.ts"
import type { Chart } from "../../../reports/chart.ts"
import { chartSections } from "../../../reports/charts/index.ts"
import { headlineMetrics, headlineSentences } from "../../../reports/headline.ts"
import { metricFacts } from "../../../sim/metrics/catalogue.ts"
import type { Estimate, RunResult } from "../../../sim/results/models/run-model.ts"
import { makeRunResult } from "../../support/run-result.ts"

const facts = metricFacts({
  models: [],
  parties: [],
  strategies: [],
  hours: {
    regions: ["europe", "asia"],
    strategies: ["fixed", "dynamic"],
    has: {
      promises: false,
      contracts: true,
      reservations: true,
      ratings: false,
      swarms: true,
    },
  },
  hasBatches: true,
  queue: { tiers: ["basic", "premium"], hasPreemption: true },
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
  "hours.fillRate": 0.4,
  "hours.declined.NoCapacity": 0.05,
  "hours.declined.PricedOut": 0.2,
  "hours.declined.TooLong": 0,
  "hours.earningsPerDay.by.fixed": 2000,
  "hours.earningsPerDay.by.dynamic": 2500,
  "hours.useBy.orders": 0.5,
  "hours.useBy.contracts": 0.3,
  "hours.useBy.reservations": 0.2,
  "hours.swarmEarningsPerDay.members": 2000,
  "hours.swarmEarningsPerDay.others": 3000,
  "hours.earningsCv.by.fixed": 0.4,
  "hours.earningsCv.by.dynamic": 0.3,
}

const usual = makeRunResult({ days: 4, models: ["small"], replications: 3 })
/** Europe's machines are in use by day alone, Asia's half of the time, but for one hour that nobody offers. */
const letOut: RunResult = {
  ...usual,
  metrics: {
    ...usual.metrics,
    ...Object.fromEntries(
      Object.entries(values).map(([name, mean]) => [name, estimate(name, mean)]),
    ),
  },
  replications: usual.replications.map((replication) => ({
    ...replication,
    series: [
      ...replication.series,
      ...["europe", "asia"].flatMap((key) => [
        {
          name: "hours.fillRate",
          key,
          unit: "share",
          binSeconds: 86_400,
          values: [0.4, 0.4, 0.4, 0.4],
        },
        {
          name: "hours.fillRateByHour",
          key,
          unit: "share",
          binSeconds: 3600,
          values: Array.from({ length: 24 }, (_, hour) =>
            key === "asia" ? (hour === 3 ? null : 0.5) : hour < 9 ? 0.1 : hour === 20 ? 0.9 : 0.6,
          ),
        },
      ]),
    ],
  })),
}

const section = (result: RunResult) => chartSections(result).find(({ id }) => id === "hours")
const chartOf = (id: string): Chart => {
  const chart = section(letOut)?.charts.find((one) => one.id === id)
  if (chart === undefined || isMissing(chart)) throw new Error(`no chart ${id}`)
  return chart
}

describe("hours in a report", () => {
  it("are left out, with their heading, where nobody sells them", () => {
    expect(section(usual)).toBeUndefined()
  })

  it("are those in use of those on offer, by region", () => {
    expect(chartOf("hours-fill-rate").title).toContain("40")
    expect(chartOf("hours-fill-rate").alternative).toContain("europe: mean 40.0%")
  })

  it("are mapped by region and local hour, without hours that nobody offers", () => {
    const { title, spec } = chartOf("hours-by-clock")
    expect(title).toBe(
      "Machines are in use most, 90.0% in europe at 20; least, 10.0% in europe at 0",
    )
    const { data } = spec as unknown as { data: { values: ReadonlyArray<object> } }
    expect(data.values).toHaveLength(47)
    expect(data.values).toContainEqual({ region: "asia", hour: 2, share: 0.5, use: "50.0%" })
  })

  it("leave no chart or figure of requests where nobody asked for one", () => {
    const withoutRequests: RunResult = {
      ...letOut,
      requests: 0,
      metrics: {
        ...letOut.metrics,
        "hours.soldShare": estimate("hours.soldShare", 0.7),
      },
    }
    const sections = chartSections(withoutRequests)
    expect(sections.map(({ id }) => id)).toEqual(["supply", "hours", "credits", "fairness"])
    expect(sections[0]?.charts.map(({ id }) => id)).toEqual(["nodes-online"])
    expect(Object.keys(headlineMetrics(withoutRequests))).not.toContain("utilisation.all")
    expect(Object.keys(headlineMetrics(withoutRequests))).toContain("hours.fillRate")
    expect(headlineSentences(withoutRequests)).toMatch(
      /^40\.0\s?% of the hours on offer were in use, and 70\.0\s?% of the orders were sold\./,
    )
  })

  it("say what keeps machines in use, and what a swarm earns, where there is more than orders", () => {
    expect(chartOf("hours-use-by").title).toContain("50.0 % are by orders")
    expect(chartOf("swarm-earnings").title).toContain("of others earns the most: 3,000")
    const isOfSome = (name: string) => /^hours\.(useBy|swarm)/.test(name)
    const plain = Object.entries(letOut.metrics).filter(([name]) => !isOfSome(name))
    const charts = section({ ...letOut, metrics: Object.fromEntries(plain) })?.charts
    expect(charts?.map(({ id }) => id)).not.toContain("hours-use-by")
  })

  it("have batches beside them where these are handed in", () => {
    const metrics = {
      ...letOut.metrics,
      "batches.items.done": estimate("batches.items.done", 0.98),
      "batches.items.late": estimate("batches.items.late", 0.02),
    }
    const [chart] = chartSections({ ...letOut, metrics }).flatMap(({ id, charts }) =>
      id === "batches" ? charts : [],
    )
    expect(chart === undefined || isMissing(chart) ? "" : chart.title).toContain("98.0 % are done")
  })

  it("say who earns the most, how unsteadily, and why orders come to nothing", () => {
    expect(chartOf("hours-earnings").title).toContain("by dynamic: 2,500 credits")
    expect(chartOf("hours-unsteadiness").title).toContain("by fixed: 0.4")
    const { title, spec } = chartOf("hours-declined")
    expect(title).toContain("20")
    expect(title).toContain("because nothing was worth its price")
    expect(JSON.stringify(spec)).not.toContain("too many")
  })
})

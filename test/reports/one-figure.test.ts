/**
 * One number, one definition: whatever a run is, its table, headline, page, titles and exports show the
 * same figure for a metric, and no interval leaves the metric's bounds.
 */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { isMissing } from "../../reports/chart.ts"
import { chartSections } from "../../reports/charts/index.ts"
import { escapeHtml } from "../../reports/escape.ts"
import { estimateText, figureText } from "../../reports/estimate-text.ts"
import { headlineMetrics, headlineSentences } from "../../reports/headline.ts"
import { reportHtml } from "../../reports/run-page.ts"
import { metricsTable } from "../../reports/table.ts"
import { metricFacts } from "../../sim/metrics/catalogue.ts"
import { exportTables } from "../../sim/results/export/export-tables.ts"
import type { MetricFacts } from "../../sim/results/models/metric-facts.ts"
import type { Estimate, RunResult } from "../../sim/results/models/run-model.ts"
import { skewedInterval } from "../../sim/statistics/inference/skewed-interval.ts"
import { assertProperty } from "../support/property.ts"
import { makeRunResult } from "../support/run-result.ts"

const models = ["a", "b"]
const facts = metricFacts({
  models: models.map((name) => ({ name, crowdSeconds: 86_400 })),
  parties: ["subject"],
  strategies: ["farm"],
})
const drawnFrom = makeRunResult({ replications: 3, days: 6, nodes: 40, models })

/** Whose figures each chart's title says. */
const titles: Readonly<Record<string, ReadonlyArray<string>>> = {
  demand: ["requests.servedShare", "requests.rejectedShare"],
  rejections: ["requests.rejectedShare", "requests.noCapacityShare", "requests.noCreditsShare"],
  ttft: ["ttft.p50", "ttft.p99"],
  "tokens-per-second": ["streams.belowFloorShare"],
  "nodes-online": ["nodes.online"],
  utilisation: ["utilisation.consumer", "utilisation.datacenter", "utilisation.apple"],
  "bounty-pool": ["bountyPool.mean"],
  newcomer: ["newcomer.trafficFirstWeek", "newcomer.payFirstWeek", "newcomer.rampFirstWeek"],
  "parked-share": ["breaker.parkedShare"],
}

/** Values within the metric's bounds, one a replication; sometimes all the same, sometimes some missing. */
const valuesOf = ({ least, most }: MetricFacts) => {
  const value = fc.double({
    min: least ?? -1e5,
    max: most ?? 1e5,
    noNaN: true,
    noDefaultInfinity: true,
  })
  return fc.oneof(
    { weight: 6, arbitrary: fc.array(value, { minLength: 1, maxLength: 6 }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(value, fc.integer({ min: 1, max: 6 }))
        .map(([one, n]) => Array<number>(n).fill(one)),
    },
  )
}

const randomMetrics: fc.Arbitrary<RunResult["metrics"]> = fc.record(
  Object.fromEntries(
    Object.entries(facts).map(([name, own]) => [
      name,
      valuesOf(own).map((values): Estimate => ({
        ...skewedInterval(values, own),
        trend: values.length % 2 === 0 ? null : { difference: 1, halfWidth: 0.5 },
        ...own,
      })),
    ]),
  ),
)

describe("a figure", () => {
  it("is the same wherever a run shows it, and its interval within its bounds", async () => {
    await assertProperty(
      fc.property(randomMetrics, (metrics) => {
        const result: RunResult = { ...drawnFrom, metrics }
        const table = metricsTable(result, metrics, "name").split("\n")
        const page = reportHtml(result, chartSections(result), {
          vega: "",
          vegaLite: "",
          vegaEmbed: "",
        })
        const exported = exportTables(result).find(({ name }) => name === "metrics")
        const columns = exported?.columns.map(({ name }) => name) ?? []
        const rows = [...(exported?.rows() ?? [])]
        const cell = (row: ReadonlyArray<unknown> | undefined, column: string) =>
          row?.[columns.indexOf(column)]
        for (const [name, estimate] of Object.entries(metrics)) {
          const text = estimateText(estimate, result.creditUsd)
          const line = table.find((one) => one.startsWith(`  ${name} `)) ?? ""
          expect(line.replaceAll(/\s+/g, " "), `${name}`).toContain(
            [text.mean, text.unit, text.interval].filter((part) => part !== "").join(" "),
          )
          const row = page.slice(page.indexOf(`<tr id="metric-${name}">`))
          expect(row.slice(0, row.indexOf("</tr>")), `${name}`).toContain(
            `<span>${escapeHtml(text.mean)}</span>`,
          )
          const tidy = rows.find((one) => cell(one, "metric") === name)
          expect([cell(tidy, "mean"), cell(tidy, "low"), cell(tidy, "high")], `${name}`).toEqual([
            estimate.mean,
            estimate.low,
            estimate.high,
          ])
          const { low, high, least, most } = estimate
          if (low !== null) expect(low).toBeGreaterThanOrEqual(least ?? -Infinity)
          if (high !== null) expect(high).toBeLessThanOrEqual(most ?? Infinity)
        }
        const charts = chartSections(result).flatMap((section) => section.charts)
        for (const [id, names] of Object.entries(titles)) {
          const chart = charts.find((one) => one.id === id)
          if (chart === undefined || isMissing(chart)) throw new Error(`no chart ${id}`)
          for (const name of names)
            expect(chart.title, `${id}`).toContain(figureText(metrics[name]))
        }
        const served = figureText(metrics["requests.servedShare"])
        expect(headlineSentences(result)).toContain(served)
        for (const [name, estimate] of Object.entries(headlineMetrics(result)))
          expect(estimate, `${name}`).toBe(metrics[name])
      }),
      { share: 0.02 },
    )
  })
})

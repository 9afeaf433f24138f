/** The Grafana dashboard that operators are given asks for nothing that `/metrics` does not have. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { openOperations } from "../operations/operations-server.ts"

interface Panel {
  readonly title: string
  readonly targets: ReadonlyArray<{ readonly expr: string; readonly legendFormat: string }>
}

const { panels } = JSON.parse(readFileSync("live/deploy/grafana-dashboard.json", "utf8")) as {
  readonly panels: ReadonlyArray<Panel>
}
const targets = panels.flatMap(({ title, targets: all }) => all.map((one) => ({ title, ...one })))

/** Names of metrics in an expression of PromQL: what is no function, keyword, label or number. */
const metricsIn = (expr: string): ReadonlyArray<string> =>
  expr
    .replaceAll(/\bby \([^)]*\)|\{[^}]*\}|\[[^\]]*\]/g, " ")
    .match(/\b[a-z_][a-z0-9_]*\b(?!\s*\()/g)
    ?.filter((word) => word.includes("_")) ?? []

const labelsIn = ({ expr, legendFormat }: (typeof targets)[number]): ReadonlyArray<string> => [
  ...[...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!),
  ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) => list!.split(/,\s*/)),
]

describe("the Grafana dashboard", () => {
  it("names only metrics and labels that there are", async () => {
    const { metrics } = await openOperations()
    const known = new Map(
      (await metrics.registry.getMetricsAsJSON()).map(({ name, type }) => [name, String(type)]),
    )
    expect(targets.length).toBeGreaterThan(20)
    for (const target of targets) {
      const names = metricsIn(target.expr)
      expect(names.length, target.expr).toBe(1)
      for (const name of names) {
        const family = name.replace(/_(bucket|sum|count)$/, "")
        const isHistogram = known.get(family) === "histogram" && family !== name
        expect(known.has(name) || isHistogram, `${target.title}: ${name}`).toBe(true)
        const metric = metrics.registry.getSingleMetric(isHistogram ? family : name) as unknown as {
          readonly labelNames: ReadonlyArray<string>
        }
        for (const label of labelsIn(target))
          expect(
            [...metric.labelNames, ...(isHistogram ? ["le"] : [])],
            `${target.title}: ${name}`,
          ).toContain(label)
      }
    }
  })

  it("gives each panel a place of its own, and a name", () => {
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length)
    const places = panels.map((panel) =>
      JSON.stringify((panel as unknown as { gridPos: object }).gridPos),
    )
    expect(new Set(places).size).toBe(panels.length)
  })
})

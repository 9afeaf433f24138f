import { describe, expect, it } from "vitest"
import { metricsTable } from "../../reports/table.ts"
import type { Estimate, RunResult } from "../../sim/results/models/run-model.ts"
import { makeRunResult } from "../support/run-result.ts"

const base = makeRunResult({ replications: 1, days: 1, nodes: 4 })

const runOf = (metrics: Readonly<Record<string, Partial<Estimate>>>): RunResult => ({
  ...base,
  metrics: Object.fromEntries(
    Object.entries(metrics).map(([name, estimate]) => [
      name,
      { mean: 1, halfWidth: 0.1, n: 5, unit: "share", meaning: "what it means", ...estimate },
    ]),
  ),
})

const mixed = runOf({
  "requests.served": { mean: 176_942_459, halfWidth: 3_552_383, unit: "requests" },
  "earnings.gini": { mean: 0.3381, halfWidth: 0.0292, unit: "" },
  loss: { mean: -12.5, halfWidth: 1.25 },
  alone: { mean: 5.25, halfWidth: null, n: 1 },
  none: { mean: Number.NaN, halfWidth: null, n: 0 },
})

describe("the table of metrics", () => {
  it("reads like this", () => {
    expect(metricsTable(mixed)).toBe(
      [
        "metric                      mean  95%          unit      n  meaning",
        "requests.served  176,942,459      ± 3,552,383  requests  5  what it means",
        "earnings.gini              0.338  ± 0.029                5  what it means",
        "loss                     −12.5    ± 1.3        share     5  what it means",
        "alone                      5.25                share     1  what it means",
        "none                       –                   share     0  what it means",
        "",
      ].join("\n"),
    )
  })

  it("has its decimal points in one column", () => {
    const points = metricsTable(mixed)
      .split("\n")
      .slice(2, 5)
      .map((line) => line.indexOf(".", 14))
    expect(new Set(points).size).toBe(1)
  })

  it("has escapes only where asked for, and the same words with and without", () => {
    const plain = metricsTable(mixed)
    const coloured = metricsTable(mixed, { colour: true })
    expect(plain).not.toContain("\u001b")
    expect(coloured).toContain("\u001b[1m")
    // eslint-disable-next-line no-control-regex
    expect(coloured.replaceAll(/\u001b\[\d+m/g, "")).toBe(plain)
  })

  it("fits the terminal it is told of", () => {
    for (const width of [40, 60, 80]) {
      for (const line of metricsTable(mixed, { colour: false, width }).split("\n")) {
        expect([...line].length).toBeLessThanOrEqual(width)
      }
    }
  })

  it("lets no name or meaning speak to the terminal", () => {
    const table = metricsTable(
      runOf({ "a\u001b[2Jb": { meaning: "x\u0007\r\ny\u202ez", unit: "\u009b31m" } }),
    )
    // eslint-disable-next-line no-control-regex
    expect(table).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(table.split("\n")).toHaveLength(3)
  })

  it("says when there is nothing to show", () => {
    expect(metricsTable(runOf({}))).toBe("The run has no metrics.\n")
  })
})

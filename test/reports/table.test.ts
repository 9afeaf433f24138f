import { describe, expect, it } from "vitest"
import type { TerminalTable } from "../../reports/table.ts"
import { metricsTable } from "../../reports/table.ts"
import type { Estimate } from "../../sim/results/models/run-model.ts"
import { estimateOf, makeRunResult } from "../support/run-result.ts"

const base = makeRunResult({ replications: 5, days: 1, nodes: 4 })

const tableOf = (metrics: Readonly<Record<string, Partial<Estimate>>>, style?: TerminalTable) =>
  metricsTable(
    base,
    Object.fromEntries(
      Object.entries(metrics).map(([name, settings]) => [name, estimateOf(name, settings)]),
    ),
    "name",
    style,
  )

const mixed = {
  "requests.served": { mean: 176_942_459, halfWidth: 3_552_383, unit: "requests" },
  share: { mean: 0.9834, halfWidth: 0.0029 },
  "earnings.gini": { mean: 0.3381, halfWidth: 0.0292, unit: "index" },
  loss: { mean: -12.5, halfWidth: 1.25, unit: "credits/d", group: "money" as const },
  alone: { mean: 5.25, halfWidth: null, n: 1, unit: "s", group: "money" as const },
  still: {
    mean: 1,
    halfWidth: null,
    basis: "same" as const,
    group: "money" as const,
    trend: { difference: 1, halfWidth: 0.1 },
  },
  none: { mean: Number.NaN, halfWidth: null, n: 0, group: "money" as const },
}

describe("the table of metrics", () => {
  it("reads like this", () => {
    expect(tableOf(mixed)).toBe(
      [
        "                              mean            95% interval",
        "Service",
        "  requests.served  176,942,459     requests   173,390,076 to 180,494,842",
        "  share                     98.34  %          98.05 to 98.63",
        "Fairness",
        "  earnings.gini              0.338            0.309 to 0.367",
        "Money",
        "  loss                     −12.5   credits/d  −13.8 to −11.3              −$0.125",
        "  alone                      5.25  s                                               in 1 of 5",
        "  still                    100     %          always                               ↗",
        "  none                       –     %                                               in 0 of 5",
        "",
      ].join("\n"),
    )
  })

  it("has its decimal points in one column", () => {
    const points = ["share", "earnings.gini", "loss", "alone"].map((name) =>
      (
        tableOf(mixed)
          .split("\n")
          .find((line) => line.startsWith(`  ${name} `)) ?? ""
      ).indexOf(".", 16),
    )
    expect(new Set(points).size).toBe(1)
  })

  it("has escapes only where asked for, and the same words with and without", () => {
    const plain = tableOf(mixed)
    const coloured = tableOf(mixed, { colour: true })
    expect(plain).not.toContain("\u001b")
    expect(coloured).toContain("\u001b[1m")
    // eslint-disable-next-line no-control-regex
    expect(coloured.replaceAll(/\u001b\[\d+m/g, "")).toBe(plain)
  })

  it("fits the terminal it is told of", () => {
    for (const width of [40, 60, 80]) {
      for (const line of tableOf(mixed, { colour: false, width }).split("\n")) {
        expect([...line].length).toBeLessThanOrEqual(width)
      }
    }
  })

  it("lets no name or unit speak to the terminal", () => {
    const table = tableOf({ "a\u001b[2Jb\u202e": { unit: "\u009b31m\u0007\r\n" } })
    // eslint-disable-next-line no-control-regex
    expect(table).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(table.split("\n")).toHaveLength(4)
  })

  it("says when there is nothing to show", () => {
    expect(tableOf({})).toBe("The run has no metrics.\n")
  })
})

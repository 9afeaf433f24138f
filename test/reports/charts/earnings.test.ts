import { describe, expect, it } from "vitest"
import { isMissing } from "../../../reports/chart.ts"
import { earnings } from "../../../reports/charts/earnings.ts"
import { makeRunResult } from "../../support/run-result.ts"

/** The chart of a run of so many days whose nodes were all online for so many hours. */
const chartOf = (days: number, warmupDays: number, onlineHours: number) => {
  const result = makeRunResult({ days, nodes: 10, replications: 2 })
  return earnings({
    ...result,
    warmupSeconds: warmupDays * 86_400,
    replications: result.replications.map((replication) => ({
      ...replication,
      nodes: replication.nodes.map((node) => ({ ...node, onlineHours })),
    })),
  })
}

describe("pay against cost", () => {
  it("is of nodes online for a day, or for half of what a shorter run counts", () => {
    expect(isMissing(chartOf(10, 1, 23))).toBe(true)
    expect(isMissing(chartOf(10, 1, 24))).toBe(false)
    expect(isMissing(chartOf(1, 0.5, 5))).toBe(true)
    const short = chartOf(1, 0.5, 6)
    expect(!isMissing(short) && short.notes.join(" ")).toContain("with 6 online hours or more")
  })
})

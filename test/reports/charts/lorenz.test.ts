import { describe, expect, it } from "vitest"
import { isMissing } from "../../../reports/chart.ts"
import { hourlyPay, lorenz } from "../../../reports/charts/lorenz.ts"
import { estimateOf, makeRunResult } from "../../support/run-result.ts"

describe("the chart", () => {
  it("takes share and bounty by the hour online, and leaves out who was never online", () => {
    const [node] =
      makeRunResult({ replications: 1, days: 2, nodes: 4 }).replications[0]?.nodes ?? []
    if (node === undefined) throw new Error("no node")
    const paid = hourlyPay([
      { ...node, shareEarned: 90, bountyEarned: 10, onlineHours: 50 },
      { ...node, shareEarned: 1, bountyEarned: 0, onlineHours: 1 },
      { ...node, shareEarned: 0, bountyEarned: 0, onlineHours: 0 },
    ])
    expect(paid).toEqual([1, 2])
  })

  it("shows the run's own Gini and Jain, and none where it has none", () => {
    const result = makeRunResult({ days: 3, nodes: 30 })
    const gini = estimateOf("earnings.gini", { mean: 0.123, halfWidth: 0.01 })
    const given = lorenz({ ...result, metrics: { "earnings.gini": gini } })
    const without = lorenz({ ...result, metrics: {} })
    if (isMissing(given) || isMissing(without)) throw new Error("no chart")
    expect(given.notes.join(" ")).toContain("Gini 0.123 (0: equal).")
    expect(without.notes.join(" ")).not.toContain("Gini")
  })
})

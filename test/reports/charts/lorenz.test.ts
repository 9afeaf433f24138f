import { describe, expect, it } from "vitest"
import { isMissing } from "../../../reports/chart.ts"
import { hourlyPay, lorenz } from "../../../reports/charts/lorenz.ts"
import { makeRunResult } from "../../support/run-result.ts"

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

  it("shows the run's own Gini and Jain where it has them, and computes them where not", () => {
    const result = makeRunResult({ days: 3, nodes: 30 })
    const estimate = { mean: 0.123, halfWidth: 0.01, n: 5, unit: "", meaning: "" }
    const given = lorenz({ ...result, metrics: { "earnings.gini": estimate } })
    const computed = lorenz({ ...result, metrics: {} })
    const own = lorenz(result)
    if (isMissing(given) || isMissing(computed) || isMissing(own)) throw new Error("no chart")
    expect(given.notes.join(" ")).toContain("Gini 0.123 ± 0.010")
    // The fixture computes its metrics by the same definition.
    expect(computed.notes).toEqual(own.notes)
  })
})

import { describe, expect, it } from "vitest"
import { health } from "../../../reports/charts/health.ts"
import type { Chart } from "../../../reports/chart.ts"
import { makeRunResult } from "../../support/run-result.ts"

/** The chart of these scores, by replication, of instances that are there at the end. */
const chartOf = (...scores: ReadonlyArray<ReadonlyArray<number>>) => {
  const result = makeRunResult({ days: 4, nodes: 12, replications: scores.length })
  return health({
    ...result,
    replications: result.replications.map((replication, index) => ({
      ...replication,
      nodes: scores[index].map((score) => ({
        ...replication.nodes[0],
        health: score,
        leftSeconds: null,
        onlineHours: 5,
      })),
    })),
  }) as Chart
}
const barsOf = ({ spec }: Chart) =>
  (spec.data as { readonly values: ReadonlyArray<{ score: string; share: number }> }).values.map(
    ({ score, share }) => [score, share],
  )

describe("the chart of health scores", () => {
  it("has a bar for 1 and one for each step below, down to the lowest", () => {
    const chart = chartOf([1, 1, 1, 0.97], [1, 0.99, 0.99, 0.97])
    expect(chart.title).toBe("50.0% of the health scores are 1, and the lowest is 0.97")
    expect(barsOf(chart)).toEqual([
      ["1", 0.5],
      ["0.99 to 1", 0.25],
      ["0.98 to 0.99", 0],
      ["0.97 to 0.98", 0.25],
    ])
  })

  it("takes wider steps where scores go far down, and leaves none out", () => {
    const bars = barsOf(chartOf([1, 0.999, 0.6, 0.305, 0]))
    expect(bars.length).toBeLessThanOrEqual(12)
    expect(bars.reduce((sum, [, share]) => sum + Number(share), 0)).toBeCloseTo(1)
  })

  it("of instances that failed nothing is one bar", () => {
    expect(barsOf(chartOf([1, 1]))).toEqual([["1", 1]])
  })

  it("counts no instance that left, or was never there", () => {
    const result = makeRunResult({ days: 4, nodes: 12, replications: 1 })
    const gone = result.replications.map((replication) => ({
      ...replication,
      nodes: replication.nodes.map((node) => ({ ...node, leftSeconds: 5 })),
    }))
    expect(health({ ...result, replications: gone })).toMatchObject({
      reason: "The run recorded no instance that was there at the end.",
    })
  })
})

import { describe, expect, it } from "vitest"
import { pooled, quantileOf, shareBelow, sharesOf } from "../../reports/histogram-shares.ts"
import type { Histogram, RunResult } from "../../sim/results/model.ts"
import { makeRunResult } from "../support/run-result.ts"

const base = makeRunResult({ replications: 1, days: 1, nodes: 4 })

const runOf = (
  ...replications: ReadonlyArray<ReadonlyArray<readonly [string, ReadonlyArray<number>]>>
): RunResult => ({
  ...base,
  replications: replications.flatMap((keys) =>
    base.replications.map((replication) => ({
      ...replication,
      histograms: keys.map(([key, counts]): Histogram => ({
        name: "h",
        key,
        unit: "s",
        edges: [0, 1, 2, 4, Number.POSITIVE_INFINITY].slice(0, counts.length + 1),
        counts,
      })),
    })),
  ),
})

describe("shares", () => {
  it("weigh each replication alike, however much it observed", () => {
    const shares = sharesOf(runOf([["a", [1, 0, 1]]], [["a", [0, 300, 100]]]), "h")
    expect(shares?.lines[0]?.bins.map(({ mean }) => mean)).toEqual([0.25, 0.375, 0.375])
    expect(shares?.lines[0]?.count).toBe(402)
    expect(shares?.lines[0]?.bins[2]).toMatchObject({ lower: 2, upper: 4, low: 0.25, high: 0.5 })
  })

  it("leave out keys and replications that observed nothing", () => {
    const shares = sharesOf(
      runOf(
        [
          ["a", [2, 2]],
          ["b", [0, 0]],
        ],
        [["a", [0, 0]]],
      ),
      "h",
    )
    expect(shares?.lines.map(({ key }) => key)).toEqual(["a"])
    expect(shares?.lines[0]?.bins.map(({ mean }) => mean)).toEqual([0.5, 0.5])
    expect(sharesOf(runOf([["a", [0, 0]]]), "h")).toBeUndefined()
    expect(sharesOf(base, "no such histogram")).toBeUndefined()
  })

  it("pool keys by their observations", () => {
    const shares = sharesOf(
      runOf([
        ["a", [30, 0]],
        ["b", [0, 10]],
      ]),
      "h",
    )
    if (shares === undefined) throw new Error("nothing observed")
    expect(pooled(shares).bins.map(({ mean }) => mean)).toEqual([0.75, 0.25])
  })

  it("give quantiles and tails, cut within a bin", () => {
    const line = sharesOf(runOf([["a", [10, 20, 70]]]), "h")?.lines[0]
    if (line === undefined) throw new Error("nothing observed")
    expect(quantileOf(line, 0.1)).toBe(1)
    expect(quantileOf(line, 0.2)).toBe(1.5)
    expect(quantileOf(line, 0.65)).toBeCloseTo(3, 12)
    expect(shareBelow(line, 1.5)).toBeCloseTo(0.2, 12)
    expect(shareBelow(line, 100)).toBeCloseTo(1, 12)
  })

  it("know no value beyond a bin that has no end", () => {
    const line = sharesOf(runOf([["a", [0, 0, 0, 5]]]), "h")?.lines[0]
    if (line === undefined) throw new Error("nothing observed")
    expect(quantileOf(line, 0.5)).toBe(4)
  })
})

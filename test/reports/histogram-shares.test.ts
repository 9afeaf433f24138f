import { describe, expect, it } from "vitest"
import fc from "fast-check"
import { pooled, quantileOf, shareBelow, sharesOf } from "../../reports/histogram-shares.ts"
import type { Histogram, RunResult } from "../../sim/results/models/run-model.ts"
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

  it("lie on one grid, wherever the histograms of replications and keys begin", () => {
    const histogram = (
      key: string,
      edges: ReadonlyArray<number>,
      counts: ReadonlyArray<number>,
    ): Histogram => ({ name: "h", key, unit: "s", edges, counts })
    const [replication] = base.replications
    if (replication === undefined) throw new Error("no replication")
    const shares = sharesOf(
      {
        ...base,
        replications: [
          // An edge that differs by rounding is the same edge.
          {
            ...replication,
            histograms: [
              histogram("a", [1, 2, 4], [3, 1]),
              histogram("b", [4 * (1 + 1e-12), 8], [5]),
            ],
          },
          { ...replication, histograms: [histogram("a", [2, 4, 8, Infinity], [2, 1, 1])] },
        ],
      },
      "h",
    )
    const binsOf = (key: string) =>
      shares?.lines
        .find((line) => line.key === key)
        ?.bins.map(({ lower, upper, mean }) => [lower, upper, mean])
    expect(binsOf("a")).toEqual([
      [1, 2, 0.375],
      [2, 4, 0.375],
      [4, 8, 0.125],
      [8, Infinity, 0.125],
    ])
    expect(binsOf("b")).toEqual([
      [1, 2, 0],
      [2, 4, 0],
      [4, 8, 1],
      [8, Infinity, 0],
    ])
  })

  it("share a bin that another's edge cuts by width, and lose nothing", () => {
    const histogram = fc
      .uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 2, maxLength: 8 })
      .chain((edges) =>
        fc.record({
          edges: fc.constant(edges.sort((a, b) => a - b)),
          counts: fc.array(fc.nat(50), {
            minLength: edges.length - 1,
            maxLength: edges.length - 1,
          }),
        }),
      )
      .filter(({ counts }) => counts.some((count) => count > 0))
    const below = (
      { edges, counts }: { edges: ReadonlyArray<number>; counts: ReadonlyArray<number> },
      limit: number,
    ): number =>
      counts.reduce((sum, count, bin) => {
        const [lower = 0, upper = 0] = [edges[bin], edges[bin + 1]]
        return sum + count * Math.min(1, Math.max(0, (limit - lower) / (upper - lower)))
      }, 0)
    const [replication] = base.replications
    if (replication === undefined) throw new Error("no replication")
    fc.assert(
      fc.property(histogram, histogram, fc.integer({ min: 0, max: 60 }), (one, other, limit) => {
        const shares = sharesOf(
          {
            ...base,
            replications: [
              { ...replication, histograms: [{ name: "h", key: "1", unit: "", ...one }] },
              { ...replication, histograms: [{ name: "h", key: "2", unit: "", ...other }] },
            ],
          },
          "h",
        )
        for (const [at, original] of [one, other].entries()) {
          const line = shares?.lines[at]
          if (line === undefined) throw new Error("a line is missing")
          const total = original.counts.reduce((a, b) => a + b, 0)
          expect(line.bins.reduce((sum, { mean }) => sum + mean, 0)).toBeCloseTo(1, 9)
          expect(shareBelow(line, limit)).toBeCloseTo(below(original, limit) / total, 9)
        }
      }),
    )
  })

  it("know no value beyond a bin that has no end", () => {
    const line = sharesOf(runOf([["a", [0, 0, 0, 5]]]), "h")?.lines[0]
    if (line === undefined) throw new Error("nothing observed")
    expect(quantileOf(line, 0.5)).toBe(4)
  })
})

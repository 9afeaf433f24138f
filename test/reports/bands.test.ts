import { describe, expect, it } from "vitest"
import fc from "fast-check"
import { bandsOf, pointLimit } from "../../reports/bands.ts"
import type { RunResult } from "../../sim/results/models/run-model.ts"
import { makeRunResult } from "../support/run-result.ts"

const base = makeRunResult({ replications: 1, days: 1, nodes: 4 })

/** A run whose replications have the one series `x`, split by the keys of each entry. */
const runOf = (
  binSeconds: number,
  replications: ReadonlyArray<Readonly<Record<string, ReadonlyArray<number | null>>>>,
): RunResult => ({
  ...base,
  replications: replications.flatMap((keys, index) =>
    base.replications.map((replication) => ({
      ...replication,
      index,
      series: Object.entries(keys).map(([key, values]) => ({
        name: "x",
        key,
        unit: "share",
        binSeconds,
        values,
      })),
    })),
  ),
})

describe("bands", () => {
  it("are drawn bin by bin where there are few", () => {
    const bands = bandsOf(runOf(3600, [{ a: [1, 2] }, { a: [3, 2] }, { a: [2, 2] }]), "x")
    expect(bands?.pointSeconds).toBe(3600)
    expect(bands?.replications).toBe(3)
    expect(bands?.lines).toHaveLength(1)
    const [first, second] = bands?.lines[0]?.points ?? []
    // Student's t of two degrees of freedom at 97.5% in closed form.
    const tQuantile = 0.95 / Math.sqrt(2 * 0.975 * 0.025)
    expect(first?.day).toBeCloseTo(0.5 / 24, 12)
    expect(first?.mean).toBe(2)
    expect(first?.high).toBeCloseTo(2 + tQuantile / Math.sqrt(3), 10)
    expect(second).toMatchObject({ mean: 2, low: 2, high: 2 })
  })

  it("leave out bins that nobody observed, and average over those who did", () => {
    const bands = bandsOf(runOf(3600, [{ a: [null, 4, 1] }, { a: [null, null, 3] }]), "x")
    expect(bands?.lines[0]?.points).toMatchObject([
      { mean: 4, low: null },
      { mean: 2, low: 1, high: 3 },
    ])
  })

  it("do not exist without a value", () => {
    expect(bandsOf(base, "no such series")).toBeUndefined()
    expect(bandsOf(runOf(3600, [{ a: [null, null] }]), "x")).toBeUndefined()
    expect(bandsOf(runOf(3600, [{ a: [Number.POSITIVE_INFINITY] }]), "x")).toBeUndefined()
  })

  it("average within each replication first: the band is that of the point, not of its bins", () => {
    // Wild within a point, equal between replications: the mean of a point is known exactly.
    const wild = Array.from({ length: 24 * 364 }, (_, bin) => (bin % 2) * 100)
    const bands = bandsOf(runOf(3600, [{ a: wild }, { a: wild }, { a: wild }]), "x")
    for (const point of bands?.lines[0]?.points ?? []) {
      expect(point.mean).toBeCloseTo(50, 9)
      expect((point.high ?? 1) - (point.low ?? 0)).toBeCloseTo(0, 9)
    }
  })

  it("keep the total of a series, at most so many points, in a length of time people use", () => {
    const series = fc.tuple(
      fc.oneof(
        fc.constantFrom(900, 3600, 1000),
        fc.integer({ min: 1, max: 30 }).map((minutes) => 60 * minutes),
      ),
      fc.array(fc.double({ min: 0, max: 100, noNaN: true }), {
        minLength: 1,
        maxLength: 1500,
        size: "medium",
      }),
    )
    fc.assert(
      fc.property(series, ([binSeconds, values]) => {
        const bands = bandsOf(runOf(binSeconds, [{ a: values }]), "x")
        const points = bands?.lines[0]?.points ?? []
        expect(points.length).toBeLessThanOrEqual(pointLimit)
        expect(points.length).toBeGreaterThanOrEqual(Math.min(values.length, pointLimit / 2) / 4)
        expect((bands?.pointSeconds ?? 0) % binSeconds).toBe(0)
        const perPoint = (bands?.pointSeconds ?? 0) / binSeconds
        // The last point may be short of bins.
        const total = points.reduce((sum, { mean }, at) => {
          const bins = Math.min(perPoint, values.length - at * perPoint)
          return sum + mean * bins
        }, 0)
        expect(total).toBeCloseTo(
          values.reduce((a, b) => a + b, 0),
          5,
        )
      }),
    )
  })
})

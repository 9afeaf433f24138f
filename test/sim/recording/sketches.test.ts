/** Sketches of several days as one, and as a histogram. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { logHistogram, mergedSketch } from "../../../sim/recording/sketches.ts"
import { QuantileSketch } from "../../../sim/statistics/samples/quantile-sketch.ts"
import { assertProperty } from "../../support/property.ts"

const sketchOf = (values: ReadonlyArray<number>): QuantileSketch => {
  const sketch = new QuantileSketch(0.01)
  for (const value of values) sketch.add(value)
  return sketch
}

describe("merged sketches", () => {
  it("hold what all the days saw, however it is divided among them", async () => {
    const value = fc.oneof(fc.constant(0), fc.double({ min: 1e-4, max: 1e6, noNaN: true }))
    const values = fc.array(value, { maxLength: 60 })
    await assertProperty(
      fc.property(fc.array(values, { minLength: 1, maxLength: 5 }), (days) => {
        const merged = mergedSketch(days.map((day) => sketchOf(day).state()))
        const whole = sketchOf(days.flat())
        expect(merged.n).toBe(days.flat().length)
        for (const p of [0, 0.25, 0.5, 0.99, 1])
          expect(merged.quantile(p)).toEqual(whole.quantile(p))
      }),
    )
  })

  it("leave the days as they were", () => {
    const days = [sketchOf([1, 2]).state(), sketchOf([3]).state()]
    const before = structuredClone(days)
    mergedSketch(days)
    expect(days).toEqual(before)
  })
})

describe("a logarithmic histogram", () => {
  it("has so many bins to a factor of ten, each where its values are", () => {
    // Ten bins a decade: 1 … 1.26, 1.26 … 1.58, …; the empty ends are left out.
    const { edges, counts } = logHistogram(sketchOf([1.1, 1.1, 1.4, 9]), 10)
    expect(counts).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 1])
    expect(edges.length).toBe(counts.length + 1)
    edges.forEach((edge, i) => expect(edge).toBeCloseTo(10 ** (i / 10), 9))
  })

  it("is empty where there is nothing above 0", () => {
    expect(logHistogram(sketchOf([]), 10)).toEqual({ edges: [], counts: [] })
    expect(logHistogram(sketchOf([0, 0]), 10)).toEqual({ edges: [], counts: [] })
  })

  it("counts every value above 0, in the bin that its neighbourhood overlaps", async () => {
    const values = fc.array(fc.double({ min: 1e-3, max: 1e4, noNaN: true }), {
      minLength: 1,
      maxLength: 50,
    })
    await assertProperty(
      fc.property(values, fc.constantFrom(5, 10, 20), (seen, perDecade) => {
        const { edges, counts } = logHistogram(sketchOf(seen), perDecade)
        expect(counts.reduce((sum, one) => sum + one, 0)).toBe(seen.length)
        expect(counts[0]).toBeGreaterThan(0)
        expect(counts.at(-1)).toBeGreaterThan(0)
        // Within the sketch's relative error of the ends.
        expect(Math.min(...seen)).toBeGreaterThanOrEqual(edges[0] * 0.98)
        expect(Math.max(...seen)).toBeLessThanOrEqual((edges.at(-1) ?? NaN) * 1.02)
      }),
    )
  })
})

import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Histogram, linearEdges, logEdges } from "../../../../sim/statistics/samples/histogram.ts"
import { assertProperty } from "../../../support/property.ts"

const edges = fc
  .uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 12 })
  .map((xs) => xs.sort((a, b) => a - b))
const values = fc.array(fc.integer({ min: -60, max: 60 }), { maxLength: 60 })

describe("a histogram", () => {
  it("counts what lies between its edges, and what lies outside", async () => {
    await assertProperty(
      fc.property(edges, values, (bounds, xs) => {
        const histogram = new Histogram(bounds)
        for (const x of xs) histogram.add(x)
        bounds.slice(1).forEach((high, i) => {
          const inside = xs.filter((x) => x >= bounds[i] && x < high)
          expect(histogram.counts[i]).toBe(inside.length)
        })
        expect(histogram.below).toBe(xs.filter((x) => x < bounds[0]).length)
        expect(histogram.above).toBe(xs.filter((x) => x >= bounds.at(-1)!).length)
        expect(histogram.total).toBe(xs.length)
      }),
    )
  })

  it("merges as if it had counted everything", async () => {
    await assertProperty(
      fc.property(edges, values, values, (bounds, xs, ys) => {
        const merged = new Histogram(bounds)
        const other = new Histogram(bounds)
        const whole = new Histogram(bounds)
        for (const x of xs) merged.add(x)
        for (const y of ys) other.add(y, 2)
        for (const z of [...xs, ...ys, ...ys]) whole.add(z)
        merged.merge(other)
        expect(merged).toEqual(whole)
      }),
    )
  })

  it("has edges of equal width or of equal ratio, and ends where it was told to", async () => {
    await assertProperty(
      fc.property(
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 100, max: 1e9 }),
        fc.integer({ min: 1, max: 40 }),
        (low, high, bins) => {
          const linear = linearEdges(low, high, bins)
          const log = logEdges(low, high, bins)
          for (const bounds of [linear, log]) {
            expect(bounds.length).toBe(bins + 1)
            expect([bounds[0], bounds[bins]]).toEqual([low, high])
          }
          for (let i = 1; i <= bins; i++) {
            expect((linear[i] - linear[i - 1]) / ((high - low) / bins)).toBeCloseTo(1, 6)
            expect(Math.log(log[i] / log[i - 1]) / (Math.log(high / low) / bins)).toBeCloseTo(1, 6)
          }
        },
      ),
    )
  })

  it("refuses edges that do not ascend, foreign histograms and NaN", () => {
    expect(() => new Histogram([1])).toThrow("needs two edges, not 1")
    expect(() => new Histogram([1, 1])).toThrow("edge 1 is 1, which is not above 1")
    expect(() => new Histogram([1, 2]).merge(new Histogram([1, 3]))).toThrow("do not merge")
    expect(() => new Histogram([1, 2]).add(NaN)).toThrow("NaN")
  })
})

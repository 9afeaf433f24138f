import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { QuantileSketch } from "../../../../sim/statistics/samples/quantile-sketch.ts"
import { assertProperty } from "../../../support/property.ts"

const value = fc.oneof(
  fc.double({ min: 0, max: 1e9, noNaN: true }),
  fc.double({ min: -40, max: 300, noNaN: true }).map((exponent) => Math.exp(exponent)),
  fc.constantFrom(0, 1, 2, 4, 5e-324, 2.2250738585072014e-308, Number.MAX_VALUE),
)
const values = fc.array(value, { minLength: 1, maxLength: 80 })
const quantile = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.5, 1))
const relativeError = fc.constantFrom(0.3, 0.1, 0.01, 0.005, 0.0005)
/** Values over the whole range of doubles take much memory at a fine error. */
const coarseError = fc.constantFrom(0.3, 0.1)

const sketchOf = (xs: ReadonlyArray<number>, error: number) => {
  const sketch = new QuantileSketch(error)
  for (const x of xs) sketch.add(x)
  return sketch
}

describe("the quantile sketch", () => {
  it("keeps its promise at every quantile", async () => {
    await assertProperty(
      fc.property(values, quantile, relativeError, (xs, q, error) => {
        const sketch = sketchOf(xs, error)
        expect(sketch.n).toBe(xs.length)
        expect(sketch.relativeError).toBeLessThanOrEqual(error)
        const exact = Float64Array.from(xs).sort()[Math.floor(q * (xs.length - 1))]
        // Rounding of the bucket's middle adds a few units in the last place.
        const allowed = exact * (sketch.relativeError + 1e-15) + 2.3e-308
        expect(Math.abs(sketch.quantile(q) - exact)).toBeLessThanOrEqual(allowed)
      }),
      // At the finest error a sketch of the whole range of doubles is megabytes.
      { share: 0.2 },
    )
  })

  it("merges as if it had seen everything, in any order", async () => {
    await assertProperty(
      fc.property(values, values, quantile, coarseError, (xs, ys, q, error) => {
        const whole = sketchOf([...xs, ...ys], error)
        const merged = sketchOf(xs, error)
        merged.merge(sketchOf(ys, error))
        const reversed = sketchOf(ys, error)
        reversed.merge(sketchOf(xs, error))
        expect(merged.quantile(q)).toBe(whole.quantile(q))
        expect(reversed.quantile(q)).toBe(whole.quantile(q))
        expect(merged.n).toBe(whole.n)
      }),
    )
  })

  it("goes on from its saved state", async () => {
    await assertProperty(
      fc.property(values, values, quantile, (xs, ys, q) => {
        const saved = JSON.parse(JSON.stringify(sketchOf(xs, 0.1).state()))
        const resumed = QuantileSketch.from(saved)
        for (const y of ys) resumed.add(y)
        expect(resumed.quantile(q)).toBe(sketchOf([...xs, ...ys], 0.1).quantile(q))
        expect(resumed.n).toBe(xs.length + ys.length)
      }),
    )
  })

  it("needs memory for the spread of the values, not for their number", () => {
    const sketch = new QuantileSketch(0.005)
    for (let i = 0; i < 200_000; i++) sketch.add(1 + (i % 1000))
    expect(sketch.state().counts.length).toBeLessThan(4 * 10 * 128)
  })

  it("refuses what it cannot keep its promise on", () => {
    const sketch = new QuantileSketch(0.01)
    expect(sketch.quantile(0.5)).toBeNaN()
    expect(() => sketch.add(-1)).toThrow("from 0 up, not -1")
    expect(() => sketch.add(NaN)).toThrow("not NaN")
    expect(() => sketch.quantile(1.1)).toThrow("lies in 0 … 1")
    expect(() => sketch.merge(new QuantileSketch(0.1))).toThrow("do not merge")
    expect(() => new QuantileSketch(1e-9)).toThrow("at least 5e-7, not 1e-9")
  })
})

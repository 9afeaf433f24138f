import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../../engine/index.ts"
import { exponential, standardNormal } from "../../../../sim/kernel/variates.ts"
import { controlledInterval } from "../../../../sim/statistics/inference/control-variates.ts"
import { meanInterval } from "../../../../sim/statistics/inference/interval.ts"
import { assertProperty } from "../../../support/property.ts"

const sample = (seed: number, n: number) => {
  const stream = openStream("controls", "sample", seed)
  const a = Array.from({ length: n }, () => standardNormal(stream))
  const b = Array.from({ length: n }, () => standardNormal(stream))
  const noise = Array.from({ length: n }, () => standardNormal(stream))
  return { a, b, noise }
}

describe("control variates", () => {
  it("find the mean exactly where the controls explain everything", async () => {
    await assertProperty(
      fc.property(
        fc.nat(1e6),
        fc.integer({ min: -9, max: 9 }),
        fc.integer({ min: -9, max: 9 }),
        (seed, p, q) => {
          const { a, b } = sample(seed, 12)
          const { mean, halfWidth } = controlledInterval(
            a.map((x, i) => 5 + p * x + q * b[i]),
            [a, b],
          )
          expect(mean).toBeCloseTo(5, 9)
          expect(halfWidth).toBeCloseTo(0, 6)
        },
      ),
    )
  })

  it("do nothing but cost a degree of freedom where they explain nothing", () => {
    const { a, noise } = sample(1, 4000)
    const plain = meanInterval(noise)
    const controlled = controlledInterval(noise, [a])
    expect(controlled.halfWidth! / plain.halfWidth!).toBeCloseTo(1, 2)
  })

  it("take no account of the controls' units", async () => {
    await assertProperty(
      fc.property(fc.nat(1e6), fc.constantFrom(1e-12, 1e-3, 1e9), (seed, unit) => {
        const { a, b, noise } = sample(seed, 20)
        const values = noise.map((x, i) => x + 3 * a[i] - b[i])
        const first = controlledInterval(values, [a, b])
        const second = controlledInterval(values, [a.map((x) => x * unit), b])
        expect(second.mean).toBeCloseTo(first.mean, 9)
        expect(second.halfWidth!).toBeCloseTo(first.halfWidth!, 9)
      }),
    )
  })

  it("cover the mean as often as they say, and with less width", () => {
    const trials = 10_000
    let covered = 0
    let narrower = 0
    const stream = openStream("controls", "coverage", 0)
    for (let trial = 0; trial < trials; trial++) {
      const control = Array.from({ length: 10 }, () => standardNormal(stream))
      const values = control.map((x) => 2 + x + standardNormal(stream))
      const { mean, halfWidth } = controlledInterval(values, [control], 0.9)
      if (Math.abs(mean - 2) <= halfWidth!) covered++
      if (halfWidth! < meanInterval(values, 0.9).halfWidth!) narrower++
    }
    // Five standard errors: 5·√(0.09/10,000) = 0.015.
    expect(Math.abs(covered / trials - 0.9)).toBeLessThan(0.015)
    expect(narrower / trials).toBeGreaterThan(0.7)
  })

  it("fall back on the plain interval where there is nothing to fit", () => {
    const stream = openStream("controls", "fallback", 0)
    const values = Array.from({ length: 3 }, () => exponential(stream, 1))
    const controls = [1, 2].map(() => values.map(() => exponential(stream, 1)))
    expect(controlledInterval(values, controls)).toEqual(meanInterval(values))
    expect(controlledInterval([4], [[1]])).toEqual({ mean: 4, halfWidth: null, n: 1 })
    const constant = values.map(() => 0.25)
    expect(controlledInterval(values, [constant]).mean).toBeCloseTo(meanInterval(values).mean, 12)
  })

  it("refuse controls that repeat each other", () => {
    const { a, noise } = sample(2, 10)
    expect(() => controlledInterval(noise, [a, a.map((x) => -2 * x)])).toThrow("singular")
  })
})

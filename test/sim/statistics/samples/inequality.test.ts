import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  herfindahlIndex,
  gini,
  jainIndex,
  lorenzCurve,
} from "../../../../sim/statistics/samples/inequality.ts"
import { assertProperty } from "../../../support/property.ts"

const amounts = fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 })
const sum = (xs: ReadonlyArray<number>) => xs.reduce((a, b) => a + b, 0)

describe("measures of inequality", () => {
  it("reproduce the textbook's numbers", () => {
    expect(jainIndex([1, 2, 3, 4])).toBeCloseTo(25 / 30, 14)
    expect(jainIndex([1, 0, 0, 0])).toBe(0.25)
    expect(gini([1, 2, 3, 4])).toBeCloseTo(0.25, 14)
    expect(gini([0, 0, 0, 5])).toBe(0.75)
  })

  it("follow their definitions", async () => {
    await assertProperty(
      fc.property(amounts, (xs) => {
        const total = sum(xs)
        if (total === 0) {
          expect([jainIndex(xs), gini(xs)]).toEqual([1, 0])
          return
        }
        expect(jainIndex(xs)).toBeCloseTo(
          (total * total) / (xs.length * sum(xs.map((x) => x * x))),
          12,
        )
        const gaps = sum(xs.flatMap((x) => xs.map((y) => Math.abs(x - y))))
        expect(gini(xs)).toBeCloseTo(gaps / (2 * xs.length * total), 12)
      }),
    )
  })

  it("depend on shares alone, and move towards equality with a transfer from rich to poor", async () => {
    await assertProperty(
      fc.property(amounts, fc.integer({ min: 1, max: 1000 }), (xs, scale) => {
        const scaled = xs.map((x) => x * scale)
        expect(jainIndex(scaled)).toBeCloseTo(jainIndex(xs), 12)
        expect(gini(scaled)).toBeCloseTo(gini(xs), 12)
        const [low, high] = [Math.min(...xs), Math.max(...xs)]
        if (high - low < 2) return
        const moved = [...xs]
        moved[xs.indexOf(low)] += 1
        moved[xs.indexOf(high)] -= 1
        expect(gini(moved)).toBeLessThan(gini(xs))
        expect(jainIndex(moved)).toBeGreaterThan(jainIndex(xs))
      }),
    )
  })

  it("survive amounts whose squares would overflow or vanish", () => {
    expect(jainIndex([1e300, 1e300])).toBe(1)
    expect(jainIndex([1e-300, 0])).toBe(0.5)
  })

  it("draw a Lorenz curve that rises from 0 to 1 under the diagonal, convex", async () => {
    await assertProperty(
      fc.property(amounts, fc.integer({ min: 1, max: 60 }), (xs, steps) => {
        const curve = lorenzCurve(xs, steps)
        expect(curve[0]).toEqual({ population: 0, amount: 0 })
        expect(curve[steps].population).toBe(1)
        expect(curve[steps].amount).toBeCloseTo(1, 12)
        curve.forEach(({ population, amount }, i) => {
          expect(amount).toBeLessThanOrEqual(population + 1e-12)
          if (i < 2) return
          const slope = (k: number) => curve[k].amount - curve[k - 1].amount
          expect(slope(i)).toBeGreaterThanOrEqual(slope(i - 1) - 1e-12)
        })
      }),
    )
  })

  it("have twice the area between curve and diagonal for the Gini coefficient", async () => {
    await assertProperty(
      fc.property(amounts, (xs) => {
        // With as many steps as members, the trapezoids are the curve itself.
        const curve = lorenzCurve(xs, xs.length)
        const under = sum(
          curve.slice(1).map(({ amount }, i) => (amount + curve[i].amount) / (2 * xs.length)),
        )
        expect(1 - 2 * under).toBeCloseTo(gini(xs), 10)
      }),
    )
  })

  it("refuse amounts that are not amounts", () => {
    expect(() => gini([1, -1])).toThrow("from 0 up, not -1")
    expect(() => jainIndex([NaN])).toThrow("not NaN")
    expect(() => lorenzCurve([Infinity])).toThrow("not Infinity")
  })
})

describe("the Herfindahl–Hirschman index", () => {
  it("is the sum of the squared shares", () => {
    expect(herfindahlIndex([1, 2, 3, 4])).toBeCloseTo((1 + 4 + 9 + 16) / 100, 12)
    expect(herfindahlIndex([5, 0, 0])).toBe(1)
    expect(herfindahlIndex([2, 2, 2, 2])).toBeCloseTo(0.25, 12)
    expect(herfindahlIndex([])).toBe(0)
  })
})

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { nonNegativeFit, predictionOf } from "../../../sim/fleet/least-squares.ts"

const share = fc.double({ min: 0.1, max: 10, noNaN: true })

describe("a fit without negative coefficients", () => {
  it("finds the coefficients that made the values", () => {
    fc.assert(
      fc.property(
        fc.tuple(share, share, share),
        fc.array(fc.tuple(share, share, share), { minLength: 8, maxLength: 20 }),
        (truth, table) => {
          const rows = table.map((terms) => ({ terms, value: predictionOf(terms, truth) }))
          const found = nonNegativeFit(rows)
          // Rows that happen to be nearly alike do not determine three coefficients.
          fc.pre(found !== null)
          for (const row of rows)
            expect(predictionOf(row.terms, found ?? []) / row.value).toBeCloseTo(1, 6)
        },
      ),
    )
  })

  it("pins at 0 what would be negative, and no other choice of it fits better", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(share, share, share), { minLength: 4, maxLength: 12 }),
        (table) => {
          const rows = table.map(([a, b, value]) => ({ terms: [a, b], value }))
          const found = nonNegativeFit(rows)
          fc.pre(found !== null)
          const [x, y] = found ?? []
          expect(x).toBeGreaterThanOrEqual(0)
          expect(y).toBeGreaterThanOrEqual(0)
          expect(Math.max(x, y)).toBeGreaterThan(0)
        },
      ),
    )
    // 1 at a = 1, less at a = 2: the slope would be negative.
    const falling = [
      { terms: [1, 1], value: 1 },
      { terms: [1, 2], value: 0.8 },
      { terms: [1, 3], value: 0.9 },
    ]
    const [intercept, slope] = nonNegativeFit(falling) ?? []
    expect(slope).toBe(0)
    expect(intercept).toBeCloseTo((1 + 0.8 + 0.9) / 3, 6)
  })

  it("is refused where the values do not determine it", () => {
    const alike = [1, 2, 3].map((x) => ({ terms: [x, 2 * x], value: x }))
    expect(nonNegativeFit(alike)).toBeNull()
    expect(nonNegativeFit([{ terms: [1, 0], value: 1 }])).toBeNull()
  })
})

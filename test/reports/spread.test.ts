import { describe, expect, it } from "vitest"
import fc from "fast-check"
import { spreadNote, spreadOf } from "../../reports/spread.ts"

const values = (minLength: number, maxLength = 12) =>
  fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength, maxLength })

describe("a spread", () => {
  it("of nothing is none, of one value has no ends", () => {
    expect(spreadOf([])).toBeUndefined()
    expect(spreadOf([3])).toEqual({ mean: 3, low: null, high: null })
  })

  it("of two values is their range", () => {
    expect(spreadOf([5, 2])).toEqual({ mean: 3.5, low: 2, high: 5 })
  })

  it("of three and more is a t interval: 1, 2, 3 give 2 ± 4.303 / √3", () => {
    const spread = spreadOf([1, 2, 3])
    expect(spread?.mean).toBe(2)
    expect(spread?.high).toBeCloseTo(2 + 4.302_652_729_911 / Math.sqrt(3), 8)
    expect(spread?.low).toBeCloseTo(2 - 4.302_652_729_911 / Math.sqrt(3), 8)
  })

  it("holds the mean, moves with its values, and grows with their scale", () => {
    fc.assert(
      fc.property(values(3), fc.double({ min: -100, max: 100, noNaN: true }), (list, shift) => {
        const { mean, low, high } = spreadOf(list) ?? { mean: Number.NaN, low: 0, high: 0 }
        expect(low ?? 1).toBeLessThanOrEqual(mean)
        expect(high ?? 0).toBeGreaterThanOrEqual(mean)
        const moved = spreadOf(list.map((value) => value * 2 + shift))
        const width = (high ?? 0) - (low ?? 0)
        expect((moved?.high ?? 0) - (moved?.low ?? 0)).toBeCloseTo(2 * width, 2)
        expect(moved?.mean).toBeCloseTo(2 * mean + shift, 4)
      }),
    )
  })

  it("says what it is", () => {
    expect(spreadNote(1)).toContain("no band")
    expect(spreadNote(2)).toContain("lower to the higher")
    expect(spreadNote(7)).toContain("Mean of 7 replications")
    expect(spreadNote(7)).toContain("95% Student-t")
  })
})

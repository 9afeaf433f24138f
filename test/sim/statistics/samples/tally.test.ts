import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Tally, tallyOf } from "../../../../sim/statistics/samples/tally.ts"
import { assertProperty } from "../../../support/property.ts"

const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 60 })
/** Far from zero: where sums of squares lose the variance to rounding. */
const offset = fc.constantFrom(0, 1e9)

describe("a tally", () => {
  it("agrees with the definitions, far from zero too", async () => {
    await assertProperty(
      fc.property(values, offset, (small, shift) => {
        const tally = tallyOf(small.map((x) => x + shift))
        expect(tally.n).toBe(small.length)
        if (small.length === 0) return
        const mean = small.reduce((a, b) => a + b, 0) / small.length
        expect(tally.mean - shift).toBeCloseTo(mean, 5)
        expect(tally.sum).toBeCloseTo((mean + shift) * small.length, 1)
        expect(tally.min).toBe(Math.min(...small) + shift)
        expect(tally.max).toBe(Math.max(...small) + shift)
        if (small.length < 2) return
        const squares = small.reduce((sum, x) => sum + (x - mean) * (x - mean), 0)
        const variance = squares / (small.length - 1)
        expect(Math.abs(tally.variance! - variance)).toBeLessThan(1e-3 + 1e-6 * variance)
        expect(tally.deviation).toBeCloseTo(Math.sqrt(tally.variance!), 9)
      }),
    )
  })

  it("merges into what it would be, had it seen everything", async () => {
    await assertProperty(
      fc.property(values, values, offset, (first, second, shift) => {
        const shifted = (xs: ReadonlyArray<number>) => xs.map((x) => x + shift)
        const merged = tallyOf(shifted(first))
        merged.merge(tallyOf(shifted(second)))
        const whole = tallyOf(shifted([...first, ...second]))
        expect(merged.n).toBe(whole.n)
        expect(merged.min).toBe(whole.min)
        expect(merged.max).toBe(whole.max)
        expect(merged.mean - whole.mean).toBeCloseTo(0, 5)
        if (whole.n < 2) expect(merged.variance).toBeNull()
        else
          expect(merged.variance! / (whole.variance! + 1)).toBeCloseTo(
            whole.variance! / (whole.variance! + 1),
            5,
          )
      }),
    )
  })

  it("has no variance below two observations", () => {
    expect(new Tally().variance).toBeNull()
    expect(tallyOf([3]).deviation).toBeNull()
    expect(tallyOf([3, 5]).variance).toBe(2)
  })
})

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { prorate } from "../../../engine/rules/proration.ts"
import { assertProperty } from "../../support/property.ts"

describe("a largest-remainder split", () => {
  it.each([
    [10, [1, 1, 1], [4, 3, 3]],
    [10, [1, 2, 3], [2, 3, 5]],
    [1, [1, 1], [1, 0]],
    [2, [0, 3, 0, 3], [0, 1, 0, 1]],
    [0, [5, 7], [0, 0]],
    [7, [7], [7]],
    [100, [Number.MAX_SAFE_INTEGER - 1, 1], [100, 0]],
  ])("of %d by %j is %j", (amount, weights, parts) => {
    expect(prorate(amount, weights)).toEqual(parts)
  })

  it("sums exactly to the whole, each part within one minor unit of its quota, in BigInt", async () => {
    // Together the weights may leave the safe range.
    const weight = fc.oneof(fc.nat(5), fc.nat(1_000_000), fc.maxSafeNat())
    const weights = fc
      .array(weight, { minLength: 1, maxLength: 60 })
      .filter((all) => all.some((one) => one > 0))
    await assertProperty(
      fc.property(fc.oneof(fc.nat(1000), fc.maxSafeNat()), weights, (amount, all) => {
        const parts = prorate(amount, all)
        const total = all.reduce((sum, one) => sum + BigInt(one), 0n)
        expect(parts.reduce((sum, part) => sum + BigInt(part), 0n)).toBe(BigInt(amount))
        parts.forEach((part, i) => {
          const exact = BigInt(amount) * BigInt(all[i] ?? 0)
          const excess = BigInt(part) * total - exact
          expect(excess < total && -excess < total).toBe(true)
        })
      }),
      {
        // Its weights leave the safe range, and a sum in doubles missed the whole.
        examples: [
          [1_920_745_561_385_308, [1, 9_007_199_254_740_987, 219_115, 3, 668_259, 683_819]],
        ],
      },
    )
  })

  it("gives a larger remainder before a smaller, and the lower index among equals", async () => {
    const weights = fc.array(fc.nat(9), { minLength: 2, maxLength: 12 })
    await assertProperty(
      fc.property(fc.nat(100), weights, (amount, all) => {
        const total = all.reduce((sum, one) => sum + one, 0)
        fc.pre(total > 0)
        const remainders = all.map((weight) => (amount * weight) % total)
        const extra = prorate(amount, all).map(
          (part, i) => part - Math.floor((amount * (all[i] ?? 0)) / total),
        )
        for (const [i, more] of extra.entries())
          for (const [j, less] of extra.entries()) {
            const a = remainders[i] ?? 0
            const b = remainders[j] ?? 0
            if (more > less) expect(a > b || (a === b && i < j)).toBe(true)
          }
      }),
    )
  })
})

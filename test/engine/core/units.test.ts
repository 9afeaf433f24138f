import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  formatCredits,
  isWhole,
  mulDivCeil,
  mulDivFloor,
  parseDecimal,
} from "../../../engine/core/units.ts"
import { assertProperty } from "../../support/property.ts"

const whole = fc.oneof(fc.nat(10_000), fc.maxSafeNat())
const divisor = fc.oneof(fc.constantFrom(1, 3, 7, 100, 10_000, 1_000_000), fc.integer({ min: 1 }))

describe("whole numbers", () => {
  it.each([0, 1, 2 ** 53 - 1])("%d is one", (value) => {
    expect(isWhole(value)).toBe(true)
  })

  it.each([-1, 0.5, 2 ** 53, Infinity, -Infinity, Number.NaN])("%d is none", (value) => {
    expect(isWhole(value)).toBe(false)
  })
})

describe("multiply and divide", () => {
  const exactFloor = (a: number, b: number, d: number) =>
    Number((BigInt(a) * BigInt(b)) / BigInt(d))
  const exactCeil = (a: number, b: number, d: number) =>
    Number((BigInt(a) * BigInt(b) + BigInt(d) - 1n) / BigInt(d))

  it("is exact, rounded down or up, whatever the size of the product", async () => {
    await assertProperty(
      fc.property(whole, whole, divisor, (a, b, d) => {
        expect(mulDivFloor(a, b, d)).toBe(exactFloor(a, b, d))
        expect(mulDivCeil(a, b, d)).toBe(exactCeil(a, b, d))
      }),
    )
  })

  it("is exact where the quotient lies closest to a whole number", async () => {
    await assertProperty(
      fc.property(fc.integer({ min: 2, max: 1_000_000 }), fc.nat(1_000_000), (d, back) => {
        // The largest safe product just beside a multiple of the divisor.
        const product = Math.floor((Number.MAX_SAFE_INTEGER - 1) / d - back) * d
        for (const beside of [product - 1, product, product + 1]) {
          expect(mulDivFloor(beside, 1, d)).toBe(exactFloor(beside, 1, d))
          expect(mulDivCeil(beside, 1, d)).toBe(exactCeil(beside, 1, d))
        }
      }),
    )
  })

  it("crosses from doubles to BigInt without a seam", () => {
    // 94,906,267² is the first square beyond 2^53.
    for (const a of [94_906_265, 94_906_266, 94_906_267, 94_906_268]) {
      expect(mulDivFloor(a, a, 7)).toBe(exactFloor(a, a, 7))
      expect(mulDivCeil(a, a, 7)).toBe(exactCeil(a, a, 7))
    }
  })
})

describe("credits as text", () => {
  it.each([
    [105_600_000, 6, "105.60"],
    [1, 6, "0.000001"],
    [0, 6, "0.00"],
    [-14_400_000, 6, "-14.40"],
    [1_234_567, 6, "1.234567"],
    [5, 0, "5.00"],
    [15, 1, "1.50"],
    [Number.MAX_SAFE_INTEGER, 9, "9007199.254740991"],
  ])("%d minor units at scale %d are %s", (minor, scale, text) => {
    expect(formatCredits(minor, scale)).toBe(text)
  })

  it.each([
    ["0.00012", 12, 120_000_000],
    ["120.00", 6, 120_000_000],
    [" 7 ", 0, 7],
    ["1.50000000000", 1, 15],
    ["9007199254.740991", 6, Number.MAX_SAFE_INTEGER],
  ])("%s at scale %d is %d", (text, scale, value) => {
    expect(parseDecimal(text, scale)).toBe(value)
  })

  it.each(["", "-1", "+1", "1e3", "1.", ".5", "1,5", "0x10", "NaN", "1.25", "9007199254740992"])(
    "%j is no amount at scale 1",
    (text) => {
      expect(parseDecimal(text, 1)).toBeUndefined()
    },
  )

  it("comes back as it was, at any scale", async () => {
    await assertProperty(
      fc.property(fc.maxSafeNat(), fc.nat(9), (minor, scale) => {
        expect(parseDecimal(formatCredits(minor, scale), scale)).toBe(minor)
      }),
    )
  })
})

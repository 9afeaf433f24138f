import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { feeOf, priceOf, quote } from "../../../engine/rules/price.ts"
import { formatCredits, parseDecimal, tokensPerMtok } from "../../../engine/core/units.ts"
import { assertProperty } from "../../support/property.ts"

const tokens = fc.oneof(fc.nat(2000), fc.nat(100_000_000))
const price = fc.oneof(fc.nat(10), fc.nat(10_000_000), fc.maxSafeNat())

describe("the price of a call", () => {
  it("is exact, rounded up once over input and output together", async () => {
    await assertProperty(
      fc.property(tokens, price, tokens, price, (input, inputPrice, output, outputPrice) => {
        const total = BigInt(input) * BigInt(inputPrice) + BigInt(output) * BigInt(outputPrice)
        const exact = (total + 999_999n) / 1_000_000n
        expect(priceOf(input, inputPrice, output, outputPrice)).toBe(Number(exact))
      }),
    )
  })

  it("is never 0 for a served token that has a price", () => {
    expect(priceOf(0, 0, 1, 1)).toBe(1)
    expect(priceOf(1, 1, 1, 1)).toBe(1)
    expect(priceOf(1, 0, 1, 0)).toBe(0)
  })
})

describe("the fee", () => {
  it("is rounded down, so that the provider's share never is", () => {
    expect(feeOf(100, 1200)).toBe(12)
    expect(feeOf(99, 1200)).toBe(11)
    expect(feeOf(8, 1200)).toBe(0)
    expect(feeOf(Number.MAX_SAFE_INTEGER, 10_000)).toBe(Number.MAX_SAFE_INTEGER)
  })

  it("and the share add up to the charge, each within one minor unit of its quota", async () => {
    await assertProperty(
      fc.property(fc.maxSafeNat(), fc.nat(10_000), (charge, feeBps) => {
        const fee = feeOf(charge, feeBps)
        const remainder = BigInt(charge) * BigInt(feeBps) - BigInt(fee) * 10_000n
        expect(remainder >= 0n && remainder < 10_000n).toBe(true)
        expect(fee).toBeLessThanOrEqual(charge)
      }),
    )
  })
})

describe("a quote", () => {
  it("of 0.00012 a token for 1,000,000 tokens is 120.00, 14.40 and 105.60", () => {
    const scale = 6
    const pricePerMtok = (parseDecimal("0.00012", 12) ?? Number.NaN) / 10 ** (12 - scale - 6)
    expect(pricePerMtok).toBe(120_000_000)
    const { gross, fee, net } = quote(1_000_000, pricePerMtok, 1200)
    expect(formatCredits(gross, scale)).toBe("120.00")
    expect(formatCredits(fee, scale)).toBe("14.40")
    expect(formatCredits(net, scale)).toBe("105.60")
  })

  it("is what a call of so many output tokens is charged", async () => {
    await assertProperty(
      fc.property(tokens, fc.nat(1_000_000_000), fc.nat(10_000), (n, perMtok, feeBps) => {
        const { gross, fee, net } = quote(n, perMtok, feeBps)
        expect(gross).toBe(priceOf(0, 0, n, perMtok))
        expect(fee).toBe(feeOf(gross, feeBps))
        expect(net + fee).toBe(gross)
        expect(Math.abs(gross - (n * perMtok) / tokensPerMtok)).toBeLessThanOrEqual(1)
      }),
    )
  })
})

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { compileRules } from "../../../engine/economy/rules.ts"
import { reductionAfter, reductionOnSwitch } from "../../../engine/rules/flap.ts"
import { microsPerHour } from "../../../engine/core/units.ts"
import { economyWith } from "../../support/market.ts"
import { assertProperty } from "../../support/property.ts"

const rules = compileRules(economyWith({}))

describe("the reduction after a switch", () => {
  it.each([
    [0, 0.5],
    [18, 0.375],
    [36, 0.25],
    [72, 0],
    [1000, 0],
  ])("%d hours later is %d", (hours, reduction) => {
    expect(reductionAfter(rules, 0.5, hours * microsPerHour)).toBe(reduction)
  })

  it("is exactly 0 from 72 h on, and above it a microsecond before", () => {
    expect(reductionAfter(rules, 0.5, 72 * microsPerHour)).toBe(0)
    expect(reductionAfter(rules, 0.5, 72 * microsPerHour - 1)).toBeGreaterThan(0)
  })

  it("adds up over switches, to 0.9 at most", () => {
    expect(reductionOnSwitch(rules, 0)).toBe(0.5)
    expect(reductionOnSwitch(rules, 0.25)).toBe(0.75)
    expect(reductionOnSwitch(rules, 0.5)).toBe(0.9)
    expect(reductionOnSwitch(rules, 0.9)).toBe(0.9)
  })

  it("never rises between switches", async () => {
    const elapsed = fc.oneof(fc.nat(73 * microsPerHour), fc.maxSafeNat())
    await assertProperty(
      fc.property(fc.double({ min: 0, max: 0.9, noNaN: true }), elapsed, elapsed, (at, a, b) => {
        const sooner = reductionAfter(rules, at, Math.min(a, b))
        const later = reductionAfter(rules, at, Math.max(a, b))
        expect(later).toBeLessThanOrEqual(sooner)
        expect(later).toBeGreaterThanOrEqual(0)
        expect(sooner).toBeLessThanOrEqual(at)
      }),
    )
  })

  it("is none where the economy's decays at once", () => {
    const none = compileRules(economyWith({ flap: { decayHours: 0 } }))
    expect(reductionAfter(none, 0.5, 0)).toBe(0)
  })
})

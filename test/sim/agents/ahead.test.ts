import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { comingWeek, horizonOf, meanAhead } from "../../../sim/agents/ahead.ts"
import { assertProperty } from "../../support/property.ts"

describe("the mean ahead of what falls to 0", () => {
  it("is that of a triangle, or of a week's part of one", () => {
    // Half of the pay, falling to nothing in 72 h: 18 of a week's 168 hours' pay.
    expect(meanAhead(0.5, 72, comingWeek)).toBeCloseTo(18 / 168, 12)
    // What a newcomer lacks of its full rate: nine tenths at first, nothing after a week.
    expect(meanAhead(0.9, 168, comingWeek)).toBeCloseTo(0.45, 12)
    expect(meanAhead(0.9, 336, comingWeek)).toBeCloseTo((0.9 + 0.45) / 2, 12)
    expect(meanAhead(1, 0, comingWeek)).toBe(0)
  })

  it("is little over the life of a machine, and more where what is far off counts for less", () => {
    const week = 168
    expect(meanAhead(0.9, week, horizonOf(364, 0))).toBeCloseTo(0.45 / 52, 12)
    expect(meanAhead(0.9, week, horizonOf(364, 3))).toBeGreaterThan((1.5 * 0.45) / 52)
  })

  it("is what adding up in small steps gives", async () => {
    await assertProperty(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0.1, max: 1000, noNaN: true }),
        fc.double({ min: 1, max: 1000, noNaN: true }),
        fc.double({ min: 0, max: 10, noNaN: true }),
        (now, hours, days, discountPerYear) => {
          const horizon = horizonOf(days, discountPerYear)
          const steps = 20_000
          let sum = 0
          let weights = 0
          for (let i = 0; i < steps; i++) {
            const at = ((i + 0.5) / steps) * horizon.hours
            const weight = Math.exp(-horizon.discountPerHour * at)
            sum += weight * now * Math.max(0, 1 - at / hours)
            weights += weight
          }
          expect(meanAhead(now, hours, horizon)).toBeCloseTo(sum / weights, 3)
        },
      ),
      { share: 0.05 },
    )
  })

  it("does not jump where the series ends", () => {
    const rate = (x: number) => ({ hours: 1000, discountPerHour: x / 1000 })
    expect(meanAhead(1, 500, rate(0.9999e-4))).toBeCloseTo(meanAhead(1, 500, rate(1.0001e-4)), 7)
  })
})

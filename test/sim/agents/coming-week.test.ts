import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { meanInComingWeek } from "../../../sim/agents/coming-week.ts"
import { assertProperty } from "../../support/property.ts"

describe("the mean over the coming week of what falls to 0", () => {
  it("is that of a triangle, or of a week's part of one", () => {
    // Half of the pay, falling to nothing in 72 h: 18 of a week's 168 hours' pay.
    expect(meanInComingWeek(0.5, 72)).toBeCloseTo(18 / 168, 12)
    // What a newcomer lacks of its full rate: nine tenths at first, nothing after a week.
    expect(meanInComingWeek(0.9, 168)).toBeCloseTo(0.45, 12)
    expect(meanInComingWeek(0.9, 336)).toBeCloseTo((0.9 + 0.45) / 2, 12)
    expect(meanInComingWeek(1, 0)).toBe(0)
  })

  it("is what adding up by the minute gives", async () => {
    await assertProperty(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0.1, max: 1000, noNaN: true }),
        (now, hours) => {
          let sum = 0
          const minutes = 168 * 60
          for (let i = 0; i < minutes; i++) sum += now * Math.max(0, 1 - (i + 0.5) / 60 / hours)
          expect(meanInComingWeek(now, hours)).toBeCloseTo(sum / minutes, 3)
        },
      ),
      { share: 0.1 },
    )
  })
})

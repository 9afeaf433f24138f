import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  debtAfter,
  debtWaitMicros,
  nextSlotOnline,
  rampOf,
  rampedSlots,
} from "../../../engine/rules/ramp.ts"
import { hardened } from "../../../engine/economy/presets/hardened.ts"
import { compileRules } from "../../../engine/economy/rules.ts"
import { microsPerHour, microsPerSecond } from "../../../engine/core/units.ts"
import { economyWith } from "../../support/market.ts"
import { assertProperty } from "../../support/property.ts"

const rules = compileRules(economyWith({}))
const strict = compileRules(hardened)
const week = 168 * microsPerHour

describe("the ramp", () => {
  it.each([
    [0, 0.1],
    [week / 4, 0.325],
    [week / 2, 0.55],
    [week, 1],
    [52 * week, 1],
  ])("after %d µs online is %d", (online, ramp) => {
    expect(rampOf(rules, online, 0)).toBeCloseTo(ramp, 12)
  })

  it("is exactly 1 from the end of the week on, and below it a microsecond before", () => {
    expect(rampOf(rules, week, 0)).toBe(1)
    expect(rampOf(rules, week - 1, 0)).toBeLessThan(1)
  })

  it("asks for 200 successes as well in `hardened`", () => {
    expect(rampOf(strict, 52 * week, 0)).toBeCloseTo(0.1, 12)
    expect(rampOf(strict, 52 * week, 100)).toBeCloseTo(0.55, 12)
    expect(rampOf(strict, week / 4, 199)).toBeCloseTo(0.325, 12)
    expect(rampOf(strict, week, 199)).toBeLessThan(1)
    expect(rampOf(strict, week, 200)).toBe(1)
  })

  it("is monotone in online time and in successes, and within start … 1", async () => {
    const online = fc.oneof(fc.nat(2 * week), fc.maxSafeNat())
    const successes = fc.nat(300)
    await assertProperty(
      fc.property(
        fc.constantFrom(rules, strict),
        fc.tuple(online, online),
        fc.tuple(successes, successes),
        (under, times, counts) => {
          const [less, more] = times.toSorted((a, b) => a - b)
          const [fewer, further] = counts.toSorted((a, b) => a - b)
          const before = rampOf(under, less ?? 0, fewer ?? 0)
          const after = rampOf(under, more ?? 0, further ?? 0)
          expect(before).toBeGreaterThanOrEqual(under.rampStart)
          expect(after).toBeGreaterThanOrEqual(before)
          expect(after).toBeLessThanOrEqual(1)
        },
      ),
    )
  })

  it("is off where the economy asks for no online time", () => {
    const none = compileRules(economyWith({ ramp: { onlineHours: 0 } }))
    expect(rampOf(none, 0, 0)).toBe(1)
  })
})

describe("ramped slots", () => {
  it.each([
    [0.1, 1, 1],
    [0.1, 8, 1],
    [0.1, 40, 4],
    [0.5, 9, 4],
    [1, 9, 9],
  ])("at %d of %d slots are %d", (ramp, slots, capacity) => {
    expect(rampedSlots(ramp, slots)).toBe(capacity)
  })

  it("grow by one when the next slot is due, and not 2 µs before", async () => {
    const start = fc.double({ min: 0.001, max: 0.999, noNaN: true })
    const hours = fc.integer({ min: 1, max: 1000 })
    await assertProperty(
      fc.property(
        start,
        hours,
        fc.integer({ min: 2, max: 1024 }),
        fc.nat(),
        (s, h, slots, pick) => {
          const under = compileRules(economyWith({ ramp: { start: s, onlineHours: h } }))
          const slotsAt = (online: number) => rampedSlots(rampOf(under, online, 0), slots)
          const now = slotsAt(pick % (h * microsPerHour))
          const due = nextSlotOnline(under, slots, now)
          if (now === slots) expect(due).toBe(Infinity)
          else {
            expect(slotsAt(due)).toBeGreaterThan(now)
            // Rounding of the ramp is worth less than a hundred-thousandth of the time to the slot.
            expect(slotsAt(due - 2 - due * 1e-5)).toBeLessThanOrEqual(now)
          }
        },
      ),
    )
  })

  it("have no further slot to wait for where the ramp starts full", () => {
    const none = compileRules(economyWith({ ramp: { start: 1 } }))
    expect(nextSlotOnline(none, 8, 1)).toBe(Infinity)
  })
})

describe("the rate's bucket", () => {
  it("drains at the ramped rate and never below 0", () => {
    expect(debtAfter(1000, 10 * microsPerSecond, 20)).toBe(800)
    expect(debtAfter(1000, 100 * microsPerSecond, 20)).toBe(0)
  })

  it("lets attempts through while the debt is within 10 s worth", () => {
    expect(debtWaitMicros(200, 20, 10)).toBe(0)
    expect(debtWaitMicros(300, 20, 10)).toBe(5 * microsPerSecond)
  })

  it("asks for a wait after which nothing is in the way, and half of which is not enough", async () => {
    const debt = fc.double({ min: 0, max: 1e9, noNaN: true })
    const drain = fc.double({ min: 0.001, max: 1e5, noNaN: true })
    await assertProperty(
      fc.property(debt, drain, fc.double({ min: 0.1, max: 100, noNaN: true }), (d, rate, burst) => {
        const wait = debtWaitMicros(d, rate, burst)
        expect(wait).toBeGreaterThanOrEqual(0)
        const later = debtWaitMicros(debtAfter(d, wait, rate), rate, burst)
        // One rounding of the debt may ask for the last few microseconds again.
        expect(later).toBeLessThanOrEqual(1 + wait * 1e-12 + (d * 1e-9) / rate)
        if (wait > 10)
          expect(debtWaitMicros(debtAfter(d, wait / 2, rate), rate, burst)).toBeGreaterThan(0)
      }),
    )
  })
})

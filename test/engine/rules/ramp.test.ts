import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { RampRules } from "../../../engine/rules/ramp.ts"
import {
  bootstrapStart,
  debtAfter,
  debtWaitMicros,
  nextSlotOnline,
  rampOf,
  rampProgress,
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

/** The ramp of an instance of a model that does not bootstrap. */
const ramp = (under: RampRules, online: number, successes: number): number =>
  rampOf(under.rampStart, rampProgress(under, online, successes))

describe("the ramp", () => {
  it.each([
    [0, 0.1],
    [week / 4, 0.325],
    [week / 2, 0.55],
    [week, 1],
    [52 * week, 1],
  ])("after %d µs online is %d", (online, expected) => {
    expect(ramp(rules, online, 0)).toBeCloseTo(expected, 12)
  })

  it("is exactly 1 from the end of the week on, and below it a microsecond before", () => {
    expect(ramp(rules, week, 0)).toBe(1)
    expect(ramp(rules, week - 1, 0)).toBeLessThan(1)
  })

  it("asks for 200 successes as well in `hardened`", () => {
    expect(ramp(strict, 52 * week, 0)).toBeCloseTo(0.1, 12)
    expect(ramp(strict, 52 * week, 100)).toBeCloseTo(0.55, 12)
    expect(ramp(strict, week / 4, 199)).toBeCloseTo(0.325, 12)
    expect(ramp(strict, week, 199)).toBeLessThan(1)
    expect(ramp(strict, week, 200)).toBe(1)
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
          const before = ramp(under, less ?? 0, fewer ?? 0)
          const after = ramp(under, more ?? 0, further ?? 0)
          expect(before).toBeGreaterThanOrEqual(under.rampStart)
          expect(after).toBeGreaterThanOrEqual(before)
          expect(after).toBeLessThanOrEqual(1)
        },
      ),
    )
  })

  it("is off where the economy asks for no online time", () => {
    const none = compileRules(economyWith({ ramp: { onlineHours: 0 } }))
    expect(ramp(none, 0, 0)).toBe(1)
  })
})

describe("the start of a ramp", () => {
  const under = (bootstrapShare: number, start = 0.1) =>
    compileRules(economyWith({ ramp: { bootstrapShare, start } }))
  const anyShare = fc.double({ min: 0.001, max: 1, noNaN: true })
  const anyStart = fc.double({ min: 0.001, max: 1, noNaN: true })
  const anyRate = fc.integer({ min: 1, max: 1_000_000_000 })

  it.each([
    [0, 0, 1],
    [0, 100, 1],
    [5, 100, 0.82],
    [12.5, 100, 0.55],
    [25, 100, 0.1],
    [100, 100, 0.1],
  ])(
    "with %d of %d tokens/s established and a quarter asked for is %d",
    (established, supply, start) => {
      expect(bootstrapStart(under(0.25), established, supply)).toBeCloseTo(start, 12)
    },
  )

  it("is the rules' own where bootstrapping is off, whatever is established", async () => {
    await assertProperty(
      fc.property(anyStart, fc.nat(1_000_000_000), fc.nat(1_000_000_000), (start, one, other) => {
        const off = under(0, start)
        const supply = one + other
        expect(bootstrapStart(off, one, supply)).toBe(start)
      }),
    )
  })

  it("holds nobody back where nobody is established, and everybody as ever where enough are", async () => {
    await assertProperty(
      fc.property(anyShare, anyStart, anyRate, anyRate, (share, start, supply, progress) => {
        const on = under(share, start)
        expect(rampOf(bootstrapStart(on, 0, supply), (progress - 1) / 1e9)).toBe(1)
        expect(bootstrapStart(on, 0, 0)).toBe(1)
        const enough = Math.min(supply, Math.ceil(share * supply))
        expect(bootstrapStart(on, enough, supply)).toBe(start)
        expect(bootstrapStart(on, supply, supply)).toBe(start)
      }),
    )
  })

  it("falls as more is established, rises with the share that is asked for, and stays within start … 1", async () => {
    await assertProperty(
      fc.property(
        fc.tuple(anyShare, anyShare),
        anyStart,
        anyRate,
        fc.tuple(fc.nat(), fc.nat()),
        (shares, start, supply, picks) => {
          const [low, high] = shares.toSorted((a, b) => a - b)
          const [less, more] = picks
            .map((pick) => pick % (supply + 1))
            .toSorted((a, b) => a - b) as [number, number]
          const [atLow, atHigh] = [under(low!, start), under(high!, start)]
          const highest = bootstrapStart(atHigh, less, supply)
          const lowest = bootstrapStart(atHigh, more, supply)
          expect(lowest).toBeLessThanOrEqual(highest)
          expect(bootstrapStart(atLow, less, supply)).toBeLessThanOrEqual(highest)
          expect(lowest).toBeGreaterThanOrEqual(start)
          expect(highest).toBeLessThanOrEqual(1)
        },
      ),
    )
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
          const slotsAt = (online: number) => rampedSlots(ramp(under, online, 0), slots)
          const now = slotsAt(pick % (h * microsPerHour))
          const due = nextSlotOnline(under, under.rampStart, slots, now)
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
    expect(nextSlotOnline(none, 1, 8, 1)).toBe(Infinity)
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

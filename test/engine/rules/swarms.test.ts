import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Realised } from "../../../engine/rules/swarms.ts"
import { adviceOf, medianRate } from "../../../engine/rules/swarms.ts"
import { assertProperty } from "../../support/property.ts"

const hour = 3_600_000_000
const rules = {
  isPricingBinding: false,
  isPricingAdvisory: true,
  dataParties: 5,
  adviceParties: 5,
  adviceShare: 0.25,
}

describe("the median by capacity", () => {
  it("is the least rate that half of the capacity asks or less", () => {
    const rates = (...pairs: ReadonlyArray<readonly [number, number]>) =>
      medianRate(pairs.map(([rate, capacity]) => ({ rate, capacity })))
    expect(rates([8, 2], [10, 3], [12, 4], [15, 1])).toBe(10)
    expect(rates([8, 2], [10, 2], [12, 4], [15, 1])).toBe(12)
    expect(rates([15, 1], [8, 1])).toBe(8)
    expect(rates([5, 0])).toBeUndefined()
    expect(rates()).toBeUndefined()
  })

  it("leaves no more than half on either side, and is one of the rates", async () => {
    const some = fc.array(fc.record({ rate: fc.nat(9), capacity: fc.nat(4) }), { maxLength: 8 })
    await assertProperty(
      fc.property(some, (rates) => {
        const median = medianRate(rates)
        const sum = (of: (rate: number) => boolean) =>
          rates.reduce((total, { rate, capacity }) => total + (of(rate) ? capacity : 0), 0)
        const total = sum(() => true)
        if (median === undefined) {
          expect(total).toBe(0)
          return
        }
        expect(2 * sum((rate) => rate < median)).toBeLessThan(total)
        expect(2 * sum((rate) => rate > median)).toBeLessThanOrEqual(total)
        expect(rates.some(({ rate }) => rate === median)).toBe(true)
      }),
    )
  })
})

describe("an advisory rate", () => {
  const party = fc.record({
    due: fc.integer({ min: 1_000_000, max: 4_000_000 }),
    hours: fc.integer({ min: 4, max: 12 }),
  })
  const parties = fc
    .array(party, { minLength: 1, maxLength: 9 })
    .map((all) => all.map(({ due, hours }): Realised => ({ due, jobMicros: hours * hour })))

  it("is told only of five parties or more, none of which is more than a quarter", async () => {
    await assertProperty(
      fc.property(parties, (all) => {
        const due = all.reduce((sum, one) => sum + one.due, 0)
        const micros = all.reduce((sum, one) => sum + one.jobMicros, 0)
        const isSafe =
          all.length >= 5 && all.every((one) => 4 * one.due <= due && 4 * one.jobMicros <= micros)
        const advice = adviceOf(rules, all)
        expect(advice !== undefined).toBe(isSafe)
        const mean = (due * hour) / micros
        if (advice !== undefined) {
          expect(advice).toBeLessThanOrEqual(mean)
          expect(advice).toBeGreaterThan(mean * 0.99)
        }
      }),
    )
  })

  /**
   * Whatever is told, it would have been told as well had any one party been paid a tenth more or less, the others
   * making up for it: so nobody's price follows from it.
   */
  it("never tells a single party's price: each may have been another one", async () => {
    await assertProperty(
      fc.property(parties, fc.nat(8), fc.constantFrom(0.9, 1.1), (all, place, factor) => {
        const advice = adviceOf(rules, all)
        if (advice === undefined) return
        const who = place % all.length
        const moved = Math.round(all[who]!.due * factor) - all[who]!.due
        const others = all.length - 1
        const apiece = Math.trunc(moved / others)
        const otherwise = all.map((one, index) => ({
          ...one,
          due: one.due + (index === who ? apiece * others : -apiece),
        }))
        expect(otherwise[who]!.due).not.toBe(all[who]!.due)
        // Others may be too much of it then: with the rule about shares aside, the same is told.
        expect(adviceOf({ ...rules, adviceShare: 1 }, otherwise)).toBe(advice)
      }),
    )
  })

  it("moves by no more than a quarter of what any one party's price moves by", async () => {
    await assertProperty(
      fc.property(parties, fc.nat(8), fc.integer({ min: 0, max: 9 }), (all, place, times) => {
        const open = { ...rules, adviceShare: 1 }
        const who = place % all.length
        const changed = all.map((one, index) =>
          index === who ? { ...one, due: one.due * times } : one,
        )
        const advice = adviceOf(rules, all)
        if (advice === undefined) return
        const { due, jobMicros } = all[who]!
        const own = (due * hour) / jobMicros
        const moved = Math.abs((adviceOf(open, changed) ?? 0) - advice)
        // Three digits are told: a hundredth of either may be rounding.
        const rounding = 0.01 * (advice + moved)
        expect(moved).toBeLessThanOrEqual(0.25 * own * Math.abs(times - 1) + rounding)
      }),
    )
  })
})

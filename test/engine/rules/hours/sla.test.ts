import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { aitbc } from "../../../../engine/economy/presets/aitbc.ts"
import type { EconomyPatch } from "../../../../engine/economy/derive.ts"
import { compileSla } from "../../../../engine/rules/hours/sla.ts"
import type { Seen, SlaTerms } from "../../../../engine/rules/hours/sla.ts"
import { availabilityOf, refundOf } from "../../../../engine/rules/hours/sla.ts"
import { credit, day, hour } from "../../../support/hours.ts"
import { economyWith } from "../../../support/market.ts"
import { assertProperty } from "../../../support/property.ts"

const rulesOf = (sla: EconomyPatch["sla"] = {}) => compileSla(economyWith({ sla }, aitbc))

/** 003's: 99% up, 30 seconds, 98% of the calls, half of the price. */
const usual: SlaTerms = {
  availabilityBps: 9900,
  completionBps: 9800,
  responseMicros: 30_000_000,
  penaltyBps: 5000,
}

const nothingSeen: Seen = {
  micros: day,
  awayMicros: 0,
  maintenanceMicros: 0,
  downMicros: 0,
  downInMaintenanceMicros: 0,
  successes: 0,
  failures: 0,
  responses: 0,
  onTime: 0,
  responseMicros: 0,
}
const seen = (some: Partial<Seen>): Seen => ({ ...nothingSeen, ...some })

const forms = ["cliff", "linear", "tiers"] as const

describe("a day at 2.40 that was up for 98.5% of it, where 99% were promised", () => {
  it.each([
    ["cliff", 1.2],
    ["linear", 0.6],
    ["tiers", 0.72],
  ] as const)("gives back, by the form %s, %d", (form, refund) => {
    const down = seen({ downMicros: 0.015 * day })
    expect(refundOf(rulesOf({ form }), usual, down, 2.4 * credit)).toBe(refund * credit)
  })

  it.each(forms)("gives nothing back by the form %s as soon as it was up for 99%", (form) => {
    const rules = rulesOf({ form })
    expect(refundOf(rules, usual, seen({ downMicros: 0.01 * day }), credit)).toBe(0)
    expect(
      refundOf(rules, usual, seen({ downMicros: 0.01 * day + 1_000_000 }), credit),
    ).toBeGreaterThan(0)
  })
})

describe("the three figures", () => {
  const cliff = rulesOf()

  it("are not added up: the greatest of the refunds counts", () => {
    const all = seen({ downMicros: day, failures: 20, successes: 20, responses: 20, onTime: 0 })
    expect(refundOf(cliff, usual, all, credit)).toBe(0.5 * credit)
    const linear = rulesOf({ form: "linear" })
    // Up for 98.5%: half of the penalty. 97% of the calls: half of it too. 96%: all of it.
    const calls = (failures: number) => ({ failures, successes: 100 - failures })
    const down = { downMicros: 0.015 * day }
    expect(refundOf(linear, usual, seen({ ...down, ...calls(3) }), credit)).toBe(0.25 * credit)
    expect(refundOf(linear, usual, seen({ ...down, ...calls(4) }), credit)).toBe(0.5 * credit)
  })

  it("say nothing of calls where there were fewer than 20", () => {
    expect(refundOf(cliff, usual, seen({ failures: 19 }), credit)).toBe(0)
    expect(refundOf(cliff, usual, seen({ failures: 20 }), credit)).toBe(0.5 * credit)
    const slow = (responses: number) =>
      seen({ successes: 50, responses, responseMicros: responses * 31_000_000 })
    expect(refundOf(cliff, usual, slow(19), credit)).toBe(0)
    expect(refundOf(cliff, usual, slow(20), credit)).toBe(0.5 * credit)
  })

  it("hold the mean time to the first token against its target, or the share in time", () => {
    // One of twenty took ten minutes, the others a second.
    const oneSlow = seen({ successes: 20, responses: 20, onTime: 19, responseMicros: 619_000_000 })
    expect(refundOf(cliff, usual, oneSlow, credit)).toBe(0.5 * credit)
    const byShare = rulesOf({ response: "share", form: "linear" })
    expect(refundOf(byShare, usual, oneSlow, credit)).toBe(0)
    // 92.5% in time: half of what lies between 95% and 100%.
    const some = seen({ successes: 40, responses: 40, onTime: 37 })
    expect(refundOf(byShare, usual, some, credit)).toBe(0.25 * credit)
  })

  it("that nothing was promised of count for nothing", () => {
    const none = { availabilityBps: 0, completionBps: 0, responseMicros: 0, penaltyBps: 10_000 }
    const bad = seen({ downMicros: day, failures: 99, responses: 99, successes: 99 })
    for (const form of forms) expect(refundOf(rulesOf({ form }), none, bad, credit)).toBe(0)
  })

  it("take a promise of 100% as one of 99.99% where the refund grows with the distance", () => {
    const always = { ...usual, availabilityBps: 10_000 }
    const linear = rulesOf({ form: "linear" })
    const at = (downMicros: number) => refundOf(linear, always, seen({ downMicros }), credit)
    expect(at(0.0001 * day)).toBe(0)
    expect(at(0.00015 * day)).toBe(0.25 * credit)
    expect(at(0.0002 * day)).toBe(0.5 * credit)
  })
})

describe("availability", () => {
  it("is of the time that is neither maintenance nor the market's own absence", () => {
    const rules = rulesOf()
    const some = seen({ awayMicros: 2 * hour, maintenanceMicros: 2 * hour, downMicros: 5 * hour })
    expect(availabilityOf(rules, some)).toEqual({
      upMicros: 15 * hour,
      expectedMicros: 20 * hour,
      excusedMicros: 2 * hour,
    })
  })

  it("counts maintenance beyond what is excused as any other time", () => {
    const rules = rulesOf({ excusedShare: 0.05 })
    const half = seen({ maintenanceMicros: 12 * hour, downInMaintenanceMicros: 12 * hour })
    expect(availabilityOf(rules, half)).toEqual({
      upMicros: 12 * hour,
      expectedMicros: 22.8 * hour,
      excusedMicros: 1.2 * hour,
    })
    expect(refundOf(rules, usual, half, credit)).toBe(0.5 * credit)
    expect(refundOf(rulesOf(), usual, half, credit)).toBe(0)
  })
})

describe("a refund", () => {
  const anySeen = fc
    .record({
      micros: fc.integer({ min: 1, max: 8760 * hour }),
      parts: fc.tuple(fc.nat(100), fc.nat(100), fc.nat(100), fc.nat(100), fc.nat(100)),
      successes: fc.nat(100),
      failures: fc.nat(100),
      late: fc.nat(100),
    })
    .map(({ micros, parts, successes, failures, late }): Seen => {
      const sum = parts.reduce((a, b) => a + b, 1)
      const [away, downOut, downIn, upIn] = parts.map((part) => Math.floor((micros * part) / sum))
      const onTime = Math.max(0, successes - late)
      return {
        micros,
        awayMicros: away ?? 0,
        maintenanceMicros: (downIn ?? 0) + (upIn ?? 0),
        downMicros: downOut ?? 0,
        downInMaintenanceMicros: downIn ?? 0,
        successes,
        failures,
        responses: successes,
        onTime,
        responseMicros: late * 60_000_000,
      }
    })
  const anyTerms = fc.record({
    availabilityBps: fc.integer({ min: 0, max: 10_000 }),
    completionBps: fc.integer({ min: 0, max: 10_000 }),
    responseMicros: fc.constantFrom(0, 1, 30_000_000),
    penaltyBps: fc.integer({ min: 0, max: 10_000 }),
  })
  const anyRules = fc
    .record({
      form: fc.constantFrom(...forms),
      response: fc.constantFrom("mean" as const, "share" as const),
      excusedShare: fc.constantFrom(0, 0.05, 1),
    })
    .map(rulesOf)
  const anyPrice = fc.integer({ min: 0, max: 2 ** 50 })

  it("is no more than the price (34), and up no more than expected (50)", async () => {
    await assertProperty(
      fc.property(anyRules, anyTerms, anySeen, anyPrice, (rules, terms, one, price) => {
        const refund = refundOf(rules, terms, one, price)
        const { upMicros, expectedMicros } = availabilityOf(rules, one)
        expect(upMicros).toBeLessThanOrEqual(expectedMicros)
        expect(refund >= 0 && refund <= price && Number.isSafeInteger(refund)).toBe(true)
      }),
    )
  })

  it("never falls where a machine was down for longer, or more calls have failed", async () => {
    await assertProperty(
      fc.property(anyRules, anyTerms, anySeen, anyPrice, fc.nat(100), (rules, terms, one, p, n) => {
        const spare = one.micros - one.awayMicros - one.maintenanceMicros - one.downMicros
        const worse = {
          ...one,
          downMicros: one.downMicros + Math.floor((spare * n) / 100),
          failures: one.failures + (one.successes + one.failures >= 20 ? n : 0),
        }
        expect(refundOf(rules, terms, worse, p)).toBeGreaterThanOrEqual(
          refundOf(rules, terms, one, p),
        )
      }),
    )
  })
})

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { HoursRules, HourTerms } from "../../../../engine/rules/hours/hourly-price.ts"
import { costUntil } from "../../../../engine/rules/hours/hourly-price.ts"
import type { Spans } from "../../../../engine/rules/hours/spans.ts"
import { never, spansOf } from "../../../../engine/rules/hours/spans.ts"
import { aitbcHardened } from "../../../../engine/economy/presets/aitbc-hardened.ts"
import { compileRules } from "../../../../engine/economy/rules.ts"
import type { EconomyPatch } from "../../../../engine/economy/derive.ts"
import { credit, dailyPeaks, day, hour, literal } from "../../../support/hours.ts"
import { assertProperty } from "../../../support/property.ts"

const rulesWith = (hours: EconomyPatch["hours"]): HoursRules =>
  compileRules(literal({ hours: { ...hours } }))
const asWritten = rulesWith({})
const hardened = compileRules(aitbcHardened)

const { peakFrom, peakUntil } = dailyPeaks(0, 400)
const peaks = spansOf(peakFrom, peakUntil) as Spans

/** 003's prices, for so many hours from midnight on. */
const terms = (hours: number, more: Partial<HourTerms> = {}): HourTerms => ({
  startAt: 0,
  endAt: hours * hour,
  jobs: 1,
  ratePerHour: 0.1 * credit,
  peakBps: 15_000,
  bulkBps: 8000,
  isInDemand: false,
  ...more,
})
const priceOf = (rules: HoursRules, one: HourTerms, within: Spans = never) =>
  costUntil(rules, one, within, one.endAt)

describe("the price of hours", () => {
  it("is 1.44 for 12 hours at 0.1 in demand, with the discount on all of them, and 1.74 beyond ten", () => {
    const twelve = terms(12, { isInDemand: true })
    expect(priceOf(asWritten, twelve)).toBe(1.44 * credit)
    expect(priceOf(rulesWith({ bulk: "incremental" }), twelve)).toBe(1.74 * credit)
  })

  it("is 1.32 from 6 to 18 by the clock: three hours at the rate, nine at 1.5 times", () => {
    const byClock = rulesWith({ peak: "clock" })
    const working = terms(12, { startAt: 6 * hour, endAt: 18 * hour })
    expect(priceOf(byClock, working, peaks)).toBe(1.32 * credit)
  })

  it("is 1.00 for ten hours, and 0.800001 for a microsecond more", () => {
    expect(priceOf(asWritten, terms(10))).toBe(1 * credit)
    expect(priceOf(asWritten, terms(10, { endAt: 10 * hour + 1 }))).toBe(800_001)
    expect(priceOf(hardened, terms(10, { endAt: 10 * hour + 1 }))).toBe(1_000_001)
  })

  it("is dearer in its first hour alone where demand is a surcharge", () => {
    const surcharged = rulesWith({ surcharge: "firstHour" })
    expect(priceOf(surcharged, terms(3, { isInDemand: true }))).toBe(0.35 * credit)
    expect(priceOf(surcharged, terms(0.5, { isInDemand: true }))).toBe(0.075 * credit)
    expect(priceOf(surcharged, terms(3))).toBe(0.3 * credit)
  })

  it("counts each job, and memory alone as one", () => {
    expect(priceOf(asWritten, terms(2, { jobs: 3 }))).toBe(0.6 * credit)
    expect(priceOf(asWritten, terms(2, { jobs: 0 }))).toBe(0.2 * credit)
  })
})

const anyRules = fc
  .record({
    peak: fc.constantFrom("demand", "clock", "either"),
    surcharge: fc.constantFrom("whole", "firstHour"),
    bulk: fc.constantFrom("cliff", "incremental"),
    bulkAfterHours: fc.constantFrom(0, 1, 10, 100),
  })
  .map((hours) => rulesWith(hours as EconomyPatch["hours"]))
const anyTerms = fc
  .record({
    startAt: fc.nat(5 * day),
    micros: fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 3 * day })),
    jobs: fc.integer({ min: 1, max: 8 }),
    ratePerHour: fc.oneof(fc.nat(10), fc.nat(10 ** 9)),
    peakBps: fc.integer({ min: 10_000, max: 30_000 }),
    bulkBps: fc.integer({ min: 0, max: 10_000 }),
    isInDemand: fc.boolean(),
  })
  .map(({ micros, ...more }): HourTerms => ({ ...more, endAt: more.startAt + micros }))

/** The same sum microsecond by microsecond would take for ever: by spans of one value, in fractions. */
const slowly = (rules: HoursRules, one: HourTerms, until: number): bigint => {
  const end = Math.min(until, one.endAt)
  const cuts = [one.startAt, end, one.startAt + hour, one.startAt + rules.bulkAfterMicros]
  for (let at = 0; at < one.endAt + day; at += day) cuts.push(at + 9 * hour, at + 21 * hour)
  const inside = [...new Set(cuts)].filter((at) => at >= one.startAt && at <= end)
  const sorted = inside.toSorted((a, b) => a - b)
  let weighted = 0n
  for (const [index, from] of sorted.slice(0, -1).entries()) {
    const micros = (sorted[index + 1] ?? from) - from
    const ofDay = (from % day) / hour
    const isPeak =
      (rules.isPeakByClock && ofDay >= 9 && ofDay < 21) ||
      (rules.isPeakByDemand && one.isInDemand && rules.isSurchargeWhole)
    const isSurcharged =
      rules.isPeakByDemand && one.isInDemand && !rules.isSurchargeWhole && from < one.startAt + hour
    const above = (isPeak ? 1 : 0) + (isSurcharged ? 1 : 0)
    const factor = 10_000 + above * (one.peakBps - 10_000)
    const isLong = one.endAt - one.startAt > rules.bulkAfterMicros
    const isDiscounted = rules.isBulkCliff ? isLong : from >= one.startAt + rules.bulkAfterMicros
    weighted += BigInt(micros * factor) * BigInt(isDiscounted ? one.bulkBps : 10_000)
  }
  const divisor = BigInt(hour) * 100_000_000n
  return (BigInt(one.jobs) * BigInt(one.ratePerHour) * weighted + divisor - 1n) / divisor
}

describe("the price of any hours", () => {
  it("is the sum over spans of one value, rounded up once", async () => {
    await assertProperty(
      fc.property(anyRules, anyTerms, fc.nat(4 * day), (rules, one, further) => {
        const until = one.startAt + further
        expect(BigInt(costUntil(rules, one, peaks, until))).toBe(slowly(rules, one, until))
      }),
    )
  })

  it("grows with time up to the price, and no further", async () => {
    await assertProperty(
      fc.property(anyRules, anyTerms, fc.nat(4 * day), fc.nat(4 * day), (rules, one, a, b) => {
        const [sooner, later] = [one.startAt + Math.min(a, b), one.startAt + Math.max(a, b)]
        const cost = costUntil(rules, one, peaks, sooner)
        expect(cost).toBeLessThanOrEqual(costUntil(rules, one, peaks, later))
        expect(cost).toBeLessThanOrEqual(priceOf(rules, one, peaks))
        expect(costUntil(rules, one, peaks, one.startAt)).toBe(0)
      }),
    )
  })

  it("grows with the length that is ordered, without a jump, and no split is cheaper: hardened (36)", async () => {
    await assertProperty(
      fc.property(
        anyTerms,
        fc.integer({ min: 1, max: 2 * day }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (one, longer, share) => {
          const price = priceOf(hardened, one, peaks)
          const stretched = priceOf(hardened, { ...one, endAt: one.endAt + longer }, peaks)
          expect(stretched).toBeGreaterThanOrEqual(price)
          // No hour costs more than the dearest: twice the multiplier's part, once by the clock and once by demand.
          const dearest = (10_000 + 2 * (one.peakBps - 10_000)) / 10_000
          const most = (longer / hour) * one.jobs * one.ratePerHour * dearest + 1
          expect(stretched - price).toBeLessThanOrEqual(Math.ceil(most))
          const cut = one.startAt + Math.floor((one.endAt - one.startAt) * share)
          if (cut === one.startAt || cut === one.endAt) return
          const first = priceOf(hardened, { ...one, endAt: cut }, peaks)
          const second = priceOf(hardened, { ...one, startAt: cut }, peaks)
          expect(first + second).toBeGreaterThanOrEqual(price)
        },
      ),
    )
  })
})

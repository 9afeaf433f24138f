import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Payment } from "../../../live/analytics/earnings.ts"
import {
  breakdowns,
  partsBy,
  perHour,
  splitBy,
  totalsOf,
} from "../../../live/analytics/earnings.ts"
import { localClock } from "../../../schedules/index.ts"
import { assertProperty } from "../../support/property.ts"

const second = 1_000_000
const hour = 3600 * second
const day = 24 * hour
const opened = Date.parse("2026-03-01T00:00:00Z") * 1000
const clocks = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"].map((zone) =>
  localClock(zone, opened, opened + 80 * day),
)

const payment = fc
  .record({
    client: fc.constantFrom("acct_1", "acct_2", "acct_3"),
    model: fc.constantFrom("hours", "llama", "mistral"),
    order: fc.constantFrom(undefined, "bk_1", "bk_2"),
    calls: fc.nat(9),
    fee: fc.nat(1e9),
    share: fc.oneof(fc.nat(50), fc.nat(1e12)),
    at: fc.nat(40 * 24 * 3600),
    seconds: fc.oneof(fc.constant(0), fc.nat(3600), fc.nat(30 * 24 * 3600)),
    jobs: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ at, seconds, jobs, ...one }): Payment => {
    const fromMicros = opened + at * second + (at % 7)
    const lengthMicros = seconds * second
    return {
      ...one,
      gross: one.fee + one.share,
      fromMicros,
      untilMicros: fromMicros + lengthMicros,
      jobMicros: lengthMicros * jobs,
    }
  })

const paid = (share: number, from: string, hours: number, more: Partial<Payment> = {}): Payment => {
  const fromMicros = Date.parse(from) * 1000
  return {
    client: "acct_1",
    model: "hours",
    order: "bk_1",
    calls: 0,
    gross: share,
    fee: 0,
    share,
    fromMicros,
    untilMicros: fromMicros + hours * hour,
    jobMicros: hours * hour,
    ...more,
  }
}

describe("earnings", () => {
  it("sum to the total exactly, by client, model and hour, whatever the books (invariant 53)", () =>
    assertProperty(
      fc.property(
        fc.array(payment, { maxLength: 6 }),
        fc.constantFrom(...clocks),
        (book, clock) => {
          const { share, calls } = totalsOf(book)
          expect(share).toBe(book.reduce((sum, one) => sum + one.share, 0))
          for (const by of breakdowns) {
            const parts = partsBy(book, by, clock)
            expect(parts.reduce((sum, part) => sum + part.share, 0)).toBe(share)
            expect(parts.every((part) => Number.isSafeInteger(part.share) && part.share >= 0)).toBe(
              true,
            )
            expect(new Set(parts.map(({ key }) => key)).size).toBe(parts.length)
            if (by !== "hour") expect(parts.reduce((sum, part) => sum + part.calls, 0)).toBe(calls)
          }
        },
      ),
      { share: 0.1 },
    ))

  it("split by weight, each within one of its exact part, largest remainders first", async () => {
    expect(splitBy(10, [1, 1, 1])).toEqual([4, 3, 3])
    expect(splitBy(2, [1, 2, 1])).toEqual([1, 1, 0])
    await assertProperty(
      fc.property(
        fc.nat(1e12),
        fc.array(fc.nat(1e12), { minLength: 1, maxLength: 24 }).filter((all) => all.some(Boolean)),
        (amount, weights) => {
          const parts = splitBy(amount, weights)
          const whole = weights.reduce((sum, one) => sum + BigInt(one), 0n)
          expect(parts.reduce((sum, part) => sum + part, 0)).toBe(amount)
          const isNear = parts.every((part, index) => {
            const over = BigInt(part) * whole - BigInt(amount) * BigInt(weights[index])
            return over > -whole && over < whole
          })
          expect(isNear).toBe(true)
        },
      ),
      { share: 0.3 },
    )
  })

  it("belong to the hours of the zone's day that they were for", () => {
    const berlin = clocks[1]
    const parts = (payments: ReadonlyArray<Payment>) =>
      partsBy(payments, "hour", berlin).map(({ key, share }) => [key, share])
    // 22:30 to 01:00 by the clock there.
    expect(parts([paid(500, "2026-03-10T21:30:00Z", 2.5)])).toEqual([
      ["0", 200],
      ["22", 100],
      ["23", 200],
    ])
    // The night that loses its hour from 2 to 3.
    expect(parts([paid(300, "2026-03-29T00:00:00Z", 3)])).toEqual([
      ["1", 100],
      ["3", 100],
      ["4", 100],
    ])
    expect(parts([paid(7, "2026-03-10T12:15:00Z", 0)])).toEqual([["13", 7]])
  })

  it("count bookings once, though they are paid in periods, and order the greatest first", () => {
    const book = [
      paid(5, "2026-03-10T00:00:00Z", 24),
      paid(5, "2026-03-11T00:00:00Z", 24),
      paid(30, "2026-03-11T00:00:00Z", 0, {
        client: "acct_2",
        model: "llama",
        order: undefined,
        calls: 12,
      }),
    ]
    expect(totalsOf(book)).toMatchObject({ share: 40, bookings: 1, calls: 12 })
    expect(partsBy(book, "client", clocks[0])).toEqual([
      { key: "acct_2", share: 30, bookings: 0, calls: 12 },
      { key: "acct_1", share: 10, bookings: 1, calls: 0 },
    ])
  })

  it("are so much an hour of work, or unknown without any", () => {
    expect(perHour(100, 4 * hour)).toBe(25)
    expect(perHour(100, 0)).toBeUndefined()
  })
})

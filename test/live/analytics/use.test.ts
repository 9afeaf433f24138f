import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Span } from "../../../live/analytics/day.ts"
import { microsByHour, union } from "../../../live/analytics/day.ts"
import { peakHoursOf, useOf, utilisationOf } from "../../../live/analytics/use.ts"
import { localClock } from "../../../schedules/index.ts"
import { assertProperty } from "../../support/property.ts"

const hour = 3_600_000_000
const day = 24 * hour
const start = Date.parse("2026-03-01T00:00:00Z") * 1000
const clock = localClock("Europe/Berlin", start - day, start + 40 * day)
const at = (hours: number): number => start + hours * hour
const span = fc
  .tuple(fc.nat(30 * 24 * 60), fc.nat(3 * 24 * 60))
  .map(([from, minutes]): Span => [
    start + from * 60_000_000,
    start + (from + minutes) * 60_000_000,
  ])

describe("use", () => {
  it("is sold ÷ open job-hours, by the zone's clock too", () => {
    const use = useOf(
      [
        { fromMicros: at(0), untilMicros: at(3), jobs: 1 },
        { fromMicros: at(2), untilMicros: at(30), jobs: 0 },
      ],
      [[at(0), at(10)]],
      2,
      [at(1), at(12)],
      clock,
    )
    // 2 h of one job, 10 h of memory alone; 11 h of both slots: what was sold was open.
    expect(use.soldMicros).toBe(12 * hour)
    expect(use.openMicros).toBe(22 * hour)
    expect(utilisationOf(use)).toBe(12 / 22)
    // 01:00 UTC is 2 h there.
    expect(use.soldByHour.map((micros) => micros / hour).slice(1, 5)).toEqual([0, 1, 2, 1])
  })

  it("is unknown of a machine that was never open", () => {
    expect(utilisationOf(useOf([], [], 1, [at(0), at(9)], clock))).toBeUndefined()
  })

  it("never passes one, and adds up over the hours of the day", () =>
    assertProperty(
      fc.property(
        fc.array(fc.tuple(span, fc.nat(3)), { maxLength: 5 }),
        fc.array(span, { maxLength: 5 }),
        fc.integer({ min: 1, max: 2 }),
        (sold, open, capacity) => {
          const window: Span = [at(24), at(20 * 24)]
          const use = useOf(
            sold.map(([[fromMicros, untilMicros], jobs]) => ({ fromMicros, untilMicros, jobs })),
            open,
            capacity,
            window,
            clock,
          )
          const summed = (hours: ReadonlyArray<number>) => hours.reduce((sum, one) => sum + one, 0)
          expect(summed(use.soldByHour)).toBe(use.soldMicros)
          expect(summed(use.openByHour)).toBe(use.openMicros)
          expect(use.soldMicros).toBe(
            sold.reduce(
              (sum, [[from, until], jobs]) =>
                sum +
                Math.max(0, Math.min(until, window[1]) - Math.max(from, window[0])) *
                  Math.max(1, jobs),
              0,
            ),
          )
          expect(use.soldByHour.every((micros, index) => micros <= use.openByHour[index])).toBe(
            true,
          )
        },
      ),
      { share: 0.1 },
    ))

  it("peaks in a quarter of the day at most, where anything is sold", () => {
    const sold = Array.from({ length: 24 }, (_, one) => one)
    expect(peakHoursOf(sold)).toEqual([18, 19, 20, 21, 22, 23])
    expect(peakHoursOf(sold.map((one) => (one === 9 ? 5 : 0)))).toEqual([9])
    expect(peakHoursOf(sold.map(() => 1))).toEqual([0, 1, 2, 3, 4, 5])
    expect(peakHoursOf(sold.map(() => 0))).toEqual([])
  })
})

describe("spans", () => {
  it("are the same time once joined, and every moment of them has its hour", () =>
    assertProperty(
      fc.property(fc.array(span, { maxLength: 6 }), (spans) => {
        const joined = union(spans)
        for (const [index, [from, until]] of joined.entries()) {
          expect(from).toBeLessThan(until)
          if (index > 0) expect(from).toBeGreaterThan(joined[index - 1][1])
        }
        for (const [from, until] of spans)
          if (from < until)
            expect(joined.some(([least, most]) => least <= from && until <= most)).toBe(true)
        const length = joined.reduce((sum, [from, until]) => sum + until - from, 0)
        expect(microsByHour(joined, clock).reduce((sum, one) => sum + one, 0)).toBe(length)
      }),
      { share: 0.1 },
    ))
})

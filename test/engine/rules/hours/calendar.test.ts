import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Room } from "../../../../engine/rules/hours/calendar.ts"
import {
  auditCalendar,
  earliestFit,
  fits,
  forgetPast,
  giveBack,
  makeCalendar,
  mostFrom,
  take,
} from "../../../../engine/rules/hours/calendar.ts"
import { assertProperty } from "../../../support/property.ts"

const capacity: Room = { jobs: 4, memoryMib: 10 }

interface Sold {
  readonly from: number
  readonly until: number
  readonly room: Room
}

const anyRoom = fc.record({ jobs: fc.nat(5), memoryMib: fc.nat(11) })
const anySold = fc
  .record({ from: fc.nat(60), length: fc.integer({ min: 1, max: 25 }), room: anyRoom })
  .map(({ from, length, room }): Sold => ({ from, until: from + length, room }))

/** What is sold at each instant, one by one. */
const soldAt = (all: ReadonlyArray<Sold>, time: number): Room => {
  const now = all.filter(({ from, until }) => from <= time && time < until)
  return {
    jobs: now.reduce((sum, { room }) => sum + room.jobs, 0),
    memoryMib: now.reduce((sum, { room }) => sum + room.memoryMib, 0),
  }
}

const isFree = (all: ReadonlyArray<Sold>, { from, until, room }: Sold): boolean => {
  for (let time = from; time < until; time++) {
    const { jobs, memoryMib } = soldAt(all, time)
    if (jobs + room.jobs > capacity.jobs || memoryMib + room.memoryMib > capacity.memoryMib)
      return false
  }
  return true
}

describe("a capacity calendar", () => {
  it("sells what is free at every instant, and nothing else (27)", async () => {
    const anyDeed = fc.record({ sold: anySold, isGivenBack: fc.boolean(), early: fc.nat(25) })
    await assertProperty(
      fc.property(fc.array(anyDeed, { maxLength: 40 }), (deeds) => {
        const calendar = makeCalendar()
        let sold: ReadonlyArray<Sold> = []
        for (const { sold: one, isGivenBack, early } of deeds) {
          const fit = fits(calendar, one.from, one.until, one.room, capacity)
          expect(fit).toBe(isFree(sold, one))
          if (fit) {
            take(calendar, one.from, one.until, one.room)
            sold = [...sold, one]
          }
          const [first, ...others] = sold
          if (isGivenBack && first !== undefined) {
            // The rest of it, or all.
            const from = Math.min(first.until, first.from + early)
            giveBack(calendar, from, first.until, first.room)
            sold = from === first.from ? others : [{ ...first, until: from }, ...others]
          }
          auditCalendar(calendar, capacity)
          const from = one.from
          const times = Array.from({ length: 90 - from }, (_, index) => from + index)
          expect(mostFrom(calendar, from)).toEqual({
            jobs: Math.max(...times.map((time) => soldAt(sold, time).jobs)),
            memoryMib: Math.max(...times.map((time) => soldAt(sold, time).memoryMib)),
          })
        }
        for (const one of sold) giveBack(calendar, one.from, one.until, one.room)
        expect(calendar.used).toBe(0)
      }),
    )
  })

  it("finds the earliest time at which something fits", async () => {
    await assertProperty(
      fc.property(
        fc.array(anySold, { maxLength: 20 }),
        anySold,
        fc.nat(40),
        fc.nat(60),
        (all, wanted, window, open) => {
          const calendar = makeCalendar()
          const sold: Array<Sold> = []
          for (const one of all)
            if (isFree(sold, one)) {
              sold.push(one)
              take(calendar, one.from, one.until, one.room)
            }
          const { from, room } = wanted
          const length = wanted.until - from
          const close = from + open
          const starts = Array.from({ length: window + 1 }, (_, index) => from + index)
          const expected = starts.find(
            (start) =>
              start + length <= close && isFree(sold, { from: start, until: start + length, room }),
          )
          expect(earliestFit(calendar, from, from + window, length, close, room, capacity)).toBe(
            expected,
          )
        },
      ),
    )
  })

  it("forgets what is over, and nothing that is to come", async () => {
    await assertProperty(
      fc.property(fc.array(anySold, { maxLength: 20 }), anySold, fc.nat(60), (all, wanted, now) => {
        const calendar = makeCalendar()
        const sold: Array<Sold> = []
        for (const one of all)
          if (isFree(sold, one)) {
            sold.push(one)
            take(calendar, one.from, one.until, one.room)
          }
        forgetPast(calendar, now)
        auditCalendar(calendar, capacity)
        const later = { ...wanted, from: wanted.from + now, until: wanted.until + now }
        expect(fits(calendar, later.from, later.until, later.room, capacity)).toBe(
          isFree(sold, later),
        )
        const ahead = new Set(
          sold.flatMap(({ from, until }) => [from, until]).filter((at) => at > now),
        )
        expect(calendar.used).toBeLessThanOrEqual(ahead.size + 1)
      }),
    )
  })
})

import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { TimeWeighted } from "../../../../sim/statistics/samples/time-weighted.ts"
import { assertProperty } from "../../../support/property.ts"

const steps = fc.array(fc.tuple(fc.nat(50), fc.integer({ min: -20, max: 20 })), { maxLength: 50 })

describe("a time-weighted average", () => {
  it("is the sum of value times duration, over the whole", async () => {
    await assertProperty(
      fc.property(
        fc.nat(100),
        fc.integer({ min: -5, max: 5 }),
        steps,
        fc.nat(9),
        (start, first, changes, rest) => {
          const average = new TimeWeighted(start, first)
          let time = start
          let value = first
          let area = 0
          for (const [duration, delta] of changes) {
            area += duration * value
            time += duration
            value += delta
            average.add(time, delta)
            expect(average.current).toBe(value)
          }
          area += rest * value
          time += rest
          expect(average.area(time)).toBe(area)
          expect(average.mean(time)).toBeCloseTo(time > start ? area / (time - start) : value, 9)
        },
      ),
    )
  })

  it("forgets what was before a restart", () => {
    const average = new TimeWeighted(0, 4)
    average.set(10, 2)
    average.restart(20)
    average.set(30, 6)
    expect(average.mean(40)).toBe(4)
  })

  it("refuses to go back in time", () => {
    const average = new TimeWeighted(0, 1)
    average.set(10, 2)
    expect(() => average.set(9, 3)).toThrow("went back from 10 to 9")
    expect(() => average.mean(NaN)).toThrow(RangeError)
  })
})

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { demandSteps, stepIndexAt, type FlashCrowd } from "../../../sim/demand/crowds.ts"
import {
  assumedDailyWeights,
  assumedWeeklyWeights,
  DemandProfile,
  flattened,
} from "../../../sim/demand/profile.ts"

const HOUR = 3_600_000_000
const DAY = 24 * HOUR
const WEEK = 7 * DAY

const weights = (count: number) =>
  fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: count, maxLength: count })

const arbitraryCrowds: fc.Arbitrary<ReadonlyArray<FlashCrowd>> = fc.array(
  fc.record({
    atMicros: fc.integer({ min: 0, max: WEEK }),
    durationMicros: fc.integer({ min: 1, max: DAY }),
    multiplier: fc.double({ min: 0.1, max: 20, noNaN: true }),
    model: fc.constantFrom(null, 0, 1),
  }),
  { maxLength: 3 },
)

const arbitraryProfile = fc
  .record({
    dailyWeights: weights(24),
    weeklyWeights: weights(7),
    growthPerDay: fc.double({ min: -0.2, max: 0.2, noNaN: true }),
    crowds: arbitraryCrowds,
  })
  .map(({ crowds, ...rest }) => new DemandProfile({ ...rest, steps: demandSteps([3, 1], crowds) }))

const plain = (overrides: Partial<ConstructorParameters<typeof DemandProfile>[0]> = {}) =>
  new DemandProfile({
    dailyWeights: new Array<number>(24).fill(1),
    weeklyWeights: new Array<number>(7).fill(1),
    growthPerDay: 0,
    steps: demandSteps([1], []),
    ...overrides,
  })

describe("a profile", () => {
  it("has a mean of 1 over a week, whatever the weights' scale", () => {
    fc.assert(
      fc.property(weights(24), weights(7), (dailyWeights, weeklyWeights) => {
        const profile = plain({ dailyWeights, weeklyWeights })
        expect(profile.integral(0, WEEK) / WEEK).toBeCloseTo(1, 9)
        expect(profile.integral(3 * WEEK, 4 * WEEK) / WEEK).toBeCloseTo(1, 9)
      }),
    )
  })

  it("follows its weights at full hours and is straight in between", () => {
    const dailyWeights = Array.from({ length: 24 }, (_, hour) => 1 + (hour % 12))
    const profile = plain({ dailyWeights, weeklyWeights: [2, 1, 1, 1, 1, 1, 0] })
    const mean = 6.5
    expect(profile.multiplierAt(5 * HOUR)).toBeCloseTo((2 * 6) / mean, 12)
    expect(profile.multiplierAt(DAY + 5 * HOUR)).toBeCloseTo(6 / mean, 12)
    expect(profile.multiplierAt(6 * DAY + 5 * HOUR)).toBe(0)
    expect(profile.multiplierAt(DAY + 5.25 * HOUR)).toBeCloseTo(6.25 / mean, 12)
    expect(profile.multiplierAt(WEEK)).toBeCloseTo(2 / mean, 12)
  })

  it("grows by the compound rate", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -0.5, max: 0.5, noNaN: true }),
        fc.integer({ min: 0, max: 300 }),
        (growthPerDay, day) => {
          const profile = plain({ growthPerDay })
          const ratio = profile.multiplierAt((day + 1) * DAY) / profile.multiplierAt(day * DAY)
          expect(ratio).toBeCloseTo(1 + growthPerDay, 9)
        },
      ),
    )
  })

  it("advances by exactly the demand that it integrates to", () => {
    fc.assert(
      fc.property(
        arbitraryProfile,
        fc.integer({ min: 0, max: 2 * WEEK }),
        fc.double({ min: 0, max: WEEK, noNaN: true }),
        (profile, from, demand) => {
          const at = profile.advance(from, demand, 100 * WEEK)
          fc.pre(at < Infinity)
          expect(at).toBeGreaterThanOrEqual(from)
          // Times are near 10^12: a thousandth of a microsecond is what doubles can tell apart.
          expect(Math.abs(profile.integral(from, at) - demand)).toBeLessThanOrEqual(
            0.1 + 1e-9 * demand,
          )
        },
      ),
    )
  })

  it("stops at the end it is given", () => {
    const profile = plain()
    expect(profile.advance(5, 10, 15)).toBe(15)
    expect(profile.advance(5, 10.5, 15)).toBe(Infinity)
    expect(plain({ growthPerDay: -0.9 }).advance(0, 10 * DAY, 1000 * DAY)).toBe(Infinity)
  })

  it("is refused without 24 and 7 weights, or with nothing but zeros", () => {
    expect(() => plain({ dailyWeights: [1] })).toThrow("24 daily and 7 weekly")
    expect(() => plain({ weeklyWeights: new Array<number>(7).fill(0) })).toThrow("not all 0")
    expect(() => plain({ weeklyWeights: [1, 1, 1, 1, 1, 1, -1] })).toThrow("0 or more")
  })
})

describe("the assumed shape", () => {
  it("peaks in the evening at 3.9 times its trough, and rests at the weekend", () => {
    const peak = Math.max(...assumedDailyWeights)
    const trough = Math.min(...assumedDailyWeights)
    expect(peak / trough).toBeCloseTo(3.9, 1)
    expect(assumedDailyWeights.indexOf(peak)).toBe(20)
    expect(assumedDailyWeights.indexOf(trough)).toBe(4)
    const working = assumedWeeklyWeights.slice(0, 5).reduce((sum, weight) => sum + weight, 0) / 5
    const weekend = (assumedWeeklyWeights[5] + assumedWeeklyWeights[6]) / 2
    expect(weekend / working).toBeCloseTo(0.85, 2)
  })

  it("becomes flat as its amplitude goes to 0", () => {
    expect(flattened([1, 3], 0)).toEqual([1, 1])
    expect(flattened([1, 3], 0.5)).toEqual([0.75, 1.25])
    expect(flattened([1, 3], 1)).toEqual([0.5, 1.5])
  })
})

describe("flash crowds", () => {
  it("multiply demand while they last, for the model that they want", () => {
    const crowds: ReadonlyArray<FlashCrowd> = [
      { atMicros: 10, durationMicros: 20, multiplier: 4, model: null },
      { atMicros: 20, durationMicros: 20, multiplier: 5, model: 1 },
    ]
    const steps = demandSteps([3, 1], crowds)
    const at = (micros: number) => steps[stepIndexAt(steps, micros)]
    expect([0, 9].map((micros) => at(micros).factor)).toEqual([1, 1])
    expect([10, 19].map((micros) => at(micros).factor)).toEqual([4, 4])
    expect([...at(20).weights]).toEqual([12, 20])
    expect(at(29).factor).toBe(8)
    expect([...at(30).weights]).toEqual([3, 5])
    expect(at(40).factor).toBe(1)
    expect(plain({ steps }).integral(0, 50)).toBeCloseTo(10 + 40 + 80 + 20 + 10, 9)
  })

  it("come to the same whichever is named first", () => {
    fc.assert(
      fc.property(arbitraryCrowds, (crowds) => {
        const one = demandSteps([3, 1], crowds)
        const other = demandSteps([3, 1], [...crowds].reverse())
        expect(other.map(({ fromMicros }) => fromMicros)).toEqual(
          one.map(({ fromMicros }) => fromMicros),
        )
        for (const [index, { factor }] of one.entries()) {
          expect(other[index].factor).toBeCloseTo(factor, 6)
        }
      }),
    )
  })
})

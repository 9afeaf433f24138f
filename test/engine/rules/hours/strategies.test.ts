import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { compileRules } from "../../../../engine/economy/rules.ts"
import type { PriceStrategy } from "../../../../engine/protocol/event.ts"
import { priceStrategies } from "../../../../engine/protocol/event.ts"
import type { Situation } from "../../../../engine/rules/hours/strategies.ts"
import { nextMultiplier } from "../../../../engine/rules/hours/strategies.ts"
import { closedHoles, hour, literal, minute } from "../../../support/hours.ts"
import { assertProperty } from "../../../support/property.ts"

const asWritten = compileRules(literal())
const stepped = compileRules(closedHoles())

const situation = (more: Partial<Situation> = {}): Situation => ({
  multiplierBps: 10_000,
  use: 0,
  regionUse: 0.5,
  regionMeanUse: 0.5,
  isPeak: false,
  isInDemand: false,
  isBooked: false,
  idleMicros: 0,
  soldMicros: 0,
  threshold: 0.8,
  mostBps: 20_000,
  peakBps: 15_000,
  ...more,
})

/** The multipliers that follow on each other, from 1 on. */
const course = (
  rules: typeof asWritten,
  strategy: PriceStrategy,
  situations: ReadonlyArray<Partial<Situation>>,
): ReadonlyArray<number> => {
  let multiplierBps = 10_000
  return situations.map((one) => {
    multiplierBps = nextMultiplier(rules, strategy, situation({ ...one, multiplierBps }))
    return multiplierBps
  })
}

const uses = [0.5, 0.8, 0.9, 1, 0.85, 0.4].map((use) => ({ use }))

describe("a dynamic rate", () => {
  it("follows the use along a line from the threshold up: 0.1 an hour becomes .1 .1 .15 .2 .125 .1", () => {
    expect(course(asWritten, "dynamic", uses)).toEqual([
      10_000, 10_000, 15_000, 20_000, 12_500, 10_000,
    ])
  })

  it("moves by an eighth at most where it is stepped", () => {
    expect(course(stepped, "dynamic", uses)).toEqual([
      10_000, 10_000, 10_625, 11_953, 12_327, 11_557,
    ])
  })

  it("is higher the higher the use (37)", async () => {
    await assertProperty(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (a, b) => {
          const [less, more] = [Math.min(a, b), Math.max(a, b)]
          expect(
            nextMultiplier(asWritten, "dynamic", situation({ use: less })),
          ).toBeLessThanOrEqual(nextMultiplier(asWritten, "dynamic", situation({ use: more })))
        },
      ),
    )
  })
})

describe("a utilization guard", () => {
  it("goes down by a twentieth a step from two hours of idleness on, to half after 14 steps", () => {
    const idle = Array.from({ length: 23 }, (_, index) => ({ idleMicros: index * 15 * minute }))
    const rates = course(asWritten, "utilizationGuard", idle)
    expect(rates.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => 10_000))
    expect(rates.slice(8, 11)).toEqual([9500, 9025, 8574])
    expect(rates.indexOf(5000)).toBe(8 + 13)
    expect((21 * 15) / 60).toBe(5.25)
    expect(rates.at(-1)).toBe(5000)
  })

  it("goes up again while booked, to the base rate at most", () => {
    const booked = { isBooked: true, multiplierBps: 9000 }
    expect(nextMultiplier(asWritten, "utilizationGuard", situation(booked))).toBe(9450)
    expect(
      nextMultiplier(asWritten, "utilizationGuard", situation({ ...booked, multiplierBps: 9900 })),
    ).toBe(10_000)
  })
})

describe("a market-balance rate", () => {
  it("moves with the region's use against its mean, by a twentieth at most", () => {
    const busier = { regionUse: 0.9, regionMeanUse: 0.5 }
    expect(course(asWritten, "marketBalance", [busier, busier, busier, busier, busier])).toEqual([
      10_500, 11_000, 11_500, 12_000, 12_000,
    ])
    const calmer = { regionUse: 0, regionMeanUse: 0.9 }
    expect(
      course(
        asWritten,
        "marketBalance",
        Array.from({ length: 5 }, () => calmer),
      ),
    ).toEqual([9500, 9000, 8500, 8000, 8000])
  })
})

describe("a peak maximizer", () => {
  it("asks its peak multiplier in peak hours and in demand, and its base rate otherwise", () => {
    const rateIn = (more: Partial<Situation>) =>
      nextMultiplier(asWritten, "peakMaximizer", situation(more))
    expect([rateIn({}), rateIn({ isPeak: true }), rateIn({ isInDemand: true })]).toEqual([
      10_000, 15_000, 15_000,
    ])
  })
})

const anySituation: fc.Arbitrary<Situation> = fc.record({
  multiplierBps: fc.integer({ min: 10_000, max: 20_000 }),
  use: fc.double({ min: 0, max: 1, noNaN: true }),
  regionUse: fc.double({ min: 0, max: 1, noNaN: true }),
  regionMeanUse: fc.double({ min: 0, max: 1, noNaN: true }),
  isPeak: fc.boolean(),
  isInDemand: fc.boolean(),
  isBooked: fc.boolean(),
  idleMicros: fc.nat(10 * hour),
  soldMicros: fc.nat(100 * hour),
  threshold: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
  mostBps: fc.integer({ min: 10_000, max: 30_000 }),
  peakBps: fc.integer({ min: 10_000, max: 30_000 }),
})

describe("any strategy's multiplier", () => {
  it("stays within its bounds, and a stepped one moves by an eighth at most (37)", async () => {
    const bounds = (one: Situation): Record<PriceStrategy, readonly [number, number]> => ({
      fixed: [10_000, 10_000],
      dynamic: [10_000, one.mostBps],
      marketBalance: [8000 - 500, 12_500 + 7500],
      peakMaximizer: [10_000, one.peakBps],
      utilizationGuard: [5000, one.multiplierBps > 10_000 ? one.multiplierBps : 10_000],
    })
    await assertProperty(
      fc.property(anySituation, fc.constantFrom(...priceStrategies), (one, strategy) => {
        for (const rules of [asWritten, stepped]) {
          const next = nextMultiplier(rules, strategy, one)
          const [least, most] = bounds(one)[strategy]
          expect(Number.isInteger(next)).toBe(true)
          expect(next).toBeGreaterThanOrEqual(least)
          expect(next).toBeLessThanOrEqual(most)
        }
        if (one.multiplierBps > one.mostBps) return
        const step = nextMultiplier(stepped, "dynamic", one) - one.multiplierBps
        expect(Math.abs(step)).toBeLessThanOrEqual(one.multiplierBps / 8 + 1)
      }),
    )
  })

  it("settles, stepped, for any start where demand's elasticity is 9 or less (38)", async () => {
    // Use follows the rate as u = u₁ · m^−ε, so that the threshold is met at m* = (u₁ ÷ θ)^(1/ε).
    await assertProperty(
      fc.property(
        fc.double({ min: 0.2, max: 9, noNaN: true }),
        fc.double({ min: 1.05, max: 1.9, noNaN: true }),
        fc.integer({ min: 10_000, max: 20_000 }),
        (elasticity, fixedPoint, start) => {
          const useAt = (bps: number) =>
            Math.min(1, 0.8 * (bps / 10_000 / fixedPoint) ** -elasticity)
          let multiplierBps = start
          for (let turn = 0; turn < 2000; turn++)
            multiplierBps = nextMultiplier(
              stepped,
              "dynamic",
              situation({ multiplierBps, use: useAt(multiplierBps) }),
            )
          // Whole basis points: a step smaller than half of one is none.
          expect(Math.abs(multiplierBps / 10_000 / fixedPoint - 1)).toBeLessThan(0.02)
        },
      ),
    )
  })
})

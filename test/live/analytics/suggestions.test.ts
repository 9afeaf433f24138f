import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { elasticityOf } from "../../../live/analytics/elasticity.ts"
import type { Facts } from "../../../live/analytics/suggestions.ts"
import { suggestionsFor } from "../../../live/analytics/suggestions.ts"
import { assertProperty } from "../../support/property.ts"

const everyHour = (share: number) => Array.from({ length: 24 }, () => share)

/** A machine of which there is nothing to say: half sold at its region's median. */
const calm: Facts = {
  dataHours: 100,
  isOffered: true,
  ratePerHour: 100_000,
  strategy: "market-balance",
  maxJobs: 4,
  shareBps: 8800,
  soldHours: 60,
  openHours: 100,
  days: 10,
  idleHours: 0,
  openShare: everyHour(1),
  failures: [],
  region: { medianRate: 100_000, topHours: [9, 10, 11], elasticity: undefined },
}
const kinds = (facts: Partial<Facts>) =>
  suggestionsFor({ ...calm, ...facts }).map(({ kind }) => kind)

describe("suggestions", () => {
  it("are none where there is nothing to say, or less than 48 hours of data", () => {
    expect(kinds({})).toEqual([])
    expect(kinds({ idleHours: 30, dataHours: 48 })).toEqual(["guard"])
    expect(kinds({ idleHours: 30, dataHours: 47.9 })).toEqual([])
  })

  it("ask the median of whoever is dearer and less than half sold, and say what that brings", () => {
    const dear = { ratePerHour: 120_000, soldHours: 30 }
    const [unmeasured] = suggestionsFor({ ...calm, ...dear })
    expect(unmeasured).toMatchObject({
      kind: "price",
      median: 100_000,
      utilisation: 0.3,
      change: undefined,
    })
    const region = { ...calm.region, elasticity: { value: -2, machines: 8 } }
    const [measured] = suggestionsFor({ ...calm, ...dear, region })
    // 90 h a month × (1 + −2 × −1/6) = 120 h; 88% of 0.12 and of 0.10 an hour.
    expect(measured).toMatchObject({
      change: { hoursBefore: 90, after: 10_560_000, before: 9_504_000 },
    })
    expect(kinds({ ...dear, soldHours: 50 })).toEqual([])
    expect(kinds({ ...dear, ratePerHour: 100_000 })).toEqual([])
    expect(kinds({ ...dear, region: { ...calm.region, medianRate: undefined } })).toEqual([])
  })

  it("open the top hours that are closed, from two on", () => {
    const closed = (...hours: ReadonlyArray<number>) =>
      everyHour(1).map((share, hour) => (hours.includes(hour) ? 0.25 : share))
    expect(kinds({ openShare: closed(9) })).toEqual([])
    expect(kinds({ openShare: closed(3, 4) })).toEqual([])
    const [found] = suggestionsFor({ ...calm, openShare: closed(9, 11) })
    // 180 h in 30 days, and 60% of 2 × 0.75 h a day of 4 jobs.
    expect(found).toMatchObject({ kind: "openHours", hours: [9, 11], change: { hoursBefore: 180 } })
    expect(found).toMatchObject({ change: { hoursAfter: 180 + 0.6 * 2 * 0.75 * 4 * 30 } })
    expect(
      suggestionsFor({ ...calm, openShare: closed(9, 11), soldHours: 0, openHours: 0 }),
    ).toMatchObject([{ utilisation: undefined, change: undefined }])
  })

  it("guard what was idle for a day, where it is offered and not guarded yet", () => {
    expect(kinds({ idleHours: 24 })).toEqual(["guard"])
    expect(kinds({ idleHours: 23.9 })).toEqual([])
    expect(kinds({ idleHours: 24, isOffered: false })).toEqual([])
    expect(kinds({ idleHours: 24, strategy: "utilization-guard" })).toEqual([])
  })

  it("take fewer jobs where more than a tenth of 20 or more failed, by the worst", () => {
    const of = "calls" as const
    expect(kinds({ failures: [{ of, rate: 0.1, count: 20 }] })).toEqual([])
    expect(kinds({ failures: [{ of, rate: 0.9, count: 19 }] })).toEqual([])
    const failures = [
      { of, rate: 0.11, count: 20 },
      { of: "jobs" as const, rate: 0.5, count: Infinity },
    ]
    expect(suggestionsFor({ ...calm, failures })).toMatchObject([
      { kind: "fewerJobs", failures: { of: "jobs" }, jobs: 2 },
    ])
    const [one] = suggestionsFor({ ...calm, failures, maxJobs: 1 })
    expect(one).toMatchObject({ jobs: 1 })
  })

  it("ask less for a week where a market rates machines, and this one is in its last quarter", () => {
    expect(kinds({ reputation: { own: 0.6, lowerQuartile: 0.7 } })).toEqual(["rebuild"])
    expect(kinds({ reputation: { own: 0.7, lowerQuartile: 0.7 } })).toEqual([])
  })
})

describe("the elasticity of a region", () => {
  const machines = (...all: ReadonlyArray<readonly [rate: number, utilisation: number]>) =>
    all.map(([rate, utilisation], provider) => ({ provider, rate, utilisation }))

  it("is by how much less is sold of the dearer half, relative to the means", () => {
    const found = elasticityOf(machines([80, 0.6], [120, 0.3], [80, 0.6], [120, 0.3], [100, 0.9]))
    // −0.3/0.45 over 40/100.
    expect(found?.value).toBeCloseTo(-0.3 / 0.45 / 0.4)
    expect(found?.machines).toBe(5)
  })

  it("is not measured of few providers, of one price, or where nothing is sold", () => {
    const enough = machines([80, 0.6], [120, 0.3], [80, 0.6], [120, 0.3], [100, 0.9])
    expect(elasticityOf(enough.slice(1))).toBeUndefined()
    expect(elasticityOf(enough.map((one) => ({ ...one, provider: 1 })))).toBeUndefined()
    expect(elasticityOf(enough.map((one) => ({ ...one, rate: 100 })))).toBeUndefined()
    expect(elasticityOf(enough.map((one) => ({ ...one, utilisation: 0 })))).toBeUndefined()
  })

  it("does not depend on the order of machines, nor on the unit of prices", () =>
    assertProperty(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 1e6 }), { minLength: 6, maxLength: 12 }),
        fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 }),
        (rates, use) => {
          const all = machines(...rates.map((rate, index) => [rate, use[index]] as const))
          const found = elasticityOf(all)?.value ?? NaN
          expect(elasticityOf(all.toReversed())?.value).toBeCloseTo(found, 9)
          expect(
            elasticityOf(all.map((one) => ({ ...one, rate: one.rate * 1000 })))?.value,
          ).toBeCloseTo(found, 6)
        },
      ),
      { share: 0.3 },
    ))
})

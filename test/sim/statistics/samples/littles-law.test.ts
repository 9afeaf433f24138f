import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { littlesLawGap } from "../../../../sim/statistics/samples/littles-law.ts"
import { TimeWeighted } from "../../../../sim/statistics/samples/time-weighted.ts"
import { assertProperty } from "../../../support/property.ts"

/** Customers who come and stay for a while, all gone by time 400. */
const customers = fc.array(fc.tuple(fc.nat(300), fc.nat(100)), { minLength: 1, maxLength: 60 })

const gapOf = (visits: ReadonlyArray<readonly [number, number]>) => {
  const changes = visits.flatMap(([arrival, stay]) => [
    [arrival, 1] as const,
    [arrival + stay, -1] as const,
  ])
  changes.sort((a, b) => a[0] - b[0])
  const inSystem = new TimeWeighted(0, 0)
  for (const [time, delta] of changes) inSystem.add(time, delta)
  const stays = visits.reduce((sum, [, stay]) => sum + stay, 0)
  return (counted: number) =>
    littlesLawGap({
      meanInSystem: inSystem.mean(400),
      arrivalRate: counted / 400,
      meanSojourn: stays / visits.length,
    })
}

describe("Little's law", () => {
  it("holds but for rounding when everybody is counted", async () => {
    await assertProperty(
      fc.property(customers, (visits) => {
        expect(gapOf(visits)(visits.length)).toBeLessThan(1e-12)
      }),
    )
  })

  it("tells of a customer who was not counted", async () => {
    await assertProperty(
      fc.property(customers, (visits) => {
        if (visits.every(([, stay]) => stay === 0)) return
        expect(gapOf(visits)(visits.length - 1)).toBeCloseTo(1 / visits.length, 9)
      }),
    )
  })

  it("finds no gap in an empty system", () => {
    expect(littlesLawGap({ meanInSystem: 0, arrivalRate: 0, meanSojourn: 0 })).toBe(0)
  })
})

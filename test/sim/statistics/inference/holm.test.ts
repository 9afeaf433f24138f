import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../../engine/index.ts"
import { holmAdjusted } from "../../../../sim/statistics/inference/holm.ts"
import { assertProperty } from "../../../support/property.ts"

const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 })

describe("Holm's procedure", () => {
  it("gives the adjusted values of statsmodels (multipletests, method holm)", () => {
    const adjusted = holmAdjusted([0.01, 0.04, 0.03, 0.005])
    for (const [at, p] of [0.03, 0.06, 0.06, 0.02].entries()) expect(adjusted[at]).toBeCloseTo(p)
    expect(holmAdjusted([0.02])).toEqual([0.02])
    expect(holmAdjusted([1, 1, 0.9])).toEqual([1, 1, 1])
    expect(holmAdjusted([])).toEqual([])
  })

  it("keeps the order, and lies between the plain values and Bonferroni's", async () => {
    await assertProperty(
      fc.property(pValues, (given) => {
        const adjusted = holmAdjusted(given)
        expect(adjusted).toHaveLength(given.length)
        for (const [i, p] of given.entries()) {
          expect(adjusted[i]).toBeGreaterThanOrEqual(p)
          expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, given.length * p))
          for (const [j, other] of given.entries())
            if (p <= other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j])
        }
      }),
    )
  })

  it("depends on the values, not on where they stand", async () => {
    await assertProperty(
      fc.property(pValues, (given) => {
        const turned = [...given].toReversed()
        expect([...holmAdjusted(turned)].toReversed()).toEqual(holmAdjusted(given))
      }),
    )
  })

  it("rejects as its first definition does, hypothesis by hypothesis", async () => {
    await assertProperty(
      fc.property(pValues, fc.double({ min: 0.001, max: 0.5, noNaN: true }), (given, level) => {
        const sorted = given.toSorted((a, b) => a - b)
        const stop = sorted.findIndex((p, rank) => Math.min(1, (given.length - rank) * p) > level)
        const rejected = stop < 0 ? given.length : stop
        expect(holmAdjusted(given).filter((p) => p <= level)).toHaveLength(rejected)
      }),
    )
  })

  it("sees a difference where there is none as seldom as its level says", () => {
    const stream = openStream("family", "holm", 0)
    const trials = 20_000
    let wrong = 0
    for (let trial = 0; trial < trials; trial++) {
      const adjusted = holmAdjusted(Array.from({ length: 20 }, () => stream.next()))
      if (adjusted.some((p) => p <= 0.05)) wrong++
    }
    // 1 − (1 − 0.05/20)^20 = 0.0488 for independent tests; five standard errors are 0.0076.
    expect(Math.abs(wrong / trials - 0.0488)).toBeLessThan(0.0076)
  })
})

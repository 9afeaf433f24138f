import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../../engine/index.ts"
import { standardNormal } from "../../../../sim/kernel/variates.ts"
import { meanSeries, warmUp } from "../../../../sim/statistics/samples/warm-up.ts"
import { assertProperty } from "../../../support/property.ts"

/** MSER-5 by its definition, every candidate computed afresh. */
const byDefinition = (series: ReadonlyArray<number>) => {
  const batches: Array<number> = []
  for (let i = 0; i + 5 <= series.length; i += 5) {
    batches.push(series.slice(i, i + 5).reduce((a, b) => a + b, 0) / 5)
  }
  return batches.slice(0, Math.max(0, batches.length - 5)).map((_, d) => {
    const rest = batches.slice(d)
    const mean = rest.reduce((a, b) => a + b, 0) / rest.length
    return rest.reduce((sum, y) => sum + (y - mean) * (y - mean), 0) / (rest.length * rest.length)
  })
}

describe("MSER-5", () => {
  it("cuts where its criterion is least, and says when that is past the half", async () => {
    await assertProperty(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 120 }), (series) => {
        const { truncated, settled } = warmUp(series)
        const criteria = byDefinition(series)
        const half = Math.floor(Math.floor(series.length / 5) / 2)
        expect(truncated % 5).toBe(0)
        expect(truncated / 5).toBeLessThanOrEqual(half)
        const least = Math.min(...criteria)
        const first = criteria.findIndex((value) => value <= least + 1e-9)
        if (settled) expect(criteria[truncated / 5]).toBeLessThanOrEqual(least + 1e-9)
        else {
          expect(truncated / 5).toBe(half)
          if (criteria.length > 0) {
            const last =
              criteria.length -
              1 -
              [...criteria].reverse().findIndex((value) => value <= least + 1e-9)
            expect(Math.max(first, last)).toBeGreaterThan(half)
          }
        }
      }),
    )
  })

  it("finds the end of a transient", () => {
    const stream = openStream("warm-up", "transient", 0)
    const replications = Array.from({ length: 20 }, () =>
      Array.from({ length: 1000 }, (_, i) => 10 * Math.exp(-i / 40) + standardNormal(stream)),
    )
    const { truncated, settled } = warmUp(meanSeries(replications))
    expect(settled).toBe(true)
    // The mean of 20 has noise 0.22: the transient drowns in it between 100 and 250.
    expect(truncated).toBeGreaterThanOrEqual(80)
    expect(truncated).toBeLessThanOrEqual(300)
  })

  it("says that a series still on its way is too short", () => {
    const drift = Array.from({ length: 500 }, (_, i) => i)
    expect(warmUp(drift).settled).toBe(false)
    expect(warmUp([1, 2, 3])).toEqual({ truncated: 0, settled: false })
  })

  it("keeps everything of a constant", () => {
    expect(warmUp(new Array(200).fill(3))).toEqual({ truncated: 0, settled: true })
  })

  it("takes the pointwise mean of replications, up to the shortest", () => {
    expect([
      ...meanSeries([
        [1, 2, 3],
        [3, 4],
      ]),
    ]).toEqual([2, 3])
    expect([...meanSeries([])]).toEqual([])
  })
})

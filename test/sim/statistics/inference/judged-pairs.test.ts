import { describe, expect, it } from "vitest"
import type { Pair } from "../../../../sim/statistics/inference/difference-of-means.ts"
import { judgePairs } from "../../../../sim/statistics/inference/judged-pairs.ts"

const pairs = (differences: ReadonlyArray<number>): ReadonlyArray<Pair> =>
  differences.map((difference, i) => ({ baseline: i, variant: i + difference }))

const clear = pairs([1, 1.1, 0.9, 1, 1.05, 0.95, 1, 1.02])
const noise = pairs([1, -1.1, 0.9, -1, 1.05, -0.95, 1, -1.02])
const nothing = pairs([0, 0, 0, 0, 0, 0, 0, 0])
const constant = pairs([-2, -2, -2, -2, -2, -2, -2, -2])

describe("comparisons judged together", () => {
  it("get a verdict each, and say what it rests on", () => {
    const judged = judgePairs([clear, noise, nothing, constant, pairs([1])])
    expect(judged.map(({ basis }) => basis)).toEqual([
      "test",
      "test",
      "identical",
      "exact",
      "too few",
    ])
    expect(judged.map(({ verdict }) => verdict)).toEqual([
      "higher",
      "not shown",
      "identical",
      "lower",
      "not shown",
    ])
  })

  it("are adjusted for those that were tested, and for no others", () => {
    const [one] = judgePairs([clear, nothing, constant, nothing])
    expect(one.pHolm).toBe(one.p)
    const [two] = judgePairs([clear, noise])
    expect(two.pHolm).toBeCloseTo(2 * (two.p ?? NaN), 15)
    const many = judgePairs([pairs([1, 2, 0.5]), ...Array.from({ length: 50 }, () => noise)])
    expect(many[0].p).toBeLessThan(0.2)
    expect(many[0]).toMatchObject({ pHolm: 1, verdict: "not shown" })
  })

  it("take two equal differences for a test, since two signs agree by chance", () => {
    expect(judgePairs([pairs([3, 3])])[0]).toMatchObject({
      basis: "test",
      p: 0.5,
      verdict: "not shown",
    })
  })
})

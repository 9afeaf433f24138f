import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ksDistance, ksDistanceBetween } from "../../../../sim/statistics/samples/ks-distance.ts"
import { assertProperty } from "../../../support/property.ts"

const sample = fc.array(fc.nat(20), { minLength: 1, maxLength: 40 })
const shareUpTo = (xs: ReadonlyArray<number>, x: number) =>
  xs.filter((value) => value <= x).length / xs.length

describe("the Kolmogorov–Smirnov distance", () => {
  it("is the largest gap to a continuous distribution, on both sides of each step", async () => {
    await assertProperty(
      fc.property(sample, (xs) => {
        const cdf = (x: number) => Math.min(1, Math.max(0, x / 20))
        const gaps = xs.flatMap((x) => [
          Math.abs(shareUpTo(xs, x) - cdf(x)),
          Math.abs(xs.filter((value) => value < x).length / xs.length - cdf(x)),
        ])
        expect(ksDistance(xs, cdf)).toBeCloseTo(Math.max(...gaps), 12)
      }),
    )
  })

  it("is the largest gap between two samples, whichever comes first", async () => {
    await assertProperty(
      fc.property(sample, sample, (xs, ys) => {
        const gaps = [...xs, ...ys].map((x) => Math.abs(shareUpTo(xs, x) - shareUpTo(ys, x)))
        expect(ksDistanceBetween(xs, ys)).toBeCloseTo(Math.max(...gaps), 12)
        expect(ksDistanceBetween(ys, xs)).toBe(ksDistanceBetween(xs, ys))
        expect(ksDistanceBetween(xs, [...xs, ...xs])).toBe(0)
      }),
    )
  })

  it("is 1 between samples that lie apart", () => {
    expect(ksDistanceBetween([1, 2], [3, 4, 5])).toBe(1)
    expect(ksDistance([2, 3], (x) => (x < 5 ? 0 : 1))).toBe(1)
  })
})

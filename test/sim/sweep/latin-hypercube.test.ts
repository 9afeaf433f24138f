import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { latinPoints } from "../../../sim/sweep/latin-hypercube.ts"

describe("a Latin hypercube", () => {
  it("takes each part of each factor once", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 6 }),
        fc.string(),
        (count, dimensions, seed) => {
          const points = latinPoints(count, dimensions, seed)
          expect(points).toHaveLength(count)
          for (let dimension = 0; dimension < dimensions; dimension++) {
            const parts = points.map((point) => Math.floor(point[dimension] * count))
            expect(new Set(parts).size).toBe(count)
            expect(Math.min(...parts)).toBe(0)
            expect(Math.max(...parts)).toBe(count - 1)
          }
        },
      ),
    )
  })

  it("estimates a mean with less variance than as many random points (McKay et al., 1979)", () => {
    const meanOf = (points: ReadonlyArray<ReadonlyArray<number>>) =>
      points.reduce((sum, [x, y]) => sum + x + y * y, 0) / points.length
    const truth = 0.5 + 1 / 3
    const squares = Array.from(
      { length: 200 },
      (_, seed) => (meanOf(latinPoints(20, 2, `seed ${seed}`)) - truth) ** 2,
    )
    const variance = squares.reduce((sum, one) => sum + one, 0) / squares.length
    const random = (1 / 12 + 4 / 45) / 20
    expect(variance).toBeLessThan(random / 50)
  })

  it("joins the factors' parts at random, and draws each factor on its own", () => {
    const points = latinPoints(50, 2, "1")
    const isSame = points.filter(([x, y]) => Math.floor(x * 50) === Math.floor(y * 50))
    expect(isSame.length).toBeLessThan(10)
    expect(latinPoints(50, 3, "1").map((point) => point.slice(0, 2))).toEqual(points)
  })
})

/** Morris' effects and Sobol' indices against functions of which they are known in closed form. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../engine/index.ts"
import { elementaryEffects, morrisPoints } from "../../../sim/sweep/morris.ts"
import type { SaltelliPoint } from "../../../sim/sweep/sobol-indices.ts"
import { saltelliPoints, sobolIndices } from "../../../sim/sweep/sobol-indices.ts"
import type { Bounded } from "../../../sim/results/models/sensitivity-model.ts"

const covers = ({ low, high }: Bounded, truth: number): boolean =>
  low !== null && high !== null && low <= truth && truth <= high

/** Ishigami and Homma (1990), a = 7, b = 0.1, on [−π, π]³. */
const ishigami = (coordinates: ReadonlyArray<number>): number => {
  const [x, y, z] = coordinates.map((u) => Math.PI * (2 * u - 1))
  return Math.sin(x) + 7 * Math.sin(y) ** 2 + 0.1 * z ** 4 * Math.sin(x)
}

describe("Sobol' indices", () => {
  it("of the Ishigami function are those of theory", () => {
    const points = saltelliPoints(4_096, 3, "1")
    const indices = sobolIndices(
      points.map(({ coordinates }) => ishigami(coordinates)),
      3,
      "1",
    )
    const first = [0.3139, 0.4424, 0]
    const total = [0.5576, 0.4424, 0.2437]
    expect(indices).toHaveLength(4)
    for (let factor = 0; factor < 3; factor++) {
      expect(Math.abs(indices[factor].first.value - first[factor])).toBeLessThan(0.01)
      expect(Math.abs(indices[factor].total.value - total[factor])).toBeLessThan(0.01)
      expect(covers(indices[factor].first, first[factor])).toBe(true)
      expect(covers(indices[factor].total, total[factor])).toBe(true)
      const { low, high } = indices[factor].total
      expect(high! - low!).toBeLessThan(0.15)
    }
    // It is deterministic: chance makes nothing.
    expect(indices[3]).toMatchObject({ first: { value: 0 }, total: { value: 0 } })
  })

  it("give chance its part, and do not give it to the factors", () => {
    // Y = X + noise of the same variance, which the block decides: both make a half, alone.
    const noise = (block: number) => openStream("noise", "test", block).next()
    const responseAt = ({ coordinates, block }: SaltelliPoint) => coordinates[0] + noise(block)
    const points = saltelliPoints(1_024, 2, "2")
    const [x, other, chance] = sobolIndices(points.map(responseAt), 2, "2")
    for (const index of [x.first, x.total, chance.first, chance.total]) {
      expect(Math.abs(index.value - 0.5)).toBeLessThan(0.08)
      expect(covers(index, 0.5)).toBe(true)
    }
    expect(other.first.value).toBeCloseTo(0, 12)
    expect(other.total.value).toBe(0)
  })

  it("do not change when the response is shifted or stretched", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -100, max: 100, noNaN: true }),
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        (shift, stretch) => {
          const points = saltelliPoints(16, 3, "3").map(({ coordinates }) => ishigami(coordinates))
          const plain = sobolIndices(points, 3, "3")
          const other = sobolIndices(
            points.map((value) => shift + stretch * value),
            3,
            "3",
          )
          for (const [at, { first, total }] of plain.entries()) {
            expect(other[at].first.value).toBeCloseTo(first.value, 6)
            expect(other[at].total.value).toBeCloseTo(total.value, 6)
          }
        },
      ),
      { numRuns: 20 },
    )
  })

  it("are none where nothing varies", () => {
    const [{ first }] = sobolIndices(
      Array.from({ length: 5 * 8 }, () => 3),
      2,
      "1",
    )
    expect(first).toEqual({ value: NaN, low: null, high: null })
  })
})

describe("Morris' trajectories", () => {
  it("move one factor at a time, each once, by two thirds of its range, within it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 8 }),
        fc.string(),
        (count, dimensions, seed) => {
          const points = morrisPoints(count, dimensions, seed)
          expect(points).toHaveLength(count * (dimensions + 1))
          for (let start = 0; start < points.length; start += dimensions + 1) {
            const moved = Array.from({ length: dimensions }, (_, step) => {
              const [from, to] = [points[start + step], points[start + step + 1]]
              const changed = to.flatMap((value, at) => (value === from[at] ? [] : [at]))
              expect(changed).toHaveLength(1)
              expect(Math.abs(to[changed[0]] - from[changed[0]])).toBeCloseTo(2 / 3, 12)
              return changed[0]
            })
            expect(new Set(moved).size).toBe(dimensions)
          }
          expect(points.flat().every((value) => value >= 0 && value <= 1 + 1e-12)).toBe(true)
        },
      ),
    )
  })
})

describe("elementary effects", () => {
  it("of a linear function are its coefficients, without spread", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 6 }),
        (coefficients) => {
          const points = morrisPoints(5, coefficients.length, "1")
          const effects = elementaryEffects(
            points,
            points.map((point) => point.reduce((sum, x, at) => sum + coefficients[at] * x, 7)),
          )
          for (const [at, { mu, muStar, sigma }] of effects.entries()) {
            expect(mu.value).toBeCloseTo(coefficients[at], 6)
            expect(muStar.value).toBeCloseTo(Math.abs(coefficients[at]), 6)
            expect(sigma.value).toBeLessThan(1e-6)
          }
        },
      ),
    )
  })

  it("tell an interaction, and a factor without influence, from a linear one", () => {
    const points = morrisPoints(200, 4, "2")
    // Of x·y the effect of x is y, uniform on four levels: mean ½, deviation √5/6.
    const effects = elementaryEffects(
      points,
      points.map(([x, y, z]) => x * y + 3 * z),
    )
    for (const at of [0, 1]) {
      expect(covers(effects[at].muStar, 0.5)).toBe(true)
      expect(covers(effects[at].sigma, Math.sqrt(5) / 6)).toBe(true)
      expect(effects[at].sigma.high! - effects[at].sigma.low!).toBeLessThan(0.1)
    }
    expect(effects[2].muStar.value).toBeCloseTo(3, 9)
    expect(effects[3]).toMatchObject({
      muStar: { value: 0, low: 0, high: 0 },
      sigma: { value: 0, low: 0, high: 0 },
    })
  })

  it("have intervals that cover about as often as they say", () => {
    // Effects of x in x·y again: over many analyses of 20 trajectories, 95% of the intervals.
    let means = 0
    let deviations = 0
    const analyses = 400
    for (let analysis = 0; analysis < analyses; analysis++) {
      const points = morrisPoints(20, 2, `analysis ${analysis}`)
      const [x] = elementaryEffects(
        points,
        points.map(([a, b]) => a * b),
      )
      if (covers(x.muStar, 0.5)) means++
      if (covers(x.sigma, Math.sqrt(5) / 6)) deviations++
    }
    // Five standard errors of a binomial share about 0.95 are 0.055.
    expect(means / analyses).toBeGreaterThan(0.89)
    expect(deviations / analyses).toBeGreaterThan(0.87)
  })
})

/** The Sobol sequence against another implementation, and its evenness. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { mostSobolDimensions, sobolPoints } from "../../../sim/sweep/sobol-sequence.ts"

/** Points of scipy 1.17.1's `qmc.Sobol(40, scramble=False, bits=32)`, by index. */
const reference: ReadonlyArray<readonly [number, ReadonlyArray<number>]> = [
  [
    1,
    [
      0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5,
      0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5,
      0.5, 0.5,
    ],
  ],
  [
    2,
    [
      0.75, 0.25, 0.25, 0.25, 0.75, 0.75, 0.25, 0.75, 0.75, 0.75, 0.75, 0.75, 0.25, 0.25, 0.75,
      0.25, 0.75, 0.25, 0.75, 0.25, 0.25, 0.75, 0.25, 0.25, 0.25, 0.75, 0.25, 0.75, 0.25, 0.75,
      0.25, 0.25, 0.25, 0.75, 0.75, 0.75, 0.25, 0.25, 0.25, 0.25,
    ],
  ],
  [
    5,
    [
      0.875, 0.875, 0.125, 0.375, 0.875, 0.625, 0.875, 0.375, 0.375, 0.125, 0.375, 0.875, 0.875,
      0.125, 0.875, 0.375, 0.875, 0.375, 0.375, 0.625, 0.625, 0.625, 0.875, 0.375, 0.375, 0.375,
      0.875, 0.125, 0.625, 0.625, 0.875, 0.625, 0.375, 0.375, 0.125, 0.125, 0.125, 0.375, 0.875,
      0.375,
    ],
  ],
  [
    13,
    [
      0.8125, 0.6875, 0.8125, 0.0625, 0.4375, 0.9375, 0.5625, 0.5625, 0.5625, 0.4375, 0.8125,
      0.9375, 0.0625, 0.8125, 0.1875, 0.5625, 0.1875, 0.6875, 0.5625, 0.9375, 0.5625, 0.0625,
      0.8125, 0.5625, 0.0625, 0.4375, 0.4375, 0.0625, 0.0625, 0.3125, 0.5625, 0.4375, 0.4375,
      0.5625, 0.6875, 0.3125, 0.0625, 0.6875, 0.6875, 0.9375,
    ],
  ],
  [
    777,
    [
      0.6923828125, 0.9365234375, 0.1630859375, 0.2744140625, 0.6357421875, 0.3564453125,
      0.1904296875, 0.7626953125, 0.3486328125, 0.3232421875, 0.7451171875, 0.6962890625,
      0.3837890625, 0.4736328125, 0.5693359375, 0.5146484375, 0.4033203125, 0.8642578125,
      0.3701171875, 0.7529296875, 0.2373046875, 0.2724609375, 0.9462890625, 0.4814453125,
      0.3447265625, 0.1455078125, 0.0595703125, 0.7802734375, 0.0634765625, 0.1103515625,
      0.5419921875, 0.8994140625, 0.1123046875, 0.0029296875, 0.8056640625, 0.9462890625,
      0.4619140625, 0.3505859375, 0.3427734375, 0.3583984375,
    ],
  ],
  [
    12345,
    [
      0.64093017578125, 0.81341552734375, 0.16033935546875, 0.52679443359375, 0.88848876953125,
      0.05889892578125, 0.12725830078125, 0.11334228515625, 0.80181884765625, 0.42962646484375,
      0.07427978515625, 0.59881591796875, 0.93096923828125, 0.94183349609375, 0.03448486328125,
      0.64080810546875, 0.06256103515625, 0.05096435546875, 0.31939697265625, 0.34344482421875,
      0.19927978515625, 0.08123779296875, 0.60699462890625, 0.86273193359375, 0.44134521484375,
      0.29571533203125, 0.36602783203125, 0.48199462890625, 0.08770751953125, 0.40447998046875,
      0.28692626953125, 0.66204833984375, 0.50262451171875, 0.66131591796875, 0.19024658203125,
      0.91058349609375, 0.00262451171875, 0.32232666015625, 0.95989990234375, 0.94818115234375,
    ],
  ],
]

/** How many of the points lie in each of `parts` equal parts of a coordinate. */
const countsIn = (
  points: ReadonlyArray<ReadonlyArray<number>>,
  dimension: number,
  parts: number,
) => {
  const counts = Array.from({ length: parts }, () => 0)
  for (const point of points) counts[Math.floor(point[dimension] * parts)]++
  return counts
}

describe("the Sobol sequence", () => {
  it("is the reference's, in all dimensions", () => {
    const points = sobolPoints(12_346, mostSobolDimensions, null)
    for (const [index, point] of reference) expect(points[index]).toEqual(point)
    expect(points[0].every((coordinate) => coordinate === 0)).toBe(true)
  })

  it("takes every 2^-k part of every dimension equally often, shifted or not", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 7 }),
        fc.integer({ min: 1, max: mostSobolDimensions }),
        fc.option(fc.string(), { nil: null }),
        (power, dimensions, seed) => {
          const count = 2 ** power
          const points = sobolPoints(count, dimensions, seed)
          for (let dimension = 0; dimension < dimensions; dimension++)
            expect(countsIn(points, dimension, count).every((times) => times === 1)).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })

  it("fills the squares of its first two dimensions equally, as a (0, m, 2)-net does", () => {
    for (const seed of [null, "1", "another"]) {
      const points = sobolPoints(256, 2, seed)
      for (const columns of [2, 4, 16, 64]) {
        const rows = 256 / columns
        const cells = points.map(([x, y]) => Math.floor(x * columns) * rows + Math.floor(y * rows))
        expect(new Set(cells).size).toBe(256)
      }
    }
  })

  it("depends on the seed by its shift alone", () => {
    expect(sobolPoints(8, 3, "1")).toEqual(sobolPoints(8, 3, "1"))
    expect(sobolPoints(8, 3, "1")).not.toEqual(sobolPoints(8, 3, "2"))
    // A further dimension leaves the others as they are.
    expect(sobolPoints(8, 4, "1").map((point) => point.slice(0, 3))).toEqual(sobolPoints(8, 3, "1"))
  })
})

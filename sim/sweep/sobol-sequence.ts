/**
 * Sobol's low-discrepancy sequence in base 2, up to 40 dimensions: I. M. Sobol', "On the distribution
 * of points in a cube and the approximate evaluation of integrals", USSR Computational Mathematics and
 * Mathematical Physics 7 (1967), in the Gray-code order of Antonov and Saleev (1979), with the
 * direction numbers "new-joe-kuo-6" of Joe and Kuo, "Constructing Sobol sequences with better
 * two-dimensional projections", SIAM Journal on Scientific Computing 30 (2008).
 *
 * A digital shift (one random number a dimension, by exclusive or) makes each point uniform on its own
 * and keeps the sequence's evenness: Cranley–Patterson in base 2 (Owen, "Quasi-Monte Carlo sampling",
 * SIGGRAPH course notes, 2003).
 */
import { drawBelow, openStream } from "../../engine/index.ts"

const bits = 32
const scale = 2 ** bits

/** Of dimensions 2, 3, …: the inner coefficients of the primitive polynomial, then m_1 … m_s. */
const joeKuo: ReadonlyArray<ReadonlyArray<number>> = [
  [0, 1],
  [1, 1, 3],
  [1, 1, 3, 1],
  [2, 1, 1, 1],
  [1, 1, 1, 3, 3],
  [4, 1, 3, 5, 13],
  [2, 1, 1, 5, 5, 17],
  [4, 1, 1, 5, 5, 5],
  [7, 1, 1, 7, 11, 19],
  [11, 1, 1, 5, 1, 1],
  [13, 1, 1, 1, 3, 11],
  [14, 1, 3, 5, 5, 31],
  [1, 1, 3, 3, 9, 7, 49],
  [13, 1, 1, 1, 15, 21, 21],
  [16, 1, 3, 1, 13, 27, 49],
  [19, 1, 1, 1, 15, 7, 5],
  [22, 1, 3, 1, 15, 13, 25],
  [25, 1, 1, 5, 5, 19, 61],
  [1, 1, 3, 7, 11, 23, 15, 103],
  [4, 1, 3, 7, 13, 13, 15, 69],
  [7, 1, 1, 3, 13, 7, 35, 63],
  [8, 1, 3, 5, 9, 1, 25, 53],
  [14, 1, 3, 1, 13, 9, 35, 107],
  [19, 1, 3, 1, 5, 27, 61, 31],
  [21, 1, 1, 5, 11, 19, 41, 61],
  [28, 1, 3, 5, 3, 3, 13, 69],
  [31, 1, 1, 7, 13, 1, 19, 1],
  [32, 1, 3, 7, 5, 13, 19, 59],
  [37, 1, 1, 3, 9, 25, 29, 41],
  [41, 1, 3, 5, 13, 23, 1, 55],
  [42, 1, 3, 7, 3, 13, 59, 17],
  [50, 1, 3, 1, 3, 5, 53, 69],
  [55, 1, 1, 5, 5, 23, 33, 13],
  [56, 1, 1, 7, 7, 1, 61, 123],
  [59, 1, 1, 7, 9, 13, 61, 49],
  [62, 1, 3, 3, 5, 3, 55, 33],
  [14, 1, 3, 1, 15, 31, 13, 49, 245],
  [21, 1, 3, 5, 15, 31, 59, 63, 97],
  [22, 1, 3, 1, 11, 11, 11, 77, 249],
]

export const mostSobolDimensions = joeKuo.length + 1

/**
 * The first `count` points in [0, 1)^dimensions; the first of them is the origin, or the shift itself.
 * With a seed, shifted. O(count · dimensions).
 */
export const sobolPoints = (
  count: number,
  dimensions: number,
  seed: string | null,
): ReadonlyArray<ReadonlyArray<number>> => {
  const directions = Array.from({ length: dimensions }, (_, dimension) => directionsOf(dimension))
  const state = directions.map((_, dimension) =>
    seed === null ? 0 : drawBelow(openStream(seed, "design.shift", dimension), scale) | 0,
  )
  const points: Array<ReadonlyArray<number>> = []
  for (let index = 0; index < count; index++) {
    points.push(state.map((word) => (word >>> 0) / scale))
    // In Gray code the next index differs in the bit where this one has its lowest zero.
    const bit = 31 - Math.clz32(~index & (index + 1))
    for (let dimension = 0; dimension < dimensions; dimension++)
      state[dimension] ^= directions[dimension][bit]
  }
  return points
}

/** v_k = m_k · 2^(32 − k); further m by the recurrence of the dimension's polynomial. */
const directionsOf = (dimension: number): Int32Array => {
  const directions = new Int32Array(bits)
  if (dimension === 0) {
    for (let k = 0; k < bits; k++) directions[k] = 1 << (bits - 1 - k)
    return directions
  }
  const [inner, ...initial] = joeKuo[dimension - 1]
  const degree = initial.length
  for (let k = 0; k < bits; k++) {
    if (k < degree) {
      directions[k] = initial[k] << (bits - 1 - k)
      continue
    }
    let value = directions[k - degree] ^ (directions[k - degree] >>> degree)
    for (let j = 1; j < degree; j++) if ((inner >> (degree - 1 - j)) & 1) value ^= directions[k - j]
    directions[k] = value
  }
  return directions
}

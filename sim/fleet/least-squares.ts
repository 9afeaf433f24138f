/**
 * Linear least squares, for the few coefficients of the service model: by the normal equations, and
 * with coefficients that may not be negative by trying every set of them pinned at 0 (Lawson and
 * Hanson, "Solving least squares problems", 1974, chapter 23, where there are few enough to try all).
 */

/**
 * The x that minimises |A x − y|², by the normal equations with columns scaled to length 1;
 * `null` where the columns are (nearly) dependent.
 */
export const leastSquares = (
  matrix: ReadonlyArray<ReadonlyArray<number>>,
  target: ReadonlyArray<number>,
): ReadonlyArray<number> | null => {
  const size = matrix.length === 0 ? 0 : matrix[0].length
  const scale = range(size).map((j) =>
    Math.sqrt(matrix.reduce((sum, row) => sum + square(row[j]), 0)),
  )
  if (scale.some((length) => length === 0)) return null
  const normal = range(size).map((i) => [
    ...range(size).map(
      (j) => matrix.reduce((sum, row) => sum + row[i] * row[j], 0) / (scale[i] * scale[j]),
    ),
    matrix.reduce((sum, row, k) => sum + row[i] * target[k], 0) / scale[i],
  ])
  // Gauss–Jordan elimination; the scaled matrix is positive definite, so its diagonal will do.
  for (let pivot = 0; pivot < size; pivot++) {
    if (normal[pivot][pivot] < 1e-9) return null
    for (let i = 0; i < size; i++) {
      if (i === pivot) continue
      const factor = normal[i][pivot] / normal[pivot][pivot]
      for (let j = pivot; j <= size; j++) normal[i][j] -= factor * normal[pivot][j]
    }
  }
  return range(size).map((i) => normal[i][size] / normal[i][i] / scale[i])
}

/** A measured time as a sum of terms with one unknown coefficient each: `value ≈ Σ xⱼ · terms[j]`. */
export interface Observation {
  readonly terms: ReadonlyArray<number>
  /** Above 0. */
  readonly value: number
}

const REWEIGHTINGS = 3

/**
 * The x ≥ 0 that minimises Σ ((value − prediction) ÷ prediction)²: relative errors count, and the
 * weights come from the predictions, so that noise does not pull the fit towards values that came out
 * small. `null` where the observations do not determine all coefficients. Cost: O(2^terms · rows).
 */
export const nonNegativeFit = (rows: ReadonlyArray<Observation>): ReadonlyArray<number> | null => {
  let weights = rows.map(({ value }) => 1 / value)
  let best: ReadonlyArray<number> | null = null
  for (let round = 0; round <= REWEIGHTINGS; round++) {
    best = weightedFit(rows, weights)
    if (best === null) return null
    const found = best
    weights = rows.map((row) => 1 / predictionOf(row.terms, found))
    if (!weights.every((weight) => Number.isFinite(weight))) return null
  }
  return best
}

/** Σ xⱼ · terms[j]. */
export const predictionOf = (
  terms: ReadonlyArray<number>,
  coefficients: ReadonlyArray<number>,
): number => terms.reduce((sum, term, j) => sum + term * coefficients[j], 0)

const weightedFit = (
  rows: ReadonlyArray<Observation>,
  weights: ReadonlyArray<number>,
): ReadonlyArray<number> | null => {
  const size = rows.length === 0 ? 0 : rows[0].terms.length
  const solve = (free: ReadonlyArray<number>): ReadonlyArray<number> | null => {
    const solution = leastSquares(
      rows.map(({ terms }, i) => free.map((j) => terms[j] * weights[i])),
      rows.map(({ value }, i) => value * weights[i]),
    )
    return solution === null
      ? null
      : range(size).map((j) => (free.includes(j) ? solution[free.indexOf(j)] : 0))
  }
  // Were they not determined together, a pinned fit would only hide it.
  const unbounded = solve(range(size))
  if (unbounded === null) return null
  if (unbounded.every((x) => x >= 0)) return unbounded
  let best: ReadonlyArray<number> | null = null
  let bestCost = Infinity
  for (let pinned = 1; pinned < 2 ** size - 1; pinned++) {
    const candidate = solve(range(size).filter((j) => (pinned >> j) % 2 === 0))
    if (candidate === null || candidate.some((x) => x < 0)) continue
    const cost = rows.reduce(
      (sum, { terms, value }, i) =>
        sum + square((predictionOf(terms, candidate) - value) * weights[i]),
      0,
    )
    if (cost < bestCost) {
      best = candidate
      bestCost = cost
    }
  }
  return best
}

const square = (value: number): number => value * value

const range = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i)

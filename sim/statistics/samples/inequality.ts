/**
 * How evenly something is shared: Jain's index, the Gini coefficient, the Lorenz curve; and how
 * concentrated it is: the Herfindahl–Hirschman index.
 *
 * All take amounts ≥ 0 and throw a RangeError on others: an index of amounts of both signs means
 * nothing. When there is nothing to share, everybody has the same.
 */

/**
 * Jain's fairness index (Σx)² ÷ (n·Σx²): 1 when all have the same, 1 ÷ n when one has all (Jain,
 * Chiu and Hawe, DEC-TR-301, 1984). 1 for no amounts.
 */
export const jainIndex = (amounts: Iterable<number>): number => {
  const shares = checked(amounts)
  // Relative to the largest, so that no square overflows or vanishes.
  const largest = shares.reduce((most, share) => Math.max(most, share), 0)
  if (largest === 0) return 1
  let sum = 0
  let squares = 0
  for (const share of shares) {
    sum += share / largest
    squares += (share / largest) * (share / largest)
  }
  return (sum * sum) / (shares.length * squares)
}

/**
 * The Gini coefficient Σᵢ Σⱼ |xᵢ − xⱼ| ÷ (2n·Σx), which is twice the area between the Lorenz curve
 * and the diagonal: 0 when all have the same, 1 − 1 ÷ n when one has all. 0 for no amounts.
 * O(n log n), by Σᵢ (2i − n − 1)·xᵢ ÷ (n·Σx) over the ascending xᵢ, i = 1 … n.
 */
export const gini = (amounts: Iterable<number>): number => {
  const ascending = checked(amounts).sort()
  const n = ascending.length
  let sum = 0
  let weighted = 0
  ascending.forEach((share, index) => {
    sum += share
    weighted += (2 * (index + 1) - n - 1) * share
  })
  return sum === 0 ? 0 : weighted / (n * sum)
}

/**
 * The Herfindahl–Hirschman index Σ (xᵢ ÷ Σx)²: 1 where one has all, 1 ÷ n where all n have the same
 * (Hirschman, "The paternity of an index", American Economic Review 54, 1964). 0 for no amounts.
 */
export const herfindahlIndex = (amounts: Iterable<number>): number => {
  const shares = checked(amounts)
  const sum = shares.reduce((total, share) => total + share, 0)
  return sum === 0 ? 0 : shares.reduce((total, share) => total + (share / sum) ** 2, 0)
}

/** A point of a Lorenz curve: the poorest `population` share holds the `amount` share. */
export interface LorenzPoint {
  readonly population: number
  readonly amount: number
}

/**
 * The Lorenz curve at 0, 1 ÷ steps, …, 1 of the population, poorest first; between whole members
 * it is linear, as the curve is defined. `steps` ≥ 1. O(n log n).
 */
export const lorenzCurve = (amounts: Iterable<number>, steps = 100): ReadonlyArray<LorenzPoint> => {
  const ascending = checked(amounts).sort()
  const n = ascending.length
  const cumulative = new Float64Array(n + 1)
  for (let i = 0; i < n; i++) cumulative[i + 1] = cumulative[i] + ascending[i]
  const total = cumulative[n]
  return Array.from({ length: steps + 1 }, (_, step) => {
    const population = step / steps
    if (total === 0) return { population, amount: population }
    const members = Math.min(n, Math.floor((step * n) / steps))
    const part = (step * n) / steps - members
    const next = members < n ? ascending[members] : 0
    return { population, amount: Math.min(1, (cumulative[members] + part * next) / total) }
  })
}

const checked = (amounts: Iterable<number>): Float64Array => {
  const shares = Float64Array.from(amounts)
  for (const share of shares) {
    if (!(share >= 0 && share < Infinity)) {
      throw new RangeError(`inequality is measured on finite amounts from 0 up, not ${share}`)
    }
  }
  return shares
}

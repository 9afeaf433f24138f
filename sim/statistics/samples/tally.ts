/**
 * A tally: count, mean, variance, minimum and maximum of observations, in one pass.
 *
 * Update: Welford, "Note on a method for calculating corrected sums of squares and products",
 * Technometrics 4 (1962). Merge: Chan, Golub and LeVeque, "Updating formulae and a pairwise
 * algorithm for computing sample variances", COMPSTAT 1982. Neither subtracts large sums.
 */
export class Tally {
  /** How many observations. */
  n = 0
  /** Their mean; 0 when there are none. */
  mean = 0
  min = Infinity
  max = -Infinity
  /** Σ (x − mean)². */
  private squares = 0

  add(value: number): void {
    this.n += 1
    const before = value - this.mean
    this.mean += before / this.n
    this.squares += before * (value - this.mean)
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
  }

  /** Takes in another tally's observations; that tally stays as it is. */
  merge(other: Tally): void {
    if (other.n === 0) return
    const n = this.n + other.n
    const gap = other.mean - this.mean
    this.squares += other.squares + (gap * gap * this.n * other.n) / n
    this.mean += (gap * other.n) / n
    this.n = n
    this.min = Math.min(this.min, other.min)
    this.max = Math.max(this.max, other.max)
  }

  get sum(): number {
    return this.mean * this.n
  }

  /** The sample variance (divisor n − 1), or `null` below two observations. */
  get variance(): number | null {
    return this.n < 2 ? null : this.squares / (this.n - 1)
  }

  /** The sample standard deviation, or `null` below two observations. */
  get deviation(): number | null {
    const variance = this.variance
    return variance === null ? null : Math.sqrt(variance)
  }
}

/** The tally of the given observations. */
export const tallyOf = (values: Iterable<number>): Tally => {
  const tally = new Tally()
  for (const value of values) tally.add(value)
  return tally
}

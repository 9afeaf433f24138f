/**
 * The standard normal distribution: Φ and its inverse, to about 14 digits.
 *
 * Φ near the centre by the series Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/(3·5) + …), in the tails by the
 * continued fraction of the Mills ratio (Abramowitz and Stegun, "Handbook of Mathematical
 * Functions", 1964, 26.2.11 and 26.2.14). The inverse starts from their rational approximation
 * 26.2.23 (error below 4.5e-4) and is polished by Halley's method.
 */

const INVERSE_ROOT_TWO_PI = 0.3989422804014327

/** The density φ(x). */
export const normalDensity = (x: number): number => INVERSE_ROOT_TWO_PI * Math.exp(-0.5 * x * x)

/** Φ(x) = P(Z ≤ x). */
export const normalCdf = (x: number): number => (x > 0 ? 1 - upperTail(x) : upperTail(-x))

/** The x with Φ(x) = probability; −∞ at 0 and +∞ at 1. Throws a RangeError outside [0, 1]. */
export const normalQuantile = (probability: number): number => {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`a probability lies in 0 … 1, not ${probability}`)
  }
  return probability < 0.5 ? -upperQuantile(probability) : upperQuantile(1 - probability)
}

/** P(Z > x) for x ≥ 0, exact to the last few digits far into the tail. */
const upperTail = (x: number): number => {
  if (x > 38.6) return 0
  if (x < 2.5) {
    let term = x
    let sum = x
    for (let odd = 3; term > sum * 1e-17; odd += 2) {
      term *= (x * x) / odd
      sum += term
    }
    return 0.5 - normalDensity(x) * sum
  }
  // Mills ratio 1/(x + 1/(x + 2/(x + 3/(x + …)))), from the inside out; at x = 2.5 a depth of 200
  // is past the point where the last digit changes.
  let fraction = x
  for (let depth = 200; depth >= 1; depth--) fraction = x + depth / fraction
  return normalDensity(x) / fraction
}

/** The x ≥ 0 with P(Z > x) = tail, for tail in [0, ½]. */
const upperQuantile = (tail: number): number => {
  if (tail === 0) return Infinity
  const t = Math.sqrt(-2 * Math.log(tail))
  let x =
    t -
    (2.515517 + t * (0.802853 + t * 0.010328)) /
      (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
  x = Math.max(0, x)
  for (let step = 0; step < 3; step++) {
    // Newton's step for P(Z > x) − tail, and Halley's correction by φ′(x) = −x·φ(x).
    const newton = (upperTail(x) - tail) / normalDensity(x)
    x += newton / (1 - 0.5 * x * newton)
  }
  return x
}

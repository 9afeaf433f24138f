/**
 * Student's t distribution: its tail and its quantile, for intervals over replications.
 *
 * P(T > t) = ½·I_x(ν/2, ½) with x = ν ÷ (ν + t²), the regularised incomplete beta function (NIST
 * Digital Library of Mathematical Functions, 8.17), by its continued fraction 8.17.22, evaluated by
 * Lentz's method. Good to 11 digits up to a thousand degrees of freedom and to 9 up to a million.
 * The quantile is the root of the tail by Newton's method inside a bracket.
 */
import { logGamma } from "./log-gamma.ts"

/**
 * The t with P(T ≤ t) = probability, for `degrees` of freedom > 0, whole or not. Throws a
 * RangeError for a probability outside (0, 1) or degrees that are not positive.
 */
export const studentTQuantile = (probability: number, degrees: number): number => {
  if (!(probability > 0 && probability < 1)) {
    throw new RangeError(`a t quantile needs a probability between 0 and 1, not ${probability}`)
  }
  if (!(degrees > 0 && degrees < Infinity)) {
    throw new RangeError(`a t quantile needs finite degrees of freedom above 0, not ${degrees}`)
  }
  return probability < 0.5
    ? -upperQuantile(probability, degrees)
    : upperQuantile(1 - probability, degrees)
}

/** P(T > t). */
export const studentTTail = (t: number, degrees: number): number => {
  const square = t * t
  const half =
    0.5 * incompleteBeta(degrees / (degrees + square), square / (degrees + square), degrees)
  return t < 0 ? 1 - half : half
}

const upperQuantile = (tail: number, degrees: number): number => {
  if (tail === 0.5) return 0
  let low = 0
  let high = 1
  while (studentTTail(high, degrees) > tail) {
    low = high
    high *= 2
  }
  const logConstant =
    logGamma((degrees + 1) / 2) - logGamma(degrees / 2) - 0.5 * Math.log(degrees * Math.PI)
  let t = 0.5 * (low + high)
  // Bisection alone would need some 55 steps; the bound only guards against a cycle of roundings.
  for (let step = 0; step < 200; step++) {
    const excess = studentTTail(t, degrees) - tail
    if (excess > 0) low = t
    else high = t
    const density = Math.exp(logConstant - ((degrees + 1) / 2) * Math.log(1 + (t * t) / degrees))
    const newton = t + excess / density
    const next = newton > low && newton < high ? newton : 0.5 * (low + high)
    if (Math.abs(next - t) <= 1e-15 * t) return next
    t = next
  }
  return t
}

/** I_x(ν/2, ½), given x and 1 − x separately so that neither loses digits. */
const incompleteBeta = (x: number, complement: number, degrees: number): number => {
  if (x === 0) return 0
  if (complement === 0) return 1
  const a = degrees / 2
  const b = 0.5
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(complement),
  )
  // The fraction converges fast on this side of the mean; the other side by symmetry.
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(complement, b, a)) / b
}

/** The continued fraction of I_x(a, b), without its front factor. */
const betaFraction = (x: number, a: number, b: number): number => {
  let numerator = 1
  let denominator = 1 / (1 - ((a + b) * x) / (a + 1))
  let result = denominator
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    denominator = 1 / (1 + even * denominator)
    numerator = 1 + even / numerator
    result *= numerator * denominator
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    denominator = 1 / (1 + odd * denominator)
    numerator = 1 + odd / numerator
    const change = numerator * denominator
    result *= change
    if (Math.abs(change - 1) < 1e-16) break
  }
  return result
}

/**
 * Random variates, each a function of (stream, parameters) and of nothing else: no cached second
 * normal, no table that is filled on the way, so a stream's saved state is all there is to save.
 *
 * Inverse transforms (Devroye, "Non-Uniform Random Variate Generation", 1986, II.2) wherever the
 * inverse is cheap: one uniform each, and monotone in it, so that streams stay in step under common
 * random numbers. Only +, ×, √, log and exp: powers are exp(y·log x), for `Math.pow` and the
 * trigonometric functions may differ between versions of V8.
 *
 * Parameters are not checked here, in the innermost loop; the stated domain is the caller's duty.
 */
import type { Stream } from "../../engine/index.ts"

/** Uniform on [low, high). */
export const uniform = (stream: Stream, low: number, high: number): number =>
  low + (high - low) * stream.next()

/** Exponential, mean 1 ÷ rate. `rate` > 0, in one over the unit of the result. */
export const exponential = (stream: Stream, rate: number): number =>
  -Math.log(1 - stream.next()) / rate

/** Weibull: P(X > x) = exp(−(x ÷ scale)^shape). Heavy-tailed for shape < 1. */
export const weibull = (stream: Stream, shape: number, scale: number): number =>
  scale * power(-Math.log(1 - stream.next()), 1 / shape)

/** Pareto: P(X > x) = (minimum ÷ x)^shape for x ≥ minimum. Its mean is infinite for shape ≤ 1. */
export const pareto = (stream: Stream, shape: number, minimum: number): number =>
  minimum * power(1 - stream.next(), -1 / shape)

/** Pareto conditioned on X ≤ maximum. `0 < minimum < maximum`, shape > 0. */
export const boundedPareto = (
  stream: Stream,
  shape: number,
  minimum: number,
  maximum: number,
): number => {
  const kept = 1 - power(minimum / maximum, shape)
  return Math.min(maximum, minimum * power(1 - stream.next() * kept, -1 / shape))
}

/** Failures before the first success, 0, 1, 2 …; each trial succeeds with `probability` in (0, 1]. */
export const geometric = (stream: Stream, probability: number): number => {
  const failures = Math.floor(Math.log(1 - stream.next()) / Math.log(1 - probability))
  // A uniform of exactly 0 gives −0.
  return failures === 0 ? 0 : failures
}

/** True with the given probability. */
export const bernoulli = (stream: Stream, probability: number): boolean =>
  stream.next() < probability

/**
 * An index i with probability weights[i] ÷ Σ weights. Weights ≥ 0, their sum > 0. O(n): meant for
 * a handful of classes.
 */
export const choice = (stream: Stream, weights: ArrayLike<number>): number => {
  let total = 0
  for (let i = 0; i < weights.length; i++) total += weights[i]
  let rest = stream.next() * total
  let last = 0
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]
    if (weight === 0) continue
    if (rest < weight) return i
    rest -= weight
    last = i
  }
  // Rounding may leave a sliver after the last class that can occur at all.
  return last
}

/** Hyperexponential: exponential of rate rates[i] with probability ∝ weights[i]. */
export const hyperexponential = (
  stream: Stream,
  weights: ArrayLike<number>,
  rates: ArrayLike<number>,
): number => exponential(stream, rates[choice(stream, weights)])

/**
 * Standard normal by Marsaglia's polar method (Marsaglia and Bray, SIAM Review 6, 1964). The
 * method gives two; the second is dropped, for keeping it would be state outside the stream. Takes
 * 2.55 uniforms on average.
 */
export const standardNormal = (stream: Stream): number => {
  for (;;) {
    const x = 2 * stream.next() - 1
    const y = 2 * stream.next() - 1
    const square = x * x + y * y
    if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square)
  }
}

/** Normal with the given mean and standard deviation ≥ 0. */
export const normal = (stream: Stream, mean: number, deviation: number): number =>
  mean + deviation * standardNormal(stream)

/** Log-normal: the logarithm is normal with mean `location` and deviation `scale`. */
export const logNormal = (stream: Stream, location: number, scale: number): number =>
  Math.exp(location + scale * standardNormal(stream))

/**
 * Gamma with mean shape × scale and variance shape × scale²; shape > 0.
 *
 * Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000): cube a
 * normal, accept with probability above 0.95. For shape < 1, the gamma of shape + 1 times
 * U^(1 ÷ shape), as in their section 6.
 */
export const gamma = (stream: Stream, shape: number, scale: number): number => {
  if (shape < 1) {
    return gamma(stream, shape + 1, scale) * power(1 - stream.next(), 1 / shape)
  }
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = standardNormal(stream)
    const root = 1 + c * x
    if (root <= 0) continue
    const v = root * root * root
    const logUniform = Math.log(1 - stream.next())
    if (logUniform < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v * scale
  }
}

/** base^exponent for base ≥ 0. */
const power = (base: number, exponent: number): number => Math.exp(exponent * Math.log(base))

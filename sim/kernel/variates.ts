/**
 * Random variates: each a function of a stream and its parameters, by methods that need only
 * arithmetic, logarithm, exponential and square root, and so draw the same on every engine.
 */
import type { Stream } from "../../engine/random.ts"

/** Exponential with this rate: −ln(1 − U) / rate. */
export const exponential = (stream: Stream, rate: number): number =>
  -Math.log(1 - stream.next()) / rate

/**
 * Standard normal, by Marsaglia's polar method ("Improving the speed of calculations…", 1962). The
 * second of each pair is not kept, so that a stream's state is all there is.
 */
export const normal = (stream: Stream): number => {
  for (;;) {
    const u = 2 * stream.next() - 1
    const v = 2 * stream.next() - 1
    const s = u * u + v * v
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s)
  }
}

/** exp(μ + σ · Z): median exp(μ). */
export const logNormal = (stream: Stream, mu: number, sigma: number): number =>
  Math.exp(mu + sigma * normal(stream))

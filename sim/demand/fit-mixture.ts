/**
 * Fits a mixture of correlated log-normals to the sizes of a trace, by expectation-maximisation
 * (Dempster, Laird and Rubin, JRSS B 39, 1977) on the logarithms.
 *
 * The likelihood has many local maxima, and what counts here is how well the marginals are met. So
 * the fit starts from several sets of drawn points and keeps the one whose larger
 * Kolmogorov–Smirnov distance is least. The points are drawn from named streams: the same trace
 * gives the same mixture.
 */
import { ksDistanceBetween } from "../statistics/samples/ks-distance.ts"
import { drawBelow, openStream, type Stream } from "../../engine/index.ts"
import { MixtureSizes, type SizeComponent, type SizeMixture } from "./sizes.ts"

export interface SizePairs {
  readonly inputTokens: Int32Array
  readonly outputTokens: Int32Array
}

export interface MixtureFit {
  readonly mixture: SizeMixture
  /** Kolmogorov–Smirnov distance between the trace and a large sample of the mixture. */
  readonly inputDistance: number
  readonly outputDistance: number
}

const STARTS = 12
const ROUNDS = 120
/** Deviations stay above this, or a component would shrink onto one often-seen size. */
const LEAST_DEVIATION = 0.01
const SAMPLE = 100_000

/** Cost: O(starts · rounds · pairs · components): tens of seconds for 20,000 pairs. */
export const fitMixture = (pairs: SizePairs, components: number): MixtureFit => {
  const fits = Array.from({ length: STARTS }, (_, start) =>
    assess(pairs, maximise(pairs, components, openStream("fit", "start", start))),
  )
  return fits.reduce((best, fit) =>
    Math.max(fit.inputDistance, fit.outputDistance) <
    Math.max(best.inputDistance, best.outputDistance)
      ? fit
      : best,
  )
}

/** Distances of the mixture's marginals from those of the pairs. */
export const assess = (pairs: SizePairs, mixture: SizeMixture): MixtureFit => {
  const sampler = new MixtureSizes(mixture)
  const stream = openStream("fit", "assess", 0)
  const inputs = new Int32Array(SAMPLE)
  const outputs = new Int32Array(SAMPLE)
  for (let i = 0; i < SAMPLE; i++) {
    sampler.draw(stream)
    inputs[i] = sampler.inputTokens
    outputs[i] = sampler.outputTokens
  }
  return {
    mixture,
    inputDistance: ksDistanceBetween(pairs.inputTokens, inputs),
    outputDistance: ksDistanceBetween(pairs.outputTokens, outputs),
  }
}

/** A component with what its density needs: the covariance [a, c; c, b] of the logarithms. */
interface Normal {
  weight: number
  x: number
  y: number
  a: number
  b: number
  c: number
}

const maximise = (pairs: SizePairs, components: number, stream: Stream): SizeMixture => {
  const xs = Float64Array.from(pairs.inputTokens, Math.log)
  const ys = Float64Array.from(pairs.outputTokens, Math.log)
  let normals = startAt(xs, ys, components, stream)
  for (let round = 0; round < ROUNDS; round++) normals = improve(xs, ys, normals)
  return {
    components: normals.map(componentOf).sort((one, other) => other.weight - one.weight),
    bounds: { input: extent(pairs.inputTokens), output: extent(pairs.outputTokens) },
  }
}

/** Centres at points of the trace, with a quarter of the whole trace's deviations. */
const startAt = (
  xs: Float64Array,
  ys: Float64Array,
  components: number,
  stream: Stream,
): ReadonlyArray<Normal> => {
  const a = variance(xs) / 16
  const b = variance(ys) / 16
  return Array.from({ length: components }, () => {
    const point = drawBelow(stream, xs.length)
    return { weight: 1 / components, x: xs[point], y: ys[point], a, b, c: 0 }
  })
}

/** One round: shares each point among the components, then moves each to its share's moments. */
const improve = (
  xs: Float64Array,
  ys: Float64Array,
  normals: ReadonlyArray<Normal>,
): ReadonlyArray<Normal> => {
  const sums = normals.map(() => ({ n: 0, x: 0, y: 0, xx: 0, yy: 0, xy: 0 }))
  const densities = new Float64Array(normals.length)
  const constants = normals.map(({ weight, a, b, c }) => weight / Math.sqrt(a * b - c * c))
  for (let i = 0; i < xs.length; i++) {
    let total = 1e-300
    for (const [k, normal] of normals.entries()) {
      const dx = xs[i] - normal.x
      const dy = ys[i] - normal.y
      const determinant = normal.a * normal.b - normal.c * normal.c
      const distance =
        (normal.b * dx * dx - 2 * normal.c * dx * dy + normal.a * dy * dy) / determinant
      densities[k] = constants[k] * Math.exp(-0.5 * distance)
      total += densities[k]
    }
    for (const [k, sum] of sums.entries()) {
      const share = densities[k] / total
      sum.n += share
      sum.x += share * xs[i]
      sum.y += share * ys[i]
      sum.xx += share * xs[i] * xs[i]
      sum.yy += share * ys[i] * ys[i]
      sum.xy += share * xs[i] * ys[i]
    }
  }
  const floor = LEAST_DEVIATION * LEAST_DEVIATION
  return sums.map(({ n, x, y, xx, yy, xy }, k) => {
    // A component that lost all its points stays where it is, without weight.
    if (n < 1e-6) return { ...normals[k], weight: 0 }
    const [meanX, meanY] = [x / n, y / n]
    const a = Math.max(0, xx / n - meanX * meanX) + floor
    const b = Math.max(0, yy / n - meanY * meanY) + floor
    return { weight: n / xs.length, x: meanX, y: meanY, a, b, c: xy / n - meanX * meanY }
  })
}

const componentOf = ({ weight, x, y, a, b, c }: Normal): SizeComponent => ({
  weight,
  logInputMean: x,
  logInputDeviation: Math.sqrt(a),
  logOutputMean: y,
  logOutputDeviation: Math.sqrt(b),
  correlation: c / Math.sqrt(a * b),
})

const variance = (values: Float64Array): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / values.length
}

const extent = (values: Int32Array): readonly [number, number] => [
  values.reduce((least, value) => Math.min(least, value)),
  values.reduce((greatest, value) => Math.max(greatest, value)),
]

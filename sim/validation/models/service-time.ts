/**
 * Service time distributions, with what a simulation needs to start in the stationary state: in
 * the middle of a service the rest of it is U·L, U uniform on (0, 1) and L drawn from the
 * length-biased distribution, of density x·f(x) ÷ E[X] (Wolff, "Stochastic Modeling and the Theory
 * of Queues", 1989, section 2-6).
 */
import type { Stream } from "../../../engine/index.ts"
import { choice, exponential, gamma, logNormal } from "../../kernel/variates.ts"

export interface ServiceTime {
  readonly name: string
  readonly mean: number
  /** The squared coefficient of variation, variance ÷ mean². */
  readonly squaredVariation: number
  readonly draw: (stream: Stream) => number
  /** A draw from the length-biased distribution. */
  readonly drawBiased: (stream: Stream) => number
}

/** What is left of a service that somebody finds under way. */
export const drawResidual = (service: ServiceTime, stream: Stream): number =>
  stream.next() * service.drawBiased(stream)

/** Always the same. */
export const deterministicService = (mean: number): ServiceTime => ({
  name: "deterministic",
  mean,
  squaredVariation: 0,
  draw: () => mean,
  drawBiased: () => mean,
})

export const exponentialService = (mean: number): ServiceTime => ({
  name: "exponential",
  mean,
  squaredVariation: 1,
  draw: (stream) => exponential(stream, 1 / mean),
  drawBiased: (stream) => gamma(stream, 2, mean),
})

/** Gamma, of shape 1 ÷ squaredVariation: Erlang where that is whole. */
export const gammaService = (mean: number, squaredVariation: number): ServiceTime => {
  const shape = 1 / squaredVariation
  const scale = mean / shape
  return {
    name: `gamma, cv² ${squaredVariation}`,
    mean,
    squaredVariation,
    draw: (stream) => gamma(stream, shape, scale),
    drawBiased: (stream) => gamma(stream, shape + 1, scale),
  }
}

/**
 * Hyperexponential of two phases with balanced means, p₁m₁ = p₂m₂, for squaredVariation ≥ 1
 * (Tijms, "A First Course in Stochastic Models", 2003, appendix B).
 */
export const hyperexponentialService = (mean: number, squaredVariation: number): ServiceTime => {
  const lean = Math.sqrt((squaredVariation - 1) / (squaredVariation + 1))
  const first = (1 + lean) / 2
  const means = [mean / (2 * first), mean / (2 * (1 - first))]
  const meanOf = (isFirst: boolean) => (isFirst ? means[0] : means[1])
  return {
    name: `hyperexponential, cv² ${squaredVariation}`,
    mean,
    squaredVariation,
    draw: (stream) => exponential(stream, 1 / meanOf(stream.next() < first)),
    // Balanced means: half of all work comes from either phase.
    drawBiased: (stream) => gamma(stream, 2, meanOf(stream.next() < 0.5)),
  }
}

export const logNormalService = (mean: number, squaredVariation: number): ServiceTime => {
  const variance = Math.log(1 + squaredVariation)
  const location = Math.log(mean) - variance / 2
  const scale = Math.sqrt(variance)
  return {
    name: `log-normal, cv² ${squaredVariation}`,
    mean,
    squaredVariation,
    draw: (stream) => logNormal(stream, location, scale),
    drawBiased: (stream) => logNormal(stream, location + variance, scale),
  }
}

/** One of several, by weight. */
export const mixedService = (
  name: string,
  parts: ReadonlyArray<readonly [weight: number, service: ServiceTime]>,
): ServiceTime => {
  const total = parts.reduce((sum, [weight]) => sum + weight, 0)
  const weights = parts.map(([weight]) => weight / total)
  const services = parts.map(([, service]) => service)
  const mean = services.reduce((sum, service, i) => sum + weights[i] * service.mean, 0)
  const square = services.reduce(
    (sum, service, i) =>
      sum + weights[i] * service.mean * service.mean * (1 + service.squaredVariation),
    0,
  )
  const work = services.map((service, i) => weights[i] * service.mean)
  return {
    name,
    mean,
    squaredVariation: square / (mean * mean) - 1,
    draw: (stream) => services[choice(stream, weights)].draw(stream),
    drawBiased: (stream) => services[choice(stream, work)].drawBiased(stream),
  }
}

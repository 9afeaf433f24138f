import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream, resumeStream, type Stream } from "../../../engine/index.ts"
import {
  bernoulli,
  boundedPareto,
  choice,
  exponential,
  gamma,
  geometric,
  hyperexponential,
  logNormal,
  normal,
  pareto,
  standardNormal,
  uniform,
  weibull,
} from "../../../sim/kernel/variates.ts"
import { ksDistance } from "../../../sim/statistics/samples/ks-distance.ts"
import { normalCdf } from "../../../sim/statistics/distributions/normal.ts"
import { tallyOf } from "../../../sim/statistics/samples/tally.ts"
import { assertProperty } from "../../support/property.ts"

const draws = 100_000

const sample = (purpose: string, draw: (stream: Stream) => number): ReadonlyArray<number> => {
  const stream = openStream("variates", purpose, 0)
  return Array.from({ length: draws }, () => draw(stream))
}

/**
 * √n·D exceeds 2.7 with probability 2·exp(−2·2.7²) < 1e-6 for a correct generator (Kolmogorov's
 * limit), while at n = 100,000 a distribution that is off by 0.0086 anywhere is found.
 */
const CRITICAL = 2.7 / Math.sqrt(draws)

/** P(X ≤ x) for a gamma of half-integer shape and scale 1, by P(a + 1, x) = P(a, x) − xᵃe⁻ˣ/Γ(a + 1). */
const gammaCdf = (shape: number, x: number): number => {
  if (x <= 0) return 0
  let a = Number.isInteger(shape) ? 1 : 0.5
  let cdf = a === 1 ? 1 - Math.exp(-x) : 2 * normalCdf(Math.sqrt(2 * x)) - 1
  let term = a === 1 ? x * Math.exp(-x) : (2 * Math.sqrt(x) * Math.exp(-x)) / Math.sqrt(Math.PI)
  while (a < shape) {
    cdf -= term
    a += 1
    term *= x / a
  }
  return cdf
}

const continuous: ReadonlyArray<
  readonly [string, (stream: Stream) => number, (x: number) => number]
> = [
  ["uniform", (s) => uniform(s, -2, 3), (x) => (x + 2) / 5],
  ["exponential", (s) => exponential(s, 4), (x) => 1 - Math.exp(-4 * x)],
  ["weibull", (s) => weibull(s, 0.5, 3), (x) => 1 - Math.exp(-Math.sqrt(x / 3))],
  ["pareto", (s) => pareto(s, 1.5, 2), (x) => 1 - Math.pow(2 / x, 1.5)],
  [
    "bounded pareto",
    (s) => boundedPareto(s, 1.5, 2, 40),
    (x) => (1 - Math.pow(2 / x, 1.5)) / (1 - Math.pow(2 / 40, 1.5)),
  ],
  [
    "hyperexponential",
    (s) => hyperexponential(s, [3, 1], [2, 0.25]),
    (x) => 1 - 0.75 * Math.exp(-2 * x) - 0.25 * Math.exp(-x / 4),
  ],
  ["standard normal", standardNormal, normalCdf],
  ["normal", (s) => normal(s, 5, 2), (x) => normalCdf((x - 5) / 2)],
  ["log-normal", (s) => logNormal(s, 1, 0.5), (x) => normalCdf((Math.log(x) - 1) / 0.5)],
  ["gamma, shape ½", (s) => gamma(s, 0.5, 3), (x) => gammaCdf(0.5, x / 3)],
  ["gamma, shape 1", (s) => gamma(s, 1, 3), (x) => gammaCdf(1, x / 3)],
  ["gamma, shape 1½", (s) => gamma(s, 1.5, 3), (x) => gammaCdf(1.5, x / 3)],
  ["gamma, shape 4", (s) => gamma(s, 4, 0.25), (x) => gammaCdf(4, x * 4)],
  ["gamma, shape 12½", (s) => gamma(s, 12.5, 1), (x) => gammaCdf(12.5, x)],
]

describe("variates", () => {
  it.each(continuous)("%s: distributed as its distribution function says", (name, draw, cdf) => {
    expect(ksDistance(sample(name, draw), cdf)).toBeLessThan(CRITICAL)
  })

  it("the test would find a gamma of a slightly wrong shape", () => {
    const off = sample("off", (s) => gamma(s, 4.05, 0.25))
    expect(ksDistance(off, (x) => gammaCdf(4, x * 4))).toBeGreaterThan(CRITICAL)
  })

  it("gamma has mean shape·scale and variance shape·scale², whatever the shape", async () => {
    const shape = fc.double({ min: 0.05, max: 50, noNaN: true })
    await assertProperty(
      fc.property(shape, fc.nat(1e9), (k, seed) => {
        const stream = openStream("variates", "gamma", seed)
        const n = 2000
        const tally = tallyOf(Array.from({ length: n }, () => gamma(stream, k, 2)))
        // Six standard errors; of the variance it is √((kurtosis − 1 ) ÷ n), kurtosis 3 + 6 ÷ k,
        // and twice that, for its own distribution is skewed.
        expect(Math.abs(tally.mean / (2 * k) - 1)).toBeLessThan(6 / Math.sqrt(k * n))
        const error = Math.sqrt((2 + 6 / k) / n)
        expect(Math.abs(tally.variance! / (4 * k) - 1)).toBeLessThan(12 * error)
      }),
    )
  })

  it("geometric: P(X = i) = p·(1 − p)^i", () => {
    const values = sample("geometric", (s) => geometric(s, 0.3))
    for (let i = 0; i < 8; i++) {
      const expected = 0.3 * Math.pow(0.7, i)
      const share = values.filter((x) => x === i).length / draws
      expect(Math.abs(share - expected)).toBeLessThan(5.5 * Math.sqrt(expected / draws))
    }
    expect(sample("certain", (s) => geometric(s, 1)).every((x) => Object.is(x, 0))).toBe(true)
  })

  it("choice and bernoulli: in proportion to the weights", () => {
    const weights = [1, 0, 4, 5]
    const values = sample("choice", (s) => choice(s, weights))
    weights.forEach((weight, i) => {
      const share = values.filter((x) => x === i).length / draws
      expect(Math.abs(share - weight / 10)).toBeLessThan(5.5 * Math.sqrt(0.25 / draws))
    })
    const heads = sample("bernoulli", (s) => (bernoulli(s, 0.2) ? 1 : 0))
    expect(Math.abs(tallyOf(heads).mean - 0.2)).toBeLessThan(5.5 * Math.sqrt(0.16 / draws))
  })

  it("stay in their range at both ends of the uniform", async () => {
    const uniformOf = (u: number): Stream => ({
      next: () => u,
      state: () => ({ c: 0, s0: 0, s1: 0, s2: 0 }),
    })
    const extreme = fc.oneof(
      fc.constantFrom(0, 1 - 2 ** -53, 2 ** -53),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    )
    await assertProperty(
      fc.property(extreme, fc.double({ min: 0.1, max: 20, noNaN: true }), (u, shape) => {
        const s = uniformOf(u)
        const positive = [exponential(s, 2), weibull(s, shape, 1), geometric(s, 0.3)]
        for (const x of positive) {
          expect(x).toBeGreaterThanOrEqual(0)
          expect(x).toBeLessThan(Infinity)
        }
        expect(Object.is(geometric(uniformOf(0), 1 / shape / 10), 0)).toBe(true)
        expect(pareto(s, shape, 2)).toBeGreaterThanOrEqual(2)
        const bounded = boundedPareto(s, shape, 2, 5)
        expect(bounded).toBeGreaterThanOrEqual(2 * (1 - 1e-15))
        expect(bounded).toBeLessThanOrEqual(5)
        expect([0, 2]).toContain(choice(s, [1, 0, 3, 0]))
        // Weights that do not add up to their sum, in the order of subtraction.
        const uneven = [shape / 3, 0.1, 0, shape / 7, 0.7, 0]
        expect(uneven[choice(s, uneven)]).toBeGreaterThan(0)
      }),
    )
  })

  it("rise with the uniform, where there is only one: common random numbers stay in step", async () => {
    const u = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    const inverses: ReadonlyArray<(stream: Stream) => number> = [
      (s) => uniform(s, -1, 1),
      (s) => exponential(s, 2),
      (s) => weibull(s, 0.7, 2),
      (s) => pareto(s, 2, 1),
      (s) => boundedPareto(s, 2, 1, 9),
      (s) => geometric(s, 0.2),
      (s) => choice(s, [1, 2, 3]),
    ]
    await assertProperty(
      fc.property(u, u, fc.constantFrom(...inverses), (a, b, draw) => {
        let taken = 0
        const streamOf = (value: number): Stream => ({
          next: () => {
            taken++
            return value
          },
          state: () => ({ c: 0, s0: 0, s1: 0, s2: 0 }),
        })
        expect(draw(streamOf(Math.min(a, b)))).toBeLessThanOrEqual(draw(streamOf(Math.max(a, b))))
        expect(taken).toBe(2)
      }),
    )
  })

  it("keep nothing outside the stream: a resumed stream draws the same", () => {
    const stream = openStream("variates", "resume", 0)
    const draw = (s: Stream) => [standardNormal(s), gamma(s, 0.3, 1), logNormal(s, 0, 1)]
    draw(stream)
    const resumed = resumeStream(stream.state())
    expect(draw(resumed)).toEqual(draw(stream))
  })
})

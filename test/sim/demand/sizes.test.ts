import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../engine/index.ts"
import {
  azureConversationBounds,
  azureConversationSizes,
} from "../../../sim/demand/azure-conversation.ts"
import { assess, fitMixture } from "../../../sim/demand/fit-mixture.ts"
import {
  EmpiricalSizes,
  fixedSizes,
  logNormalSizes,
  MixtureSizes,
  type SizeMixture,
  type SizeSampler,
} from "../../../sim/demand/sizes.ts"
import { azureConversationTrace, whereThereIsATrace } from "./trace/trace-files.ts"

const drawMany = (sampler: SizeSampler, count: number) => {
  const stream = openStream("sizes", "test", 0)
  const inputTokens = new Int32Array(count)
  const outputTokens = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    sampler.draw(stream)
    inputTokens[i] = sampler.inputTokens
    outputTokens[i] = sampler.outputTokens
  }
  return { inputTokens, outputTokens }
}

const logMoments = ({ inputTokens, outputTokens }: ReturnType<typeof drawMany>) => {
  const xs = Array.from(inputTokens, Math.log)
  const ys = Array.from(outputTokens, Math.log)
  const mean = (values: ReadonlyArray<number>): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  const [mx, my] = [mean(xs), mean(ys)]
  const dx = Math.sqrt(mean(xs.map((x) => (x - mx) * (x - mx))))
  const dy = Math.sqrt(mean(ys.map((y) => (y - my) * (y - my))))
  const covariance = mean(xs.map((x, i) => (x - mx) * (ys[i] - my)))
  return { mx, my, dx, dy, correlation: covariance / (dx * dy) }
}

const wide = { input: [1, 1e6], output: [1, 1e6] } as const

const arbitraryMixture: fc.Arbitrary<SizeMixture> = fc.record({
  components: fc.array(
    fc.record({
      weight: fc.double({ min: 0.1, max: 1, noNaN: true }),
      logInputMean: fc.double({ min: 0, max: 9, noNaN: true }),
      logInputDeviation: fc.double({ min: 0, max: 3, noNaN: true }),
      logOutputMean: fc.double({ min: 0, max: 9, noNaN: true }),
      logOutputDeviation: fc.double({ min: 0, max: 3, noNaN: true }),
      correlation: fc.double({ min: -1, max: 1, noNaN: true }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  bounds: fc.record({
    input: fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 50, max: 5000 })),
    output: fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 50, max: 5000 })),
  }),
})

describe("a mixture", () => {
  it("draws whole numbers within its bounds, the same from the same stream", () => {
    fc.assert(
      fc.property(arbitraryMixture, (mixture) => {
        const drawn = drawMany(new MixtureSizes(mixture), 50)
        const { input, output } = mixture.bounds
        for (const [i, tokens] of drawn.inputTokens.entries()) {
          expect(tokens).toBeGreaterThanOrEqual(input[0])
          expect(tokens).toBeLessThanOrEqual(input[1])
          expect(drawn.outputTokens[i]).toBeGreaterThanOrEqual(output[0])
          expect(drawn.outputTokens[i]).toBeLessThanOrEqual(output[1])
        }
        expect(drawMany(new MixtureSizes(mixture), 50)).toEqual(drawn)
      }),
    )
  })

  it("has the moments it was given, input and output together", () => {
    const component = {
      weight: 1,
      logInputMean: 7,
      logInputDeviation: 0.8,
      logOutputMean: 6,
      logOutputDeviation: 0.5,
      correlation: -0.6,
    }
    const mixture = { components: [component], bounds: wide }
    const moments = logMoments(drawMany(new MixtureSizes(mixture), 100_000))
    expect(moments.mx).toBeCloseTo(7, 1)
    expect(moments.my).toBeCloseTo(6, 1)
    expect(moments.dx).toBeCloseTo(0.8, 1)
    expect(moments.dy).toBeCloseTo(0.5, 1)
    expect(moments.correlation).toBeGreaterThan(-0.62)
    expect(moments.correlation).toBeLessThan(-0.58)
  })

  it("of one component has the medians it was given", () => {
    const { inputTokens, outputTokens } = drawMany(
      new MixtureSizes(logNormalSizes(800, 300, 0.9, wide)),
      50_000,
    )
    expect(inputTokens.sort()[25_000] / 800).toBeCloseTo(1, 1)
    expect(outputTokens.sort()[25_000] / 300).toBeCloseTo(1, 1)
  })

  it("is found again by the fit", { timeout: 120_000 }, () => {
    const truth: SizeMixture = {
      components: [
        {
          weight: 0.7,
          logInputMean: 5,
          logInputDeviation: 0.4,
          logOutputMean: 6,
          logOutputDeviation: 0.3,
          correlation: 0.5,
        },
        {
          weight: 0.3,
          logInputMean: 8,
          logInputDeviation: 0.2,
          logOutputMean: 4,
          logOutputDeviation: 0.2,
          correlation: -0.5,
        },
      ],
      bounds: wide,
    }
    const { mixture, inputDistance, outputDistance } = fitMixture(
      drawMany(new MixtureSizes(truth), 3000),
      2,
    )
    expect(Math.max(inputDistance, outputDistance)).toBeLessThan(0.05)
    for (const [k, component] of truth.components.entries()) {
      const found = mixture.components[k]
      expect(found.weight).toBeCloseTo(component.weight, 1)
      expect(found.logInputMean).toBeCloseTo(component.logInputMean, 1)
      expect(found.logOutputMean).toBeCloseTo(component.logOutputMean, 1)
      expect(found.logInputDeviation).toBeCloseTo(component.logInputDeviation, 1)
      expect(Math.abs(found.correlation - component.correlation)).toBeLessThan(0.1)
    }
  })
})

describe("the mixture fitted to the Azure conversation trace", () => {
  const mixture = { components: azureConversationSizes, bounds: azureConversationBounds }

  it("has the trace's published mean and median sizes, within 5%", () => {
    const { inputTokens, outputTokens } = drawMany(new MixtureSizes(mixture), 100_000)
    const mean = (values: Int32Array): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length
    expect(Math.abs(mean(inputTokens) / 1155 - 1)).toBeLessThan(0.05)
    expect(Math.abs(mean(outputTokens) / 211 - 1)).toBeLessThan(0.05)
    expect(Math.abs(inputTokens.sort()[50_000] / 1020 - 1)).toBeLessThan(0.05)
    expect(Math.abs(outputTokens.sort()[50_000] / 129 - 1)).toBeLessThan(0.05)
  })

  it.skipIf(!whereThereIsATrace(azureConversationTrace))(
    `is within 0.05 of both marginals of ${azureConversationTrace.path} (skipped without it)`,
    async () => {
      const { inputDistance, outputDistance } = assess(await azureConversationTrace.load(), mixture)
      expect(inputDistance).toBeLessThanOrEqual(0.05)
      expect(outputDistance).toBeLessThanOrEqual(0.05)
    },
  )
})

describe("empirical sizes", () => {
  it("are pairs of the trace, each as often as any other", () => {
    const inputs = Int32Array.from({ length: 10 }, (_, i) => 10 + i)
    const outputs = inputs.map((input) => 3 * input)
    const drawn = drawMany(new EmpiricalSizes(inputs, outputs), 20_000)
    expect(drawn.outputTokens).toEqual(drawn.inputTokens.map((input) => 3 * input))
    for (const input of inputs) {
      const count = drawn.inputTokens.filter((value) => value === input).length
      // Binomial(20,000; 0.1): five deviations.
      expect(Math.abs(count - 2000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.1 * 0.9))
    }
  })
})

describe("fixed sizes", () => {
  it("are what they are, and draw nothing", () => {
    const stream = openStream("sizes", "fixed", 0)
    const before = stream.state()
    const sampler = fixedSizes(12, 34)
    sampler.draw(stream)
    expect([sampler.inputTokens, sampler.outputTokens]).toEqual([12, 34])
    expect(stream.state()).toEqual(before)
  })
})

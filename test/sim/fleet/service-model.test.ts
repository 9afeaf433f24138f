import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { devices, findDevice, usableMemoryBytes } from "../../../sim/fleet/devices.ts"
import { findModel, kvBytesPerToken, models } from "../../../sim/fleet/models.ts"
import {
  compileServiceRates,
  contextCapacityTokens,
  decodeStepSeconds,
  decodeTokensPerSecond,
  largestBatch,
  prefillSeconds,
  setUpSeconds,
  slotsAtFloor,
  type Deployment,
} from "../../../sim/fleet/service-model.ts"

const deploy = (deviceName: string, modelName: string, quantisation: "q4" | "f16"): Deployment => {
  const device = findDevice(deviceName)
  const model = findModel(modelName)
  if (device === undefined || model === undefined) throw new Error(`${deviceName}, ${modelName}`)
  return { device, model, quantisation }
}

const arbitraryDeployment: fc.Arbitrary<Deployment> = fc.record({
  device: fc.constantFrom(...devices),
  model: fc.constantFrom(...models),
  quantisation: fc.constantFrom("q4" as const, "f16" as const),
})
const arbitraryStreams = fc.integer({ min: 1, max: 256 })
const arbitraryContext = fc.integer({ min: 1, max: 32_000 })

const rate = (deployment: Deployment, streams: number, contextEach: number): number =>
  1 / decodeStepSeconds(deployment, streams, streams * contextEach)

describe("a decode step", () => {
  it("is the formula, worked by hand, where reading binds", () => {
    // RTX 3090, Llama-3-8B q4, 4 streams of 1,000 tokens; constants of calibration.ts.
    const weights = 4.58 * 2 ** 30
    const reading = (weights + 4000 * 131_072) / (0.9861 * 936e9)
    const t0 = 75.76e-6 * 32 + (6.848 * 2 * 8.03e9) / 142e12
    const step = decodeStepSeconds(deploy("RTX 3090", "llama-3-8b", "q4"), 4, 4000)
    expect(step).toBeCloseTo(reading + t0, 12)
  })

  it("is bound by arithmetic when many streams share one read of the weights", () => {
    const deployment = deploy("RTX 3060 12GB", "llama-3-8b", "q4")
    const prompt = prefillSeconds(deployment, 1)
    expect(decodeStepSeconds(deployment, 200, 200)).toBeCloseTo(200 * prompt, 12)
  })

  it("predicts the measured single-stream rates within the stated largest error", () => {
    const measured: ReadonlyArray<readonly [string, "q4" | "f16", number, number]> = [
      ["RTX 4090", "q4", 127.74, 0.105],
      ["RTX 4090", "f16", 54.34, 0.105],
      ["RTX 3070 8GB", "q4", 70.94, 0.105],
      ["L40S", "q4", 113.6, 0.105],
      ["A100 PCIe 80GB", "f16", 54.56, 0.117],
      ["H100 PCIe", "q4", 144.49, 0.117],
      ["Apple M2 Ultra 76c", "q4", 76.28, 0.166],
      ["Apple M3 Max 40c", "f16", 22.39, 0.166],
    ]
    for (const [device, quantisation, rateMeasured, error] of measured) {
      const deployment = deploy(device, "llama-3-8b", quantisation)
      const predicted = rate(deployment, 1, 512)
      expect(Math.abs(rateMeasured / predicted - 1), `${device}`).toBeLessThanOrEqual(error)
    }
  })

  it("gives each stream less, and all together no less, the more streams there are", () => {
    fc.assert(
      fc.property(
        arbitraryDeployment,
        arbitraryStreams,
        arbitraryContext,
        (deployment, b, context) => {
          const now = rate(deployment, b, context)
          const then = rate(deployment, b + 1, context)
          expect(then).toBeLessThan(now)
          expect((b + 1) * then).toBeGreaterThanOrEqual(b * now * (1 - 1e-12))
        },
      ),
    )
  })

  it("slows down with context, or stays where arithmetic binds", () => {
    fc.assert(
      fc.property(
        arbitraryDeployment,
        arbitraryStreams,
        arbitraryContext,
        (deployment, b, context) => {
          const shorter = decodeStepSeconds(deployment, b, context)
          const longer = decodeStepSeconds(deployment, b, context + 1000)
          expect(longer).toBeGreaterThanOrEqual(shorter)
          const arithmetic = b * prefillSeconds(deployment, 1)
          expect(longer > shorter || shorter === arithmetic).toBe(true)
        },
      ),
    )
  })
})

describe("a mixture of experts", () => {
  it("reads its active share for one stream, and nearly everything for many", () => {
    const deployment = deploy("H200 SXM", "mixtral-8x7b", "f16")
    const dense: Deployment = {
      ...deployment,
      model: { ...deployment.model, experts: null },
    }
    const thin: Deployment = {
      ...dense,
      model: { ...dense.model, parameters: 12.9e9, weightBytes: { q4: 0, f16: 12.9e9 * 2 } },
    }
    expect(decodeStepSeconds(deployment, 1, 0)).toBeCloseTo(decodeStepSeconds(thin, 1, 0), 12)
    const ratio = decodeStepSeconds(deployment, 32, 0) / decodeStepSeconds(dense, 32, 0)
    expect(ratio).toBeGreaterThan(0.99)
    expect(ratio).toBeLessThan(1)
  })
})

describe("memory", () => {
  it("holds KV bytes a token of layers · KV heads · head dimension · 2 · 2", () => {
    const bytes = Object.fromEntries(models.map((model) => [model.name, kvBytesPerToken(model)]))
    expect(bytes).toEqual({
      "llama-3.2-3b": 114_688,
      "llama-3-8b": 131_072,
      "qwen3-30b-a3b": 98_304,
      "qwen3-32b": 262_144,
      "mixtral-8x7b": 131_072,
      "llama-3-70b": 327_680,
    })
  })

  it("bounds the batch: weights and contexts fit, and one token more would not", () => {
    fc.assert(
      fc.property(arbitraryDeployment, arbitraryContext, (deployment, context) => {
        const { device, model, quantisation } = deployment
        const capacity = contextCapacityTokens(deployment)
        const bytes = (tokens: number): number =>
          model.weightBytes[quantisation] + tokens * kvBytesPerToken(model)
        expect(bytes(capacity + 1)).toBeGreaterThan(usableMemoryBytes(device))
        expect(capacity === 0 || bytes(capacity) <= usableMemoryBytes(device)).toBe(true)
        expect(largestBatch(deployment, context)).toBe(Math.floor(capacity / context))
      }),
    )
  })

  it("is too small for a model larger than it", () => {
    expect(contextCapacityTokens(deploy("RTX 4090", "llama-3-70b", "q4"))).toBe(0)
    expect(largestBatch(deploy("RTX 3060 12GB", "llama-3-8b", "f16"), 1)).toBe(0)
    expect(contextCapacityTokens(deploy("H200 SXM", "llama-3-70b", "q4"))).toBeGreaterThan(200_000)
  })
})

describe("slots at a floor", () => {
  it("are the most at which every stream gets the floor", () => {
    fc.assert(
      fc.property(
        arbitraryDeployment,
        fc.double({ min: 0.5, max: 100, noNaN: true }),
        arbitraryContext,
        (deployment, floor, context) => {
          const slots = slotsAtFloor(deployment, floor, context)
          const most = largestBatch(deployment, context)
          expect(slots).toBeLessThanOrEqual(most)
          expect(slots === 0 || rate(deployment, slots, context) >= floor).toBe(true)
          expect(slots === most || rate(deployment, slots + 1, context) < floor).toBe(true)
        },
      ),
    )
  })
})

describe("set-up", () => {
  it("takes the weights over the storage bandwidth", () => {
    const seconds = setUpSeconds(deploy("RTX 4090", "llama-3-8b", "q4"))
    expect(seconds).toBeCloseTo((4.58 * 2 ** 30) / 2e9, 9)
  })
})

describe("compiled rates", () => {
  it("say the same as the model", () => {
    fc.assert(
      fc.property(
        arbitraryDeployment,
        fc.integer({ min: 1, max: 64 }),
        arbitraryContext,
        (deployment, b, context) => {
          const rates = compileServiceRates(deployment, 64)
          const compiled = decodeTokensPerSecond(rates, b, b * context)
          expect(compiled / rate(deployment, b, context)).toBeCloseTo(1, 12)
          const prompt = prefillSeconds(deployment, context) * 1e6
          expect((rates.prefillMicrosPerToken * context) / prompt).toBeCloseTo(1, 12)
          expect(rates.contextCapacityTokens).toBe(contextCapacityTokens(deployment))
        },
      ),
    )
  })
})

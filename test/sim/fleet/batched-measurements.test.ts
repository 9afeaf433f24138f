import { describe, expect, it } from "vitest"
import {
  batchedError,
  batchedMeasurements,
  predictBatched,
} from "../../../sim/fleet/batched-measurements.ts"
import { decodeStepSeconds, prefillSeconds } from "../../../sim/fleet/service-model.ts"

describe("published batched decoding", () => {
  it("is predicted by the model that is simulated, step by step", () => {
    for (const row of batchedMeasurements) {
      const deployment = { device: row.device, model: row.model, quantisation: "f16" as const }
      const stepAt = (token: number) =>
        decodeStepSeconds(deployment, row.streams, row.streams * (row.inputTokens + token))
      if (row.kind === "step") {
        expect(predictBatched(row) / (1000 * stepAt(row.outputTokens / 2))).toBeCloseTo(1, 9)
        continue
      }
      let seconds = prefillSeconds(deployment, row.streams * row.inputTokens)
      for (let token = 1; token < row.outputTokens; token++) seconds += stepAt(token)
      const rate = (row.streams * row.outputTokens) / seconds
      // Where the step changes its bound while contexts grow, the mean context is off a little.
      expect(predictBatched(row) / rate).toBeCloseTo(1, 1)
    }
  })

  it("counts a model that is twice as fast as the device as an error above 0, whatever the kind", () => {
    for (const row of batchedMeasurements) {
      const slower = row.kind === "step" ? 2 : 0.5
      const exact = { ...row, value: predictBatched(row) }
      expect(batchedError(exact)).toBeCloseTo(0, 12)
      expect(batchedError({ ...exact, value: exact.value * slower })).toBeCloseTo(1, 12)
    }
  })

  it("is off by less than docs/fidelity.md says", () => {
    const mean = (memory: string): number => {
      const errors = batchedMeasurements
        .filter(({ device }) => device.memory === memory)
        .map((row) => Math.abs(batchedError(row)))
      return errors.reduce((sum, error) => sum + error, 0) / errors.length
    }
    expect(mean("gddr")).toBeLessThan(0.12)
    expect(mean("hbm")).toBeLessThan(0.34)
  })
})

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { calibrations } from "../../../sim/fleet/calibration.ts"
import type { MemoryKind } from "../../../sim/fleet/devices.ts"
import { fitConstants } from "../../../sim/fleet/fit-constants.ts"
import {
  singleStreamMeasurements,
  type SingleStreamMeasurement,
} from "../../../sim/fleet/measurements.ts"

const kinds: ReadonlyArray<MemoryKind> = ["gddr", "hbm", "apple"]

describe("the fit", () => {
  it.each(kinds)("of %s is what calibration.ts says", (memory) => {
    const { constants, decode, prefill } = fitConstants(memory, singleStreamMeasurements)
    const written = calibrations[memory]
    expect(written.bandwidthEfficiency).toBeCloseTo(constants.bandwidthEfficiency, 3)
    expect(written.layerOverheadMicros).toBeCloseTo(constants.layerOverheadMicros, 1)
    expect(written.exposedArithmetic / constants.exposedArithmetic).toBeCloseTo(1, 3)
    expect(written.prefillUtilisation.q4).toBeCloseTo(constants.prefillUtilisation.q4, 3)
    expect(written.prefillUtilisation.f16).toBeCloseTo(constants.prefillUtilisation.f16, 3)
    expect(written.prefillSecondsPerTera).toBeCloseTo(constants.prefillSecondsPerTera, 5)
    for (const [fitted, stated] of [
      [decode, written.decodeErrors],
      [prefill, written.prefillErrors],
    ] as const) {
      expect(stated.points).toBe(fitted.points)
      expect(stated.mean).toBeCloseTo(fitted.mean, 3)
      expect(stated.max).toBeCloseTo(fitted.max, 3)
      expect(stated.leaveOneOutMean).toBeCloseTo(fitted.leaveOneOutMean, 3)
    }
  })

  it("has the errors it is trusted for", () => {
    const mean = (memory: MemoryKind): number => calibrations[memory].decodeErrors.mean
    expect(mean("gddr")).toBeLessThanOrEqual(0.045)
    expect(mean("hbm")).toBeLessThanOrEqual(0.057)
    expect(mean("apple")).toBeLessThanOrEqual(0.11)
  })

  it("does not depend on the order of the rows", () => {
    const reversed = [...singleStreamMeasurements].reverse()
    for (const memory of kinds) {
      const one = fitConstants(memory, singleStreamMeasurements)
      const other = fitConstants(memory, reversed)
      expect(other.decode.mean).toBeCloseTo(one.decode.mean, 9)
      expect(other.constants.exposedArithmetic).toBeCloseTo(one.constants.exposedArithmetic, 6)
    }
  })

  it("finds the constants that made the rates, when rates follow the model exactly", () => {
    const share = fc.double({ min: 0.2, max: 0.95, noNaN: true })
    fc.assert(
      fc.property(
        share,
        fc.double({ min: 10, max: 200, noNaN: true }),
        fc.double({ min: 1, max: 30, noNaN: true }),
        share,
        share,
        fc.double({ min: 1e-3, max: 1e-2, noNaN: true }),
        (e, layerMicros, c, q4, f16, secondsPerTera) => {
          const made = singleStreamMeasurements
            .filter(({ memory }) => memory === "gddr")
            .map((row): SingleStreamMeasurement => {
              const gib = { q4: 4.58, f16: 14.96 }
              const ideal = (2 * 8.03e9) / (row.fp16DenseTflops * 1e12)
              const decode = (quantisation: "q4" | "f16"): number =>
                1 /
                ((gib[quantisation] * 2 ** 30 + 512 * 131_072) / (e * row.bandwidthGbs * 1e9) +
                  layerMicros * 1e-6 * 32 +
                  c * ideal)
              const prefill = (m: number): number =>
                1 / (ideal / m + ((2 * 8.03e9) / 1e12) * secondsPerTera)
              return {
                ...row,
                decodeTokensPerSecond: { q4: decode("q4"), f16: decode("f16") },
                prefillTokensPerSecond: { q4: prefill(q4), f16: prefill(f16) },
              }
            })
          const { constants, decode, prefill } = fitConstants("gddr", made)
          expect(constants.bandwidthEfficiency).toBeCloseTo(e, 5)
          expect(constants.layerOverheadMicros / layerMicros).toBeCloseTo(1, 4)
          expect(constants.exposedArithmetic / c).toBeCloseTo(1, 4)
          expect(constants.prefillUtilisation.q4).toBeCloseTo(q4, 5)
          expect(constants.prefillUtilisation.f16).toBeCloseTo(f16, 5)
          expect(constants.prefillSecondsPerTera / secondsPerTera).toBeCloseTo(1, 4)
          expect(decode.leaveOneOutMean).toBeLessThan(1e-6)
          expect(prefill.max).toBeLessThan(1e-6)
        },
      ),
      // A fit with its leave-one-out takes a tenth of a second; a few are enough to trust algebra.
      { numRuns: 20 },
    )
  })
})

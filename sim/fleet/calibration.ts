/**
 * The service model's constants, fitted by memory kind. `fit.ts` computes them from
 * `measurements.ts`; `fit.ts --check` fails where this file says otherwise.
 *
 * What they are worth. Devices of one kind share one set, so a device's own error is the
 * leave-one-out figure, not the in-sample one. The measurements are single-stream, of llama.cpp in
 * May 2024, on one 8-billion-parameter model; HBM rests on three devices (two of them A100), Apple
 * on four. Never fitted and predicted from the same constants: LLaMA 13B to 65B on five GDDR
 * devices, and Llama-3-70B on Apple devices (`fit.ts` prints the errors). Later software on HBM
 * devices is faster than this.
 */
import type { MemoryKind } from "./devices.ts"
import type { FitErrors, FittedConstants } from "./fit-constants.ts"

export interface Calibration extends FittedConstants {
  readonly decodeErrors: FitErrors
  readonly prefillErrors: FitErrors
}

export const calibrations: Readonly<Record<MemoryKind, Calibration>> = {
  gddr: {
    bandwidthEfficiency: 0.9861,
    layerOverheadMicros: 75.76,
    exposedArithmetic: 6.848,
    prefillUtilisation: { q4: 0.5183, f16: 0.6745 },
    prefillSecondsPerTera: 0.004775,
    decodeErrors: { points: 22, mean: 0.044, max: 0.105, leaveOneOutMean: 0.052 },
    prefillErrors: { points: 21, mean: 0.105, max: 0.258, leaveOneOutMean: 0.132 },
  },
  hbm: {
    bandwidthEfficiency: 0.5556,
    layerOverheadMicros: 48.65,
    exposedArithmetic: 28.99,
    prefillUtilisation: { q4: 0.5399, f16: 1 },
    prefillSecondsPerTera: 0.005015,
    decodeErrors: { points: 6, mean: 0.054, max: 0.116, leaveOneOutMean: 0.099 },
    prefillErrors: { points: 5, mean: 0.037, max: 0.075, leaveOneOutMean: 0.051 },
  },
  apple: {
    bandwidthEfficiency: 1,
    layerOverheadMicros: 114.1,
    exposedArithmetic: 11.47,
    prefillUtilisation: { q4: 0.2963, f16: 0.359 },
    prefillSecondsPerTera: 0,
    decodeErrors: { points: 7, mean: 0.079, max: 0.165, leaveOneOutMean: 0.128 },
    prefillErrors: { points: 7, mean: 0.107, max: 0.238, leaveOneOutMean: 0.146 },
  },
}

/**
 * What the service model is worth on a device that its fit never saw: k-fold cross-validation with
 * whole devices held out (Stone, "Cross-validatory choice and assessment of statistical predictions",
 * JRSS B 36, 1974), and intervals by resampling devices (the cluster bootstrap: Davison and Hinkley,
 * "Bootstrap methods and their application", 1997, section 3.8), since the figures of one device err
 * together. With three or four devices such an interval is rough, and rather too narrow.
 */
import { Array as Arrays } from "effect"
import { drawBelow, openStream } from "../../engine/index.ts"
import type { Stream } from "../../engine/index.ts"
import type { MemoryKind } from "./devices.ts"
import { constantsFrom, errorsOnUnseen } from "./fit-constants.ts"
import type { DeviceError, FittedConstants, Phases } from "./fit-constants.ts"
import type { SingleStreamMeasurement } from "./measurements.ts"

/** 95%: between the 2.5th and the 97.5th percentile of the resampled values. */
export interface Range95 {
  readonly low: number
  readonly high: number
}

export interface HeldOutErrors {
  readonly devices: number
  readonly points: number
  /** Mean of |predicted ÷ measured − 1|, of rates. */
  readonly mean: number
  readonly meanRange: Range95
  /** Mean of predicted ÷ measured − 1: above 0 where the model is too fast. */
  readonly bias: number
  readonly biasRange: Range95
}

export interface HoldOut extends Phases<HeldOutErrors> {
  readonly memory: MemoryKind
  /** The devices of each fold. */
  readonly folds: ReadonlyArray<ReadonlyArray<string>>
}

const MOST_FOLDS = 5
const RESAMPLES = 4000
const CONSTANTS_RESAMPLES = 500

/** The devices in `MOST_FOLDS` folds, or one for each device where there are fewer, drawn by `seed`. */
export const foldsOf = (
  devices: ReadonlyArray<string>,
  seed: string,
): ReadonlyArray<ReadonlyArray<string>> => {
  const stream = openStream(seed, "folds", devices.length)
  const order = [...devices]
  // Fisher and Yates.
  for (let i = order.length - 1; i > 0; i--) {
    const j = drawBelow(stream, i + 1)
    const moved = order[i]
    order[i] = order[j]
    order[j] = moved
  }
  const count = Math.min(MOST_FOLDS, devices.length)
  return Arrays.makeBy(count, (fold) => order.filter((_name, i) => i % count === fold))
}

/** Every device's errors, predicted by a fit without its fold. Cost: a fit for each fold. */
export const holdOut = (
  memory: MemoryKind,
  measurements: ReadonlyArray<SingleStreamMeasurement>,
  seed: string,
): HoldOut => {
  const own = measurements.filter((row) => row.memory === memory)
  const folds = foldsOf(
    own.map(({ device }) => device),
    seed,
  )
  const errors = folds.map((fold) =>
    errorsOnUnseen(
      memory,
      own.filter(({ device }) => !fold.includes(device)),
      own.filter(({ device }) => fold.includes(device)),
    ),
  )
  return {
    memory,
    folds,
    decode: summarise(
      errors.flatMap(({ decode }) => decode),
      seed,
    ),
    prefill: summarise(
      errors.flatMap(({ prefill }) => prefill),
      seed,
    ),
  }
}

/** Means over all points, with their intervals over devices. */
export const summarise = (errors: ReadonlyArray<DeviceError>, seed: string): HeldOutErrors => {
  const clusters = Object.values(Arrays.groupBy(errors, ({ device }) => device)).map((own) =>
    own.map(({ error }) => error),
  )
  const stream = openStream(seed, "hold-out", errors.length)
  const resampled = Arrays.makeBy(RESAMPLES, () => resample(clusters, stream).flat())
  const all = clusters.flat()
  return {
    devices: clusters.length,
    points: all.length,
    mean: meanSize(all),
    meanRange: range95(resampled.map(meanSize)),
    bias: mean(all),
    biasRange: range95(resampled.map(mean)),
  }
}

/** Each constant of a fit, by its dotted name, as numbers that can be summed up. */
export const namedConstants = (constants: FittedConstants): ReadonlyMap<string, number> =>
  new Map([
    ["bandwidthEfficiency", constants.bandwidthEfficiency],
    ["layerOverheadMicros", constants.layerOverheadMicros],
    ["exposedArithmetic", constants.exposedArithmetic],
    ["prefillUtilisation.q4", constants.prefillUtilisation.q4],
    ["prefillUtilisation.f16", constants.prefillUtilisation.f16],
    ["prefillSecondsPerTera", constants.prefillSecondsPerTera],
  ])

/** Intervals for the constants: fitted again to devices drawn with replacement. Takes seconds. */
export const constantRanges = (
  memory: MemoryKind,
  measurements: ReadonlyArray<SingleStreamMeasurement>,
  seed: string,
): ReadonlyMap<string, Range95> => {
  const own = measurements.filter((row) => row.memory === memory)
  const stream = openStream(seed, "constants", memory)
  const drawn = Arrays.makeBy(CONSTANTS_RESAMPLES, () =>
    namedConstants(constantsFrom(memory, resample(own, stream))),
  )
  return new Map(
    [...namedConstants(constantsFrom(memory, own)).keys()].map((name) => [
      name,
      range95(drawn.map((constants) => constants.get(name) ?? NaN)),
    ]),
  )
}

const resample = <A>(items: ReadonlyArray<A>, stream: Stream): ReadonlyArray<A> =>
  items.map(() => items[drawBelow(stream, items.length)])

/** The 2.5th and 97.5th percentile, by rank. */
const range95 = (values: ReadonlyArray<number>): Range95 => {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return { low: at(0.025), high: at(0.975) }
}

const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

const meanSize = (values: ReadonlyArray<number>): number => mean(values.map(Math.abs))

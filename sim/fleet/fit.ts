/**
 * The kept script behind calibration.ts. Prints the fitted constants by memory kind with their
 * intervals; their errors in sample, leave-one-out and in k folds with whole devices held out; and the
 * errors on larger models and on batched decoding, neither of which was ever fitted.
 *
 *   fit.ts                    from the measurements in measurements.ts
 *   fit.ts rates.csv          from a file of your own, same columns as the header below
 *   fit.ts --check            exits with 1 where calibration.ts differs from the fit
 */
import { FileSystem } from "@effect/platform"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Array as Arrays, Console, Data, Effect } from "effect"
import { calibrations } from "./calibration.ts"
import { batchedError, batchedMeasurements, predictBatched } from "./batched-measurements.ts"
import type { MemoryKind } from "./devices.ts"
import { fitConstants, type Fit, type FitErrors } from "./fit-constants.ts"
import { constantRanges, holdOut, namedConstants, summarise } from "./hold-out.ts"
import type { HeldOutErrors, Range95 } from "./hold-out.ts"
import {
  largerModelMeasurements,
  singleStreamMeasurements,
  type SingleStreamMeasurement,
} from "./measurements.ts"

const HEADER =
  "device,memory_bandwidth_gbs,fp16_dense_tflops,decode_q4_tok_s,decode_f16_tok_s,prefill_q4_tok_s,prefill_f16_tok_s"

class MeasurementFileError extends Data.TaggedError("MeasurementFileError")<{
  readonly message: string
}> {}

class CalibrationDiffers extends Data.TaggedError("CalibrationDiffers")<{
  readonly message: string
}> {}

const memoryKinds: ReadonlyArray<MemoryKind> = ["gddr", "hbm", "apple"]

const program = Effect.gen(function* () {
  const args = process.argv.slice(2)
  const file = args.find((arg) => !arg.startsWith("--"))
  const measurements = file === undefined ? singleStreamMeasurements : yield* readMeasurements(file)
  const fits = memoryKinds.map((memory) => fitConstants(memory, measurements))
  yield* Console.log(
    [
      ...fits.map((fit) => describeFit(fit, measurements)),
      describeLargerModels(fits),
      describeBatched(),
    ].join("\n\n"),
  )
  if (args.includes("--check")) yield* check(fits)
})

/** Reads a file with the header above; an empty field is a missing value. */
const readMeasurements = (path: string) =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const text = yield* fileSystem.readFileString(path)
    const [header, ...lines] = text.split(/\r?\n/)
    if (header !== HEADER) {
      return yield* new MeasurementFileError({
        message: `${path}, line 1: the header is "${header}", allowed is "${HEADER}"`,
      })
    }
    const rows: Array<SingleStreamMeasurement> = []
    for (const [index, line] of lines.entries()) {
      if (line === "") continue
      const row = parseRow(line)
      if (row === null) {
        return yield* new MeasurementFileError({
          message:
            `${path}, line ${index + 2}: found "${line}", allowed is a device name, two positive ` +
            "numbers, then four numbers that are positive or empty",
        })
      }
      rows.push(row)
    }
    return rows
  })

const parseRow = (line: string): SingleStreamMeasurement | null => {
  const [device, ...fields] = line.split(",")
  const numbers = fields.map((field) => (field === "" ? null : Number(field)))
  if (numbers.length !== 6 || numbers.some((value) => value !== null && !(value > 0))) return null
  const [bandwidthGbs, fp16DenseTflops, decodeQ4, decodeF16, prefillQ4, prefillF16] = numbers
  if (bandwidthGbs === null || fp16DenseTflops === null) return null
  return {
    device,
    memory: memoryOf(device),
    bandwidthGbs,
    fp16DenseTflops,
    decodeTokensPerSecond: { q4: decodeQ4, f16: decodeF16 },
    prefillTokensPerSecond: { q4: prefillQ4, f16: prefillF16 },
  }
}

/** Apple's names start with M and a digit; these accelerators have HBM; all others have GDDR. */
const memoryOf = (device: string): MemoryKind => {
  if (/^(Apple )?M\d( |$|[A-Z])/.test(device)) return "apple"
  return /^(A100|H100|H200|B200|MI\d)/.test(device) ? "hbm" : "gddr"
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`

const describeErrors = (name: string, errors: FitErrors): string =>
  `  ${name} (${errors.points} points): mean ${percent(errors.mean)}, max ${percent(errors.max)}, ` +
  `leave-one-device-out mean ${percent(errors.leaveOneOutMean)}`

/** What the folds and the intervals are drawn from. */
const SEED = "fit"

const constantNames: Readonly<Record<string, string>> = {
  bandwidthEfficiency: "e (bandwidth efficiency)",
  layerOverheadMicros: "tau (microseconds a layer)",
  exposedArithmetic: "c (exposed arithmetic, of 2P/F)",
  "prefillUtilisation.q4": "m (prefill utilisation) q4",
  "prefillUtilisation.f16": "m (prefill utilisation) f16",
  prefillSecondsPerTera: "1/G (seconds per 10^12)",
}

const describeFit = (
  { memory, constants, decode, prefill }: Fit,
  measurements: ReadonlyArray<SingleStreamMeasurement>,
): string => {
  const ranges = constantRanges(memory, measurements, SEED)
  const held = holdOut(memory, measurements, SEED)
  return [
    memory,
    ...[...namedConstants(constants)].map(([name, value]) => {
      const range = ranges.get(name)
      const text = range === undefined ? "" : `${digits(range.low)} to ${digits(range.high)}`
      return `  ${(constantNames[name] ?? name).padEnd(32)} ${String(digits(value)).padEnd(9)} 95%: ${text}`
    }),
    describeErrors("decode", decode),
    describeErrors("prefill", prefill),
    `  held out, seed "${SEED}", ${held.folds.length} folds: ${held.folds.map((fold) => fold.join(" + ")).join(" | ")}`,
    describeHeldOut("decode", held.decode),
    describeHeldOut("prefill", held.prefill),
  ].join("\n")
}

const describeHeldOut = (name: string, errors: HeldOutErrors): string =>
  `    ${name} (${errors.points} points of ${errors.devices} devices): ` +
  `mean ${percent(errors.mean)} (95%: ${rangeText(errors.meanRange)}), ` +
  `predicted against measured ${signed(errors.bias)} (95%: ${signed(errors.biasRange.low)} to ${signed(errors.biasRange.high)})`

const rangeText = ({ low, high }: Range95): string => `${percent(low)} to ${percent(high)}`

const signed = (share: number): string => `${share < 0 ? "" : "+"}${percent(share)}`

/** calibration.ts holds four significant digits: far finer than the errors. */
const digits = (value: number): number => Number(value.toPrecision(4))

const describeLargerModels = (fits: ReadonlyArray<Fit>): string => {
  const lines = largerModelMeasurements.flatMap((row) => {
    const device = singleStreamMeasurements.find(({ device: name }) => name === row.device)
    const fit = fits.find(({ memory }) => memory === device?.memory)
    if (device === undefined || fit === undefined) return []
    const { bandwidthEfficiency, layerOverheadMicros, exposedArithmetic } = fit.constants
    const seconds =
      (row.weightBytes + row.contextTokens * row.kvBytesPerToken) /
        (bandwidthEfficiency * device.bandwidthGbs * 1e9) +
      layerOverheadMicros * 1e-6 * row.layers +
      (exposedArithmetic * 2 * row.parameters) / (device.fp16DenseTflops * 1e12)
    const error = 1 / (row.decodeTokensPerSecond * seconds) - 1
    return [{ memory: fit.memory, error, text: describePrediction(row, 1 / seconds, error) }]
  })
  const summaries = memoryKinds.flatMap((memory) => {
    const errors = lines
      .filter((line) => line.memory === memory)
      .map(({ error }) => Math.abs(error))
    if (errors.length === 0) return []
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
    return [`  ${memory}: mean error ${percent(mean)} over ${errors.length}`]
  })
  return [
    "larger models, predicted and never fitted (tokens a second; predicted against measured)",
    ...lines.map(({ text }) => text),
    ...summaries,
  ].join("\n")
}

/** Of the constants in calibration.ts, whatever was fitted just now: they are what is simulated. */
const describeBatched = (): string => {
  const lines = batchedMeasurements.map((row) => {
    const unit = row.kind === "step" ? "ms a token" : "tokens a second"
    return (
      `  ${row.device.name.padEnd(13)} ${row.model.name.padEnd(15)} ${String(row.streams).padStart(3)} streams  ` +
      `measured ${row.value}, predicted ${predictBatched(row).toPrecision(4)} ${unit} (${signed(batchedError(row))})`
    )
  })
  const kinds = Object.entries(Arrays.groupBy(batchedMeasurements, ({ device }) => device.memory))
  const summaries = kinds.map(([memory, rows]) => {
    const errors = rows.map((row) => ({ device: row.device.name, error: batchedError(row) }))
    return describeHeldOut(memory, summarise(errors, SEED))
  })
  const sources = [...new Set(batchedMeasurements.map(({ source }) => source))]
  return [
    "batched decoding, f16, predicted and never fitted (predicted against measured rate)",
    ...lines,
    ...summaries,
    ...sources.map((source) => `  source: ${source}`),
  ].join("\n")
}

const describePrediction = (
  row: {
    readonly device: string
    readonly parameters: number
    readonly decodeTokensPerSecond: number
  },
  predicted: number,
  error: number,
): string =>
  `  ${row.device.padEnd(13)} ${(row.parameters / 1e9).toFixed(1)}B  ` +
  `measured ${row.decodeTokensPerSecond.toFixed(2)}, predicted ${predicted.toFixed(2)} ` +
  `(${error < 0 ? "" : "+"}${percent(error)})`

const check = (fits: ReadonlyArray<Fit>) => {
  const differences = fits.flatMap((fit) => {
    const fitted = flatten(fit)
    const written = flatten(writtenFit(fit.memory))
    return fitted.flatMap(([name, value], i) =>
      value === written[i][1]
        ? []
        : [`${fit.memory}.${name}: the fit gives ${value}, calibration.ts says ${written[i][1]}`],
    )
  })
  return differences.length === 0
    ? Console.log("\ncalibration.ts agrees with the fit")
    : Effect.fail(new CalibrationDiffers({ message: differences.join("\n") }))
}

const writtenFit = (memory: MemoryKind): Fit => {
  const { decodeErrors, prefillErrors, ...constants } = calibrations[memory]
  return { memory, constants, decode: decodeErrors, prefill: prefillErrors }
}

const flatten = ({ constants, decode, prefill }: Fit): ReadonlyArray<readonly [string, number]> => [
  ["bandwidthEfficiency", digits(constants.bandwidthEfficiency)],
  ["layerOverheadMicros", digits(constants.layerOverheadMicros)],
  ["exposedArithmetic", digits(constants.exposedArithmetic)],
  ["prefillUtilisation.q4", digits(constants.prefillUtilisation.q4)],
  ["prefillUtilisation.f16", digits(constants.prefillUtilisation.f16)],
  ["prefillSecondsPerTera", digits(constants.prefillSecondsPerTera)],
  ...flattenErrors("decode", decode),
  ...flattenErrors("prefill", prefill),
]

const flattenErrors = (
  name: string,
  errors: FitErrors,
): ReadonlyArray<readonly [string, number]> => [
  [`${name}.points`, errors.points],
  [`${name}.mean`, thousandths(errors.mean)],
  [`${name}.max`, thousandths(errors.max)],
  [`${name}.leaveOneOutMean`, thousandths(errors.leaveOneOutMean)],
]

const thousandths = (share: number): number => Math.round(share * 1000) / 1000

program.pipe(Effect.provide(NodeContext.layer), NodeRuntime.runMain)

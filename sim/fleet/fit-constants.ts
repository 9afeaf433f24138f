/**
 * Fits the service model's constants, one memory kind at a time, to single-stream measurements.
 *
 * Both times are sums of non-negative terms with one unknown coefficient each:
 *   seconds a decoded token = (1/e) · (W + KV · context) / BW  +  τ · layers  +  c · 2P/F
 *   seconds a prompt token  = (1/m_q) · 2P/F  +  2P/G
 * (see service-model.ts for what they mean). The fit minimises Σ (predicted/measured − 1)² over
 * the rates, by Gauss–Newton from the linear solution. Bounds 1/e ≥ 1 and 1/m ≥ 1 (no device beats
 * its peak) and all others ≥ 0 are met by trying every set of coefficients pinned at their bound
 * and keeping the best feasible one. Nothing is drawn at random: the same rows give the same bits.
 */
import type { MemoryKind } from "./devices.ts"
import { leastSquares } from "./least-squares.ts"
import { MEASURED_CONTEXT_TOKENS, type SingleStreamMeasurement } from "./measurements.ts"
import { findModel, kvBytesPerToken, type Model, type Quantisation } from "./models.ts"

export interface FittedConstants {
  /** e: the share of the peak bandwidth that decoding reaches. */
  readonly bandwidthEfficiency: number
  /** τ: fixed time a layer takes in each step. */
  readonly layerOverheadMicros: number
  /** c: arithmetic paid in each step and not hidden behind memory reads, in units of 2P/F. */
  readonly exposedArithmetic: number
  /** m: the share of the peak arithmetic that prefill would reach if G were infinite. */
  readonly prefillUtilisation: Readonly<Record<Quantisation, number>>
  /** 1/G, in seconds per 10^12 operations: work that does not speed up with the peak. */
  readonly prefillSecondsPerTera: number
}

/** Relative errors of predicted rates, as shares: |predicted/measured − 1|. */
export interface FitErrors {
  readonly points: number
  readonly mean: number
  readonly max: number
  /** Mean error on a device when the fit did not see that device. */
  readonly leaveOneOutMean: number
}

export interface Fit {
  readonly memory: MemoryKind
  readonly constants: FittedConstants
  readonly decode: FitErrors
  readonly prefill: FitErrors
}

interface Row {
  readonly device: string
  /** Regressors, each in seconds. */
  readonly terms: ReadonlyArray<number>
  /** Measured seconds a token. */
  readonly seconds: number
}

const quantisations: ReadonlyArray<Quantisation> = ["q4", "f16"]

const measuredModel = (): Model => {
  const model = findModel("llama-3-8b")
  if (model === undefined) throw new Error("the catalogue has lost the model of the measurements")
  return model
}

/** Fits one memory kind. Cost: a few thousand small solves. */
export const fitConstants = (
  memory: MemoryKind,
  measurements: ReadonlyArray<SingleStreamMeasurement>,
): Fit => {
  const rows = rowsOf(memory, measurements)
  const coefficients = coefficientsOf(rows)
  return {
    memory,
    constants: constantsOf(coefficients),
    decode: errorsOf(rows.decode, DECODE_BOUNDS, coefficients.decode),
    prefill: errorsOf(rows.prefill, PREFILL_BOUNDS, coefficients.prefill),
  }
}

/** The constants alone, without their errors. A device that is listed twice counts twice. */
export const constantsFrom = (
  memory: MemoryKind,
  measurements: ReadonlyArray<SingleStreamMeasurement>,
): FittedConstants => constantsOf(coefficientsOf(rowsOf(memory, measurements)))

/** The error of one predicted rate, as a share: predicted ÷ measured − 1. */
export interface DeviceError {
  readonly device: string
  readonly error: number
}

/** By what is predicted. */
export type Phases<A> = Readonly<Record<"decode" | "prefill", A>>

/** Errors on the devices `held` of constants that are fitted to the devices `seen`, and to no other. */
export const errorsOnUnseen = (
  memory: MemoryKind,
  seen: ReadonlyArray<SingleStreamMeasurement>,
  held: ReadonlyArray<SingleStreamMeasurement>,
): Phases<ReadonlyArray<DeviceError>> => {
  const coefficients = coefficientsOf(rowsOf(memory, seen))
  const rows = rowsOf(memory, held)
  const errors = (of: "decode" | "prefill") =>
    rows[of].map((row) => ({ device: row.device, error: rateError(row, coefficients[of]) }))
  return { decode: errors("decode"), prefill: errors("prefill") }
}

const rowsOf = (
  memory: MemoryKind,
  measurements: ReadonlyArray<SingleStreamMeasurement>,
): Phases<ReadonlyArray<Row>> => {
  const model = measuredModel()
  const own = measurements.filter((row) => row.memory === memory)
  return {
    decode: own.flatMap((row) => decodeRowsOf(row, model)),
    prefill: own.flatMap((row) => prefillRowsOf(row, model)),
  }
}

const coefficientsOf = (rows: Phases<ReadonlyArray<Row>>): Phases<ReadonlyArray<number>> => ({
  decode: boundedFit(rows.decode, DECODE_BOUNDS),
  prefill: boundedFit(rows.prefill, PREFILL_BOUNDS),
})

const constantsOf = ({ decode, prefill }: Phases<ReadonlyArray<number>>): FittedConstants => ({
  bandwidthEfficiency: 1 / decode[0],
  layerOverheadMicros: decode[1] * 1e6,
  exposedArithmetic: decode[2],
  prefillUtilisation: { q4: 1 / prefill[0], f16: 1 / prefill[1] },
  prefillSecondsPerTera: prefill[2],
})

/** Lower bounds of 1/e, τ (seconds a layer), c. */
const DECODE_BOUNDS: ReadonlyArray<number> = [1, 0, 0]
/** Lower bounds of 1/m for q4, 1/m for f16, 1/G (seconds per 10^12 operations). */
const PREFILL_BOUNDS: ReadonlyArray<number> = [1, 1, 0]

const decodeRowsOf = (row: SingleStreamMeasurement, model: Model): ReadonlyArray<Row> =>
  quantisations.flatMap((quantisation) => {
    const rate = row.decodeTokensPerSecond[quantisation]
    if (rate === null) return []
    const bytes = model.weightBytes[quantisation] + MEASURED_CONTEXT_TOKENS * kvBytesPerToken(model)
    const terms = [
      bytes / (row.bandwidthGbs * 1e9),
      model.layers,
      (2 * model.activeParameters) / (row.fp16DenseTflops * 1e12),
    ]
    return [{ device: row.device, terms, seconds: 1 / rate }]
  })

const prefillRowsOf = (row: SingleStreamMeasurement, model: Model): ReadonlyArray<Row> =>
  quantisations.flatMap((quantisation) => {
    const rate = row.prefillTokensPerSecond[quantisation]
    if (rate === null) return []
    const ideal = (2 * model.activeParameters) / (row.fp16DenseTflops * 1e12)
    const tera = (2 * model.activeParameters) / 1e12
    const terms = [quantisation === "q4" ? ideal : 0, quantisation === "f16" ? ideal : 0, tera]
    return [{ device: row.device, terms, seconds: 1 / rate }]
  })

const predict = (row: Row, coefficients: ReadonlyArray<number>): number =>
  row.terms.reduce((sum, term, j) => sum + term * coefficients[j], 0)

const rateError = (row: Row, coefficients: ReadonlyArray<number>): number =>
  row.seconds / predict(row, coefficients) - 1

const cost = (rows: ReadonlyArray<Row>, coefficients: ReadonlyArray<number>): number =>
  rows.reduce((sum, row) => sum + square(rateError(row, coefficients)), 0)

/** The best feasible coefficients. Cost: 2^coefficients Gauss–Newton runs. */
const boundedFit = (
  rows: ReadonlyArray<Row>,
  bounds: ReadonlyArray<number>,
): ReadonlyArray<number> => {
  let best = bounds
  let bestCost = Infinity
  for (let pinned = 0; pinned < 2 ** bounds.length; pinned++) {
    const isFree = bounds.map((_, j) => (pinned >> j) % 2 === 0)
    const coefficients = gaussNewton(rows, bounds, isFree)
    if (coefficients === null || coefficients.some((value, j) => value < bounds[j])) continue
    const candidateCost = cost(rows, coefficients)
    // The margin keeps the choice off rounding: of equal fits the first, least pinned one stays.
    if (candidateCost < bestCost * (1 - 1e-12)) {
      best = coefficients
      bestCost = candidateCost
    }
  }
  return best
}

const GAUSS_NEWTON_ROUNDS = 60

/** `null` where the rows do not determine the free coefficients. */
const gaussNewton = (
  rows: ReadonlyArray<Row>,
  bounds: ReadonlyArray<number>,
  isFree: ReadonlyArray<boolean>,
): ReadonlyArray<number> | null => {
  const free = bounds.flatMap((_, j) => (isFree[j] ? [j] : []))
  // Start: least squares on predicted/measured, which is linear in the coefficients.
  const fixedPart = (row: Row): number =>
    row.terms.reduce((sum, term, j) => (isFree[j] ? sum : sum + term * bounds[j]), 0)
  const start = leastSquares(
    rows.map((row) => free.map((j) => row.terms[j] / row.seconds)),
    rows.map((row) => 1 - fixedPart(row) / row.seconds),
  )
  if (start === null) return null
  let coefficients = bounds.map((bound, j) => (isFree[j] ? start[free.indexOf(j)] : bound))
  for (let round = 0; round < GAUSS_NEWTON_ROUNDS; round++) {
    const now = coefficients
    const step = leastSquares(
      rows.map((row) => {
        const predicted = predict(row, now)
        return free.map((j) => (row.seconds / square(predicted)) * row.terms[j])
      }),
      rows.map((row) => rateError(row, now)),
    )
    if (step === null) return null
    const move = (length: number): ReadonlyArray<number> =>
      now.map((value, j) => (isFree[j] ? value + length * step[free.indexOf(j)] : value))
    let length = 1
    while (length > 1e-6 && !(cost(rows, move(length)) <= cost(rows, now))) length /= 2
    if (length <= 1e-6) break
    coefficients = [...move(length)]
  }
  return coefficients
}

const square = (value: number): number => value * value

const errorsOf = (
  rows: ReadonlyArray<Row>,
  bounds: ReadonlyArray<number>,
  coefficients: ReadonlyArray<number>,
): FitErrors => {
  const errors = rows.map((row) => Math.abs(rateError(row, coefficients)))
  const leftOut = [...new Set(rows.map((row) => row.device))].flatMap((device) => {
    const others = boundedFit(
      rows.filter((row) => row.device !== device),
      bounds,
    )
    return rows
      .filter((row) => row.device === device)
      .map((row) => Math.abs(rateError(row, others)))
  })
  return {
    points: rows.length,
    mean: mean(errors),
    max: Math.max(...errors),
    leaveOneOutMean: mean(leftOut),
  }
}

const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

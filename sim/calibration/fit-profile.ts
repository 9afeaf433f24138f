/**
 * The service model's parameters from the rounds of a ladder:
 *   step          t(b) = s + d · b + k · context        (microseconds; b streams decoding)
 *   first token   = o + p · prompt                      (an otherwise idle server)
 * each by least squares of relative errors, without negative coefficients.
 *
 * Intervals: all streams of a round share its luck, so rounds are what is resampled, by their relative
 * residuals (Davison and Hinkley, "Bootstrap methods and their application", 1997, section 6.2.4),
 * inflated by √(n ÷ (n − parameters)); half-width = t(0.975; n − parameters) · the resampled fits'
 * standard deviation. An interval speaks of the noise of this measurement, not of another day's load.
 */
import { drawBelow, openStream } from "../../engine/index.ts"
import type { Observation } from "../fleet/least-squares.ts"
import { nonNegativeFit, predictionOf } from "../fleet/least-squares.ts"
import { studentTQuantile } from "../statistics/distributions/student-t.ts"
import { tallyOf } from "../statistics/samples/tally.ts"
import type { Round } from "./measured-stream.ts"
import type { DecodeObservation, PrefillObservation } from "./observe.ts"
import {
  decodeObservation,
  prefillObservation,
  roundTokensPerSecond,
  streamsAtOnce,
} from "./observe.ts"

/** A fitted value with its 95% interval; `low` is 0 or more. */
export interface Estimated {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** Relative errors of the fit on its own rounds: |predicted ÷ measured − 1|. */
export interface Residuals {
  readonly rounds: number
  readonly mean: number
  readonly max: number
}

export interface ProfileFit {
  readonly stepMicros: Estimated
  readonly streamMicros: Estimated
  readonly contextMicrosPerToken: Estimated
  readonly prefillMicrosPerToken: Estimated
  readonly overheadMicros: Estimated
  /** Streams at once, as far as more of them made more tokens. */
  readonly slots: number
  readonly decodeResiduals: Residuals
  readonly prefillResiduals: Residuals
  readonly rungs: ReadonlyArray<RungFit>
}

/** What was measured at one rung of the ladder, at all prompt lengths together. */
export interface RungFit {
  readonly concurrency: number
  /** Streams that the server decoded at once, at most. */
  readonly streamsAtOnce: number
  readonly tokensPerSecond: number
  /** Of one stream, once no prompt is being read. */
  readonly streamTokensPerSecond: number | null
  readonly meanFirstTokenMillis: number
}

/** What the rounds do not determine, in words. */
export interface Undetermined {
  readonly undetermined: string
}

const RESAMPLES = 1000
/** More streams are of use where they make so many times the tokens. */
const USEFUL_GAIN = 1.02

/** Fits the rounds; `seed` names the resampling's draws. Cost: a thousand small fits. */
export const fitProfile = (
  rounds: ReadonlyArray<Round>,
  seed: string,
): ProfileFit | Undetermined => {
  const decodes = rounds.flatMap((round) => decodeObservation(round) ?? [])
  const prefills = rounds.flatMap((round) => prefillObservation(round) ?? [])
  // A server that takes one stream after another never shows what a second one would add.
  const isSerial =
    rounds.some(({ streams }) => streams.length > 1) &&
    decodes.every(({ streams }) => streams === 1)
  const decode = fitWithIntervals(decodes.map(isSerial ? serialRow : decodeRow), seed, "decode")
  if (decode === null)
    return {
      undetermined:
        "the decoding rounds do not tell the step from what a stream and what context add to it; measure at more concurrencies (such as 1,2,4,8), with longer prompts, or more tokens",
    }
  const prefill = fitWithIntervals(prefills.map(prefillRow), seed, "prefill")
  if (prefill === null || prefill.estimates[1].value === 0)
    return {
      undetermined:
        "the first token does not come later after a longer prompt; measure with longer prompts (--prompt-tokens), or more repeats",
    }
  const [stepMicros, streamMicros, contextMicrosPerToken] = isSerial
    ? [decode.estimates[0], NOTHING, decode.estimates[1]]
    : decode.estimates
  const [overheadMicros, prefillMicrosPerToken] = prefill.estimates
  return {
    stepMicros,
    streamMicros,
    contextMicrosPerToken,
    prefillMicrosPerToken,
    overheadMicros,
    slots: usefulSlots(rounds),
    decodeResiduals: decode.residuals,
    prefillResiduals: prefill.residuals,
    rungs: rungsOf(rounds),
  }
}

const decodeRow = ({ streams, contextTokens, stepMicros }: DecodeObservation): Observation => ({
  terms: [1, streams, contextTokens],
  value: stepMicros,
})

const serialRow = ({ contextTokens, stepMicros }: DecodeObservation): Observation => ({
  terms: [1, contextTokens],
  value: stepMicros,
})

const NOTHING: Estimated = { value: 0, low: 0, high: 0 }

const prefillRow = ({ promptTokens, firstTokenMicros }: PrefillObservation): Observation => ({
  terms: [1, promptTokens],
  value: firstTokenMicros,
})

interface Fitted {
  readonly estimates: ReadonlyArray<Estimated>
  readonly residuals: Residuals
}

/** `null` where the rows do not determine the coefficients and leave a residual to judge them by. */
const fitWithIntervals = (
  rows: ReadonlyArray<Observation>,
  seed: string,
  purpose: string,
): Fitted | null => {
  const coefficients = nonNegativeFit(rows)
  if (coefficients === null) return null
  const freedom = rows.length - coefficients.length
  if (freedom < 1) return null
  const predictions = rows.map(({ terms }) => predictionOf(terms, coefficients))
  const ratios = rows.map(({ value }, i) => value / predictions[i] - 1)
  const inflation = Math.sqrt(rows.length / freedom)
  const stream = openStream(seed, "calibration", purpose)
  const drawn = Array.from({ length: RESAMPLES }, () => {
    const again = rows.map(({ terms }, i) => {
      const luck = inflation * ratios[drawBelow(stream, rows.length)]
      // A time stays a time, however bad the luck.
      return { terms, value: predictions[i] * Math.max(0.01, 1 + luck) }
    })
    return nonNegativeFit(again) ?? coefficients
  })
  const t = studentTQuantile(0.975, freedom)
  const estimates = coefficients.map((value, j) => {
    const halfWidth = t * (tallyOf(drawn.map((one) => one[j])).deviation ?? 0)
    return { value, low: Math.max(0, value - halfWidth), high: value + halfWidth }
  })
  const errors = rows.map(({ value }, i) => Math.abs(predictions[i] / value - 1))
  return {
    estimates,
    residuals: { rounds: rows.length, mean: tallyOf(errors).mean, max: Math.max(...errors) },
  }
}

/** The largest number of streams that decoded at once and made more tokens than any smaller one. */
const usefulSlots = (rounds: ReadonlyArray<Round>): number => {
  const rates = new Map<number, Array<number>>()
  for (const round of rounds) {
    const observed = decodeObservation(round)
    if (observed === undefined) continue
    const { streams, stepMicros } = observed
    rates.set(streams, [...(rates.get(streams) ?? []), streams / stepMicros])
  }
  let slots = 1
  let best = 0
  for (const [streams, of] of [...rates].sort(([a], [b]) => a - b)) {
    const rate = tallyOf(of).mean
    if (rate < best * USEFUL_GAIN) continue
    slots = streams
    best = rate
  }
  return slots
}

const rungsOf = (rounds: ReadonlyArray<Round>): ReadonlyArray<RungFit> => {
  const sizes = [...new Set(rounds.map(({ streams }) => streams.length))].sort((a, b) => a - b)
  return sizes.map((concurrency) => {
    const own = rounds.filter(({ streams }) => streams.length === concurrency)
    const steps = own.flatMap((round) => decodeObservation(round)?.stepMicros ?? [])
    const firsts = own.flatMap(({ streams }) =>
      streams.map(({ startedMillis, pieceMillis }) => pieceMillis[0] - startedMillis),
    )
    return {
      concurrency,
      streamsAtOnce: Math.max(...own.map(streamsAtOnce)),
      tokensPerSecond: tallyOf(own.map(roundTokensPerSecond)).mean,
      streamTokensPerSecond: steps.length === 0 ? null : 1e6 / tallyOf(steps).mean,
      meanFirstTokenMillis: tallyOf(firsts).mean,
    }
  })
}

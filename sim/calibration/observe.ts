/**
 * From the arrival times of one round's tokens to what the service model can be fitted to.
 *
 * Streams that start together do not decode together from the first token to the last: prompts are
 * read one after the other, and a server with fewer slots than streams lets some wait. So a round is
 * cut at every first and last piece, and only those parts count before which every stream has had its
 * first token: there, no prompt is being read that slows decoding down.
 */
import type { MeasuredStream, Round } from "./measured-stream.ts"
import { firstMillis, lastMillis } from "./measured-stream.ts"

/** The part of a round that no prompt slowed down, where most streams decoded at once. */
export interface DecodeObservation {
  readonly streams: number
  /** Mean context of all these streams together, tokens. */
  readonly contextTokens: number
  /** From one token of a stream to its next. */
  readonly stepMicros: number
}

/** A prompt that was read by an otherwise idle server. */
export interface PrefillObservation {
  readonly promptTokens: number
  readonly firstTokenMicros: number
}

/** Tokens that a part must hold for its length to say anything. */
const LEAST_TOKENS = 4

interface Part {
  readonly fromMillis: number
  readonly toMillis: number
  readonly decoding: ReadonlyArray<MeasuredStream>
}

const partsOf = (streams: ReadonlyArray<MeasuredStream>): ReadonlyArray<Part> => {
  const cuts = [...new Set(streams.flatMap((one) => [firstMillis(one), lastMillis(one)]))].sort(
    (a, b) => a - b,
  )
  return cuts.slice(1).map((toMillis, i) => {
    const fromMillis = cuts[i]
    const isDecoding = (one: MeasuredStream) =>
      firstMillis(one) <= fromMillis && lastMillis(one) >= toMillis
    return { fromMillis, toMillis, decoding: streams.filter(isDecoding) }
  })
}

const mostDecoding = (parts: ReadonlyArray<Part>): number =>
  Math.max(0, ...parts.map(({ decoding }) => decoding.length))

/** Streams that the server decoded at once, at some time of the round. */
export const streamsAtOnce = ({ streams }: Round): number => mostDecoding(partsOf(streams))

/** `undefined` where no part of the round was long enough. O(streams² · pieces). */
export const decodeObservation = ({ streams }: Round): DecodeObservation | undefined => {
  const allBegun = Math.max(...streams.map(firstMillis))
  const calm = partsOf(streams).filter(({ fromMillis }) => fromMillis >= allBegun)
  const most = mostDecoding(calm)
  let millis = 0
  let tokens = 0
  let contextMillis = 0
  for (const { fromMillis, toMillis, decoding } of calm) {
    if (decoding.length < most) continue
    millis += toMillis - fromMillis
    for (const one of decoding) {
      // While the last prompt was read nothing was under way: a step began when that was done.
      const before =
        fromMillis === allBegun ? tokensBy(one, fromMillis) : tokensUnderWay(one, fromMillis)
      const after = tokensUnderWay(one, toMillis)
      tokens += after - before
      contextMillis += (toMillis - fromMillis) * (one.promptTokens + (before + after) / 2)
    }
  }
  if (millis <= 0 || tokens < LEAST_TOKENS * most) return undefined
  return {
    streams: most,
    contextTokens: contextMillis / millis,
    stepMicros: (1000 * millis * most) / tokens,
  }
}

/** Tokens that had come by then, as if each piece held as many. */
const tokensBy = ({ pieceMillis, outputTokens }: MeasuredStream, atMillis: number): number =>
  (piecesBy(pieceMillis, atMillis) * outputTokens) / pieceMillis.length

/**
 * The same with what is on its way in proportion: tokens of one step reach their streams one after the
 * other, and none of them is a whole step late.
 */
const tokensUnderWay = (
  { pieceMillis, outputTokens }: MeasuredStream,
  atMillis: number,
): number => {
  const pieces = piecesBy(pieceMillis, atMillis)
  const isBetween = pieces > 0 && pieces < pieceMillis.length
  const share = isBetween
    ? (atMillis - pieceMillis[pieces - 1]) / (pieceMillis[pieces] - pieceMillis[pieces - 1])
    : 0
  return ((pieces + share) * outputTokens) / pieceMillis.length
}

const piecesBy = (pieceMillis: ReadonlyArray<number>, atMillis: number): number => {
  let pieces = 0
  while (pieces < pieceMillis.length && pieceMillis[pieces] <= atMillis) pieces++
  return pieces
}

/** Of a round of one stream. `undefined` where there were more. */
export const prefillObservation = ({ streams }: Round): PrefillObservation | undefined => {
  const [only, ...others] = streams
  if (only === undefined || others.length > 0) return undefined
  return {
    promptTokens: only.promptTokens,
    firstTokenMicros: 1000 * (firstMillis(only) - only.startedMillis),
  }
}

/** Output tokens a second of a whole round, from its start to its last token. */
export const roundTokensPerSecond = ({ streams }: Round): number => {
  const began = Math.min(...streams.map(({ startedMillis }) => startedMillis))
  const ended = Math.max(...streams.map(lastMillis))
  const tokens = streams.reduce((sum, { outputTokens }) => sum + outputTokens, 0)
  return ended > began ? (1000 * tokens) / (ended - began) : 0
}

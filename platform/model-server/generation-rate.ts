/**
 * What a short generation shows of a model's speed, also where its first tokens are hidden: reasoning
 * models begin with some of which nothing comes out, a header of a few or a train of thought of
 * hundreds. A generation that its bound cut off before it showed much says nothing yet: it is made again
 * with four times as many tokens, while there is time, and after that its server's own count is taken.
 *
 *     tokens/s = (n − 1) / (last − first)     of n tokens that came with text, as anywhere
 *              = n / wall                      where they all came at once
 *              = (min(claimed, asked) − 1) / wall   where no text came at all
 *
 * A server's count is believed only where it was cut off and nothing came, at most for what was asked,
 * and over the whole time: hiding tokens and claiming them never shows more than showing them would.
 */
import { microsPerSecond } from "../../engine/index.ts"

/** A generation that came to its end. */
export interface Generation {
  /** Its bound, `max_tokens`. */
  readonly askedTokens: number
  /** That came with text, as whoever asked counts them. */
  readonly shownTokens: number
  /** By the server's own count; `undefined`: it gave none. */
  readonly claimedTokens: number | undefined
  /** Its bound ended it. */
  readonly isCut: boolean
  /** From the first token that showed to the last. */
  readonly decodeMicros: number
  /** From the call to the end. */
  readonly wallMicros: number
}

/** Of those that were asked for, as many at least have to show. */
const shownPart = 1 / 4
/** Each try asks for so many times as many tokens as the one before. */
const growth = 4
/** No try asks for more. */
export const mostMeasuredTokens = 768

/** Was it cut off before it showed enough to be judged by? */
const isHidden = ({ isCut, shownTokens, askedTokens }: Generation): boolean =>
  isCut && shownTokens < askedTokens * shownPart

/**
 * How many tokens to ask for instead, where these generations did not show enough and more might, within
 * `mostMicros`; else `undefined`: they are to be judged as they are.
 */
export const tokensForMore = (
  generations: ReadonlyArray<Generation>,
  mostMicros: number,
): number | undefined => {
  const hidden = generations.filter(isHidden)
  const [first] = hidden
  if (first === undefined) return undefined
  const tokens = Math.min(first.askedTokens * growth, mostMeasuredTokens)
  const wallMicros = Math.max(...hidden.map((one) => one.wallMicros))
  const expectedMicros = (wallMicros * tokens) / first.askedTokens
  return tokens > first.askedTokens && expectedMicros <= mostMicros ? tokens : undefined
}

/** Tokens and the time that they took, as a rate is made of them: (tokens − 1) / micros. */
export const judged = (
  generation: Generation,
): { readonly tokens: number; readonly micros: number } => {
  const {
    askedTokens,
    shownTokens,
    claimedTokens = 0,
    isCut,
    decodeMicros,
    wallMicros,
  } = generation
  return shownTokens > 0 || !isCut
    ? { tokens: shownTokens, micros: decodeMicros }
    : { tokens: Math.min(claimedTokens, askedTokens), micros: Math.max(1, wallMicros) }
}

/** Tokens a second; 0 where it shows nothing. */
export const rateOf = (generation: Generation): number => {
  const { tokens, micros } = judged(generation)
  if (tokens < 1) return 0
  return micros > 0
    ? ((tokens - 1) * microsPerSecond) / micros
    : (tokens * microsPerSecond) / Math.max(1, generation.wallMicros)
}

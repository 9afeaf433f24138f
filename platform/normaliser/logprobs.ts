/**
 * Log probabilities in OpenAI's form, of chats and of completions. They repeat the text of the answer,
 * token by token, and name what else might have been said; nothing else of them is passed on.
 *
 * A token passes where the answer's text has it, in order: what is said twice is counted once, and what
 * the answer does not say is no token of it. One that comes ahead of its text waits for it; one that
 * stands for no text, as that of the end, is left out. See token-spelling.ts for how tokens are written.
 */
import type { JsonObject } from "../json/json-object.ts"
import { isObject } from "../json/json-object.ts"
import { bytesOf, isTextless, spellsToken, spellingsOf } from "./token-spelling.ts"

/** Alternatives to a token that OpenAI lists at most. */
const mostAlternatives = 20
/** Tokens of the answer repeat its text, and runs of blanks or dashes are long; alternatives do not. */
const longestTokenChars = 256
const longestAlternativeChars = 32
/** Tokens that wait for their text: parts of a character, or of what may become a stop sequence. */
const mostWaiting = 64
/** What a server leaves out of the text between two tokens: blanks, mostly. */
const mostSkippedBytes = 64
/** Text whose tokens may still come. */
const mostUnspelledBytes = 4096

const isToken = (value: unknown, longest: number): value is string =>
  typeof value === "string" && value !== "" && value.length <= longest

/** −∞ is no number in JSON: servers write what is never chosen as null, or as a very low one. */
const numberIn = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) ? value : -9999

const bytesIn = (value: unknown, token: string): ReadonlyArray<number> | null =>
  Array.isArray(value) &&
  value.length <= longestTokenChars &&
  value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255) &&
  spellsToken(value as ReadonlyArray<number>, token)
    ? (value as ReadonlyArray<number>)
    : null

const listIn = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

interface Candidate {
  readonly token: string
  readonly logprob: number
  readonly bytes: ReadonlyArray<number> | null
}

const candidateOf = (given: unknown, longest: number): ReadonlyArray<Candidate> => {
  if (!isObject(given)) return []
  const { token, logprob, bytes } = given
  if (!isToken(token, longest)) return []
  return [{ token, logprob: numberIn(logprob), bytes: bytesIn(bytes, token) }]
}

/** A token of the answer, with what is to be passed on of it. */
interface Entry<T> {
  readonly token: string
  readonly bytes: ReadonlyArray<number> | null
  readonly value: T
}

/** Lets tokens pass whose text the answer has. */
interface TokenGate<T> {
  /** Text of the answer that no token has spelled yet; characters are bytes. */
  readonly say: (text: string) => void
  readonly take: (entries: ReadonlyArray<Entry<T>>) => ReadonlyArray<T>
}

const makeTokenGate = <T>(): TokenGate<T> => {
  let unspelled = ""
  let waiting: ReadonlyArray<Entry<T>> = []

  /** Where the text of a token ends, from `at` on; −1 where it is not there. */
  const endOf = ({ token, bytes }: Entry<T>, at: number): number => {
    const spellings = spellingsOf(token, bytes)
    const next = spellings.find((one) => unspelled.startsWith(one, at))
    if (next !== undefined) return at + next.length
    if (isTextless(token)) return at < unspelled.length ? at + 1 : -1
    for (const one of spellings) {
      const found = unspelled.slice(at, at + mostSkippedBytes + one.length).indexOf(one)
      if (found >= 0) return at + found + one.length
    }
    return -1
  }

  return {
    say: (text) => {
      unspelled += bytesOf(text)
    },
    take: (entries) => {
      const passed: Array<T> = []
      let held: Array<Entry<T>> = []
      let at = 0
      for (const entry of waiting.length === 0 ? entries : [...waiting, ...entries]) {
        const end = endOf(entry, at)
        if (end < 0) held.push(entry)
        else {
          // Those before it have no text, or it would have come by now.
          held = []
          at = end
          passed.push(entry.value)
        }
      }
      waiting = held.slice(0, mostWaiting)
      unspelled = unspelled.slice(Math.max(at, unspelled.length - mostUnspelledBytes))
      return passed
    },
  }
}

/** Takes the text of a part of an answer and its log probabilities; gives those that pass, if any. */
export type LogprobsReader = (given: unknown, text: string) => JsonObject | undefined

const chosenOf = (given: unknown, asked: number): ReadonlyArray<Entry<JsonObject>> =>
  candidateOf(given, longestTokenChars).map((chosen) => ({
    token: chosen.token,
    bytes: chosen.bytes,
    value: {
      ...chosen,
      top_logprobs: listIn((given as JsonObject)["top_logprobs"])
        .flatMap((one) => candidateOf(one, longestAlternativeChars))
        .slice(0, asked),
    },
  }))

const askedIn = (value: unknown): number =>
  Math.min(mostAlternatives, Math.max(0, Math.trunc(Number(value ?? 0)) || 0))

/** `alternatives`: as many to each token as the consumer has asked for. */
export const chatLogprobs = (alternatives: unknown): LogprobsReader => {
  const asked = askedIn(alternatives)
  const gates = { content: makeTokenGate<JsonObject>(), refusal: makeTokenGate<JsonObject>() }
  return (given, text) => {
    const [content, refusal] = (["content", "refusal"] as const).map((field) => {
      gates[field].say(text)
      const list = isObject(given) ? listIn(given[field]) : []
      return gates[field].take(list.flatMap((one) => chosenOf(one, asked)))
    }) as [ReadonlyArray<JsonObject>, ReadonlyArray<JsonObject>]
    if (content.length === 0 && refusal.length === 0) return undefined
    return {
      content: content.length === 0 ? null : content,
      refusal: refusal.length === 0 ? null : refusal,
    }
  }
}

/** The token itself comes on top of the alternatives to it. */
const alternativesOf = (given: unknown, token: string, asked: number): JsonObject | null => {
  if (!isObject(given)) return null
  const own = Object.hasOwn(given, token) ? [[token, given[token]] as const] : []
  const others = Object.entries(given).filter(
    ([other]) => other !== token && isToken(other, longestAlternativeChars),
  )
  return Object.fromEntries(
    [...own, ...others.slice(0, asked)].map(([other, logprob]) => [other, numberIn(logprob)]),
  )
}

interface Place {
  readonly token: string
  readonly logprob: number | null
  readonly alternatives: JsonObject | null
  readonly offset: number
}

/** The older form, of completions: a list for each fact, a place for each token. */
export const completionLogprobs = (alternatives: unknown): LogprobsReader => {
  const asked = askedIn(alternatives)
  const gate = makeTokenGate<Place>()
  const placesIn = (given: JsonObject): ReadonlyArray<Entry<Place>> => {
    const offsets = listIn(given["text_offset"])
    const numbers = listIn(given["token_logprobs"])
    const others = listIn(given["top_logprobs"])
    return listIn(given["tokens"]).flatMap((token, at) => {
      if (!isToken(token, longestTokenChars)) return []
      const offset = offsets[at]
      const value: Place = {
        token,
        logprob: numbers[at] === null ? null : numberIn(numbers[at]),
        alternatives: alternativesOf(others[at], token, asked),
        offset: Number.isSafeInteger(offset) ? (offset as number) : 0,
      }
      return [{ token, bytes: null, value }]
    })
  }
  return (given, text) => {
    gate.say(text)
    const places = gate.take(isObject(given) ? placesIn(given) : [])
    if (places.length === 0) return undefined
    return {
      tokens: places.map(({ token }) => token),
      token_logprobs: places.map(({ logprob }) => logprob),
      top_logprobs: places.map((place) => place.alternatives),
      text_offset: places.map(({ offset }) => offset),
    }
  }
}

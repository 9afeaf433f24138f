/**
 * Log probabilities in OpenAI's form, of chats and of completions. They repeat the text of the answer,
 * token by token, and name what else might have been said; nothing else of them is passed on.
 */
import type { JsonObject } from "./json-object.ts"
import { isObject } from "./json-object.ts"

/** Alternatives to a token that OpenAI lists at most. */
const mostAlternatives = 20
/** No tokenizer has longer tokens. */
const longestTokenChars = 256

const isToken = (value: unknown): value is string =>
  typeof value === "string" && value.length <= longestTokenChars

/** −∞ is no number in JSON: servers write what is never chosen as null, or as a very low one. */
const numberIn = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) ? value : -9999

const bytesIn = (value: unknown): ReadonlyArray<number> | null =>
  Array.isArray(value) &&
  value.length <= longestTokenChars &&
  value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)
    ? (value as ReadonlyArray<number>)
    : null

const listIn = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

const candidateOf = (given: unknown) =>
  isObject(given) && isToken(given["token"])
    ? [
        {
          token: given["token"],
          logprob: numberIn(given["logprob"]),
          bytes: bytesIn(given["bytes"]),
        },
      ]
    : []

const chosenOf = (given: unknown): ReadonlyArray<JsonObject> =>
  candidateOf(given).map((chosen) => ({
    ...chosen,
    top_logprobs: listIn((given as JsonObject)["top_logprobs"])
      .slice(0, mostAlternatives)
      .flatMap(candidateOf),
  }))

/** `undefined` where there are none. */
export const chatLogprobs = (given: unknown): JsonObject | undefined => {
  if (!isObject(given)) return undefined
  const content = listIn(given["content"]).flatMap(chosenOf)
  const refusal = listIn(given["refusal"]).flatMap(chosenOf)
  if (content.length === 0 && refusal.length === 0) return undefined
  return {
    content: content.length === 0 ? null : content,
    refusal: refusal.length === 0 ? null : refusal,
  }
}

const alternativesOf = (given: unknown): JsonObject | null => {
  if (!isObject(given)) return null
  const pairs = Object.entries(given).filter(([token]) => isToken(token))
  return Object.fromEntries(
    pairs.slice(0, mostAlternatives).map(([token, logprob]) => [token, numberIn(logprob)]),
  )
}

/** The older form, of completions: a list for each fact, a place for each token. */
export const completionLogprobs = (given: unknown): JsonObject | undefined => {
  if (!isObject(given)) return undefined
  const tokens = listIn(given["tokens"])
  if (tokens.length === 0 || !tokens.every(isToken)) return undefined
  const offsets = listIn(given["text_offset"])
  const numbers = listIn(given["token_logprobs"])
  const alternatives = listIn(given["top_logprobs"])
  return {
    tokens,
    token_logprobs: tokens.map((_, at) => (numbers[at] === null ? null : numberIn(numbers[at]))),
    top_logprobs: tokens.map((_, at) => alternativesOf(alternatives[at])),
    text_offset: tokens.map((_, at) => (Number.isSafeInteger(offsets[at]) ? offsets[at] : 0)),
  }
}

/**
 * The text that log probabilities in this form spell, which is that of the answer where they are honest:
 * counted instead of it where there is more of it.
 */
export const spelledText = (logprobs: JsonObject): string => {
  if (Array.isArray(logprobs["tokens"])) return (logprobs["tokens"] as Array<string>).join("")
  let text = ""
  for (const field of ["content", "refusal"] as const)
    for (const chosen of listIn(logprobs[field])) {
      const { token, bytes } = chosen as { token: string; bytes: ReadonlyArray<number> | null }
      const decoded = bytes === null ? "" : Buffer.from(bytes).toString("utf8")
      text += decoded.length > token.length ? decoded : token
    }
  return text
}

/**
 * What a chunk of an OpenAI stream holds: the one choice of a call, the text in it, the host's count.
 * Hosts write what they like; what is not as it should be reads as absent.
 */
import type { JsonObject } from "../../platform/json-object.ts"
import { isObject } from "../../platform/json-object.ts"
import type { TokenCounter } from "./token-count.ts"
import { addText, countedTokens, makeCounter, roughTokens } from "./token-count.ts"

/** The choice of a chunk; `undefined` where it has none (a usage chunk), `null` where it is broken. */
export const choiceOf = (chunk: JsonObject): JsonObject | undefined | null => {
  const { choices } = chunk
  if (!Array.isArray(choices)) return isObject(chunk["usage"]) ? undefined : null
  for (const choice of choices) {
    if (!isObject(choice)) return null
    if ((choice["index"] ?? 0) === 0) return choice
  }
  return undefined
}

/** A chat's answer that came in one piece, as a stream of one chunk; a chunk as it is. */
export const asStreamed = (chunk: JsonObject): JsonObject => {
  const choice = choiceOf(chunk)
  if (!isObject(choice) || !isObject(choice["message"])) return chunk
  const { message, ...rest } = choice
  const calls = (message as JsonObject)["tool_calls"]
  const delta = {
    ...(message as JsonObject),
    ...(Array.isArray(calls)
      ? {
          tool_calls: calls.map((call: unknown, index) =>
            isObject(call) ? { index, ...call } : call,
          ),
        }
      : {}),
  }
  return { ...chunk, choices: [{ ...rest, delta }] }
}

export const finishReasonOf = (choice: JsonObject): string | undefined => {
  const reason = choice["finish_reason"]
  return typeof reason === "string" && reason !== "" ? reason : undefined
}

const wholeOr = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined

/** Tokens that a host says it generated. */
export const reportedTokensOf = (chunk: JsonObject): number | undefined => {
  const { usage } = chunk
  return isObject(usage) ? wholeOr(usage["completion_tokens"]) : undefined
}

/** More tool calls than any answer has; beyond, they are counted as one text. */
const maxFields = 64

/**
 * Counts the delivered text of one answer: every field is a text of its own, however its bits are
 * spread over the chunks.
 */
export interface TextMeter {
  readonly content: TokenCounter
  /** Reasoning, refusals, tool calls; made when the first of them comes. */
  others: Map<string, TokenCounter> | undefined
  hasText: boolean
}

export const makeMeter = (): TextMeter => ({
  content: makeCounter(),
  others: undefined,
  hasText: false,
})

/** Adds what a choice delivers; gives whether there was any. */
export const meterChoice = (meter: TextMeter, choice: JsonObject): boolean => {
  let hasNew = meterText(meter, "content", choice["text"])
  const delta = choice["delta"]
  if (isObject(delta)) {
    hasNew = meterText(meter, "content", delta["content"]) || hasNew
    for (const field of ["reasoning_content", "reasoning", "refusal"] as const)
      if (delta[field] !== undefined) hasNew = meterText(meter, field, delta[field]) || hasNew
    if (delta["function_call"] !== undefined)
      hasNew = meterFunction(meter, "function", delta["function_call"]) || hasNew
    const calls = delta["tool_calls"]
    if (Array.isArray(calls))
      for (const call of calls)
        if (isObject(call)) hasNew = meterFunction(meter, toolOf(call), call["function"]) || hasNew
  }
  if (hasNew) meter.hasText = true
  return hasNew
}

/** An index may be anything at all, also what has no text. */
const toolOf = ({ index }: JsonObject): string =>
  `tool ${typeof index === "number" ? index : "without a number"}`

const meterFunction = (meter: TextMeter, field: string, called: unknown): boolean => {
  if (!isObject(called)) return false
  const hasName = meterText(meter, field, called["name"])
  return meterText(meter, field, called["arguments"]) || hasName
}

const meterText = (meter: TextMeter, field: string, text: unknown): boolean => {
  if (typeof text !== "string" || text === "") return false
  addText(field === "content" ? meter.content : otherCounter(meter, field), text)
  return true
}

const otherCounter = (meter: TextMeter, field: string): TokenCounter => {
  const others = (meter.others ??= new Map())
  const name = others.has(field) || others.size < maxFields ? field : "more"
  const known = others.get(name)
  if (known !== undefined) return known
  const counter = makeCounter()
  others.set(name, counter)
  return counter
}

/** Tokens of all that was delivered: exactly, or about as many at no cost. */
export const meteredTokens = (meter: TextMeter): number => sumOver(meter, countedTokens)
export const roughlyMetered = (meter: TextMeter): number => sumOver(meter, roughTokens)

const sumOver = (meter: TextMeter, tokensOf: (counter: TokenCounter) => number): number => {
  let sum = tokensOf(meter.content)
  if (meter.others !== undefined)
    for (const counter of meter.others.values()) sum += tokensOf(counter)
  return sum
}

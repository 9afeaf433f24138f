/**
 * Counts the text of an answer. What it counts is what platform/normaliser/normaliser.ts lets pass, field by field:
 * all of it, so that nothing is delivered for nothing. Log probabilities say no more than the text does.
 */
import type { JsonObject } from "../../../platform/json/json-object.ts"
import { isObject } from "../../../platform/json/json-object.ts"
import type { TokenCounter } from "./token-count.ts"
import { addText, countedTokens, countTokens, makeCounter, roughTokens } from "./token-count.ts"

/** More than any answer has; beyond, each bit of text is counted by itself, which is no less. */
const maxFields = 64
/** An id is no text, unless a text poses as one. */
const longestIdChars = 64

/**
 * Counts the delivered text of one answer: every field is a text of its own, however its bits are
 * spread over the chunks.
 */
export interface TextMeter {
  readonly content: TokenCounter
  /** Reasoning, refusals, tool calls; made when the first of them comes. */
  others: Map<string, TokenCounter> | undefined
  /** Tokens of texts that have no counter of their own. */
  loose: number
  hasText: boolean
}

export const makeMeter = (): TextMeter => ({
  content: makeCounter(),
  others: undefined,
  loose: 0,
  hasText: false,
})

/** Adds what a choice delivers. */
export const meterChoice = (meter: TextMeter, choice: JsonObject): void => {
  meterText(meter, "content", choice["text"])
  const { delta } = choice
  if (!isObject(delta)) return
  meterText(meter, "content", delta["content"])
  for (const field of ["reasoning_content", "refusal"] as const)
    if (delta[field] !== undefined) meterText(meter, field, delta[field])
  if (isObject(delta["function_call"])) meterCall(meter, "function", delta["function_call"])
  if (Array.isArray(delta["tool_calls"]))
    for (const call of delta["tool_calls"] as ReadonlyArray<JsonObject>) meterTool(meter, call)
}

const meterTool = (meter: TextMeter, call: JsonObject): void => {
  const field = `tool ${String(call["index"])}`
  const { id } = call
  if (typeof id === "string" && id.length > longestIdChars) meterText(meter, `${field} id`, id)
  meterCall(meter, field, (call["function"] ?? call["custom"]) as JsonObject)
}

const meterCall = (meter: TextMeter, field: string, called: JsonObject): void => {
  meterText(meter, `${field} name`, called["name"])
  meterText(meter, field, called["arguments"] ?? called["input"])
}

const meterText = (meter: TextMeter, field: string, text: unknown): void => {
  if (typeof text !== "string" || text === "") return
  const counter = field === "content" ? meter.content : otherCounter(meter, field)
  if (counter === undefined) meter.loose += countTokens(text)
  else addText(counter, text)
  meter.hasText = true
}

const otherCounter = (meter: TextMeter, field: string): TokenCounter | undefined => {
  const others = (meter.others ??= new Map())
  const known = others.get(field)
  if (known !== undefined || others.size >= maxFields) return known
  const counter = makeCounter()
  others.set(field, counter)
  return counter
}

/** Tokens of all that was delivered: exactly, or about as many at no cost. */
export const meteredTokens = (meter: TextMeter): number => sumOver(meter, countedTokens)
export const roughlyMetered = (meter: TextMeter): number => sumOver(meter, roughTokens)

/** Tokens of what was delivered as reasoning. */
export const meteredReasoning = ({ others }: TextMeter): number => {
  const counter = others?.get("reasoning_content")
  return counter === undefined ? 0 : countedTokens(counter)
}

const sumOver = (meter: TextMeter, tokensOf: (counter: TokenCounter) => number): number => {
  let sum = tokensOf(meter.content) + meter.loose
  if (meter.others !== undefined)
    for (const counter of meter.others.values()) sum += tokensOf(counter)
  return sum
}

/** What a chunk of an OpenAI stream says: whether there is text in it, and what it counts. */
import { isObject } from "../../platform/json-object.ts"
import type { Chunk } from "./backends/backend.ts"

/** Whether something was generated: text, reasoning, or a part of a tool call. */
export const isContent = ({ choices }: Chunk): boolean =>
  Array.isArray(choices) &&
  choices.some((choice: unknown) => {
    if (!isObject(choice)) return false
    if (isText(choice["text"])) return true
    const delta = choice["delta"]
    return (
      isObject(delta) &&
      (isText(delta["content"]) ||
        isText(delta["reasoning_content"]) ||
        isText(delta["reasoning"]) ||
        Array.isArray(delta["tool_calls"]))
    )
  })

const isText = (value: unknown): boolean => typeof value === "string" && value !== ""

export interface TokenUsage {
  readonly prompt_tokens?: number
  readonly completion_tokens?: number
}

/** The usage that a chunk carries, as far as it makes sense. */
export const usageIn = ({ usage }: Chunk): TokenUsage | undefined => {
  if (!isObject(usage)) return undefined
  const prompt = tokens(usage["prompt_tokens"])
  const completion = tokens(usage["completion_tokens"])
  return {
    ...(prompt === undefined ? {} : { prompt_tokens: prompt }),
    ...(completion === undefined ? {} : { completion_tokens: completion }),
  }
}

const tokens = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined

/** What a chunk of an OpenAI stream says: whether there is text in it, and what it counts. */
import { isObject } from "../../../platform/json/json-object.ts"
import type { Chunk } from "./backend.ts"

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
        isText(delta["refusal"]) ||
        isObject(delta["function_call"]) ||
        Array.isArray(delta["tool_calls"]))
    )
  })

const isText = (value: unknown): boolean => typeof value === "string" && value !== ""

export { usageIn } from "../../../platform/model-server/usage.ts"
export type { TokenUsage } from "../../../platform/model-server/usage.ts"

/** What a model server says that it counted, as far as it makes sense. */
import type { JsonObject } from "../json/json-object.ts"
import { isObject } from "../json/json-object.ts"

export interface TokenUsage {
  readonly prompt_tokens?: number
  readonly completion_tokens?: number
  /** Of which so many were reasoning, shown or not. */
  readonly completion_tokens_details?: { readonly reasoning_tokens: number }
}

const tokens = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined

export const usageIn = ({ usage }: JsonObject): TokenUsage | undefined => {
  if (!isObject(usage)) return undefined
  const prompt = tokens(usage["prompt_tokens"])
  const completion = tokens(usage["completion_tokens"])
  const details = usage["completion_tokens_details"]
  const reasoning = isObject(details) ? tokens(details["reasoning_tokens"]) : undefined
  return {
    ...(prompt === undefined ? {} : { prompt_tokens: prompt }),
    ...(completion === undefined ? {} : { completion_tokens: completion }),
    ...(reasoning === undefined
      ? {}
      : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  }
}

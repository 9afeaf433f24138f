/** Log probabilities of the tokens of a text, as far as they are such: nothing else passes in them. */
import type { JsonObject } from "../../../platform/json/json-object.ts"
import { isObject } from "../../../platform/json/json-object.ts"

/** Of a chat's choice. */
export const logprobsOf = (choice: JsonObject): ReadonlyArray<JsonObject> => {
  const { logprobs } = choice
  return isObject(logprobs) ? tokensOf(logprobs["content"]) : []
}

const tokensOf = (given: unknown): ReadonlyArray<JsonObject> =>
  Array.isArray(given)
    ? given.filter(isToken).map((one) => ({
        ...bare(one),
        top_logprobs: Array.isArray(one["top_logprobs"])
          ? one["top_logprobs"].filter(isToken).map(bare)
          : [],
      }))
    : []

const isToken = (value: unknown): value is JsonObject =>
  isObject(value) && typeof value["token"] === "string" && typeof value["logprob"] === "number"

const bare = ({ token, logprob, bytes }: JsonObject): JsonObject => ({
  token,
  logprob,
  bytes: Array.isArray(bytes) ? bytes.filter(Number.isInteger) : [],
})

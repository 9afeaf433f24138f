/**
 * An error that comes where an answer should: inside a stream that began with a 200, or as the whole
 * body of one. Its code says whose fault it is, by the same table as an HTTP status.
 *
 *     {"error": {"message": …, "code": 400}}              OpenAI's shape, as most have it
 *     {"error": "…"}                                      Ollama, TGI
 *     {"object": "error", "message": …, "code": 400}      vLLM before 0.10
 *     {"status": 500, "message": …}                       gateways in front of a server
 */
import { errorText } from "./error-text.ts"
import type { JsonObject } from "../json/json-object.ts"
import { isObject } from "../json/json-object.ts"
import type { RefusalOutcome } from "./status.ts"
import { outcomeOfStatus } from "./status.ts"

export interface StreamError {
  readonly outcome: RefusalOutcome
  /** The HTTP status that its code is, where it has one. */
  readonly status?: number
  readonly detail: string
}

const mostDetailChars = 1000
const codeFields = ["status", "status_code", "statusCode", "code"] as const

/** A status of a failed request, as a number or a text of digits. */
const statusIn = (value: unknown): number | undefined => {
  const number = typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : value
  return typeof number === "number" && Number.isInteger(number) && number >= 400 && number <= 599
    ? number
    : undefined
}

const statusOf = (...holders: ReadonlyArray<unknown>): number | undefined => {
  for (const holder of holders) {
    if (!isObject(holder)) continue
    for (const field of codeFields) {
      const status = statusIn(holder[field])
      if (status !== undefined) return status
    }
  }
  return undefined
}

/** Whether the event is an error although no field of it is called so. */
const isBareError = (event: JsonObject): boolean => {
  if (event["object"] === "error" || event["type"] === "error") return true
  if (event["choices"] !== undefined || event["data"] !== undefined) return false
  return statusOf(event) !== undefined && errorText(event) !== undefined
}

/** The error that an event is, if it is one. `"error": null`, `""` or `false` is not one. */
export const errorIn = (event: JsonObject): StreamError | undefined => {
  const { error } = event
  const isNamed = isObject(error) || (typeof error === "string" && error !== "")
  if (!isNamed && !isBareError(event)) return undefined
  const status = statusOf(error, event)
  const said = isNamed ? (errorText({ error }) ?? errorText(error)) : errorText(event)
  const detail = said?.trim().slice(0, mostDetailChars) || "an error in the stream"
  return status === undefined
    ? { outcome: "upstreamError", detail }
    : { outcome: outcomeOfStatus(status, false), status, detail }
}

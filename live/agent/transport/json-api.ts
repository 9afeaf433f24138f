/** The gateway's routes for programs: JSON there and back, what it refuses as an error. */
import { Data } from "effect"
import { isObject } from "../../../platform/json/json-object.ts"
import { messageOf } from "./http.ts"

/** The gateway refused, could not be reached, or broke off its answer. */
export class ComputeError extends Data.TaggedError("ComputeError")<{
  readonly message: string
  /** HTTP status; `undefined` where there was none. */
  readonly status?: number | undefined
  /** For programs, such as `insufficient_quota`. */
  readonly code?: string | undefined
}> {
  constructor(message: string, status?: number, code?: string) {
    super({ message, status, code })
  }
}

export interface ApiOptions {
  /** The gateway, such as `https://market.example`. */
  readonly baseUrl: string
  /** `sk_live_…` of an account, or `hk_live_…` of a host. */
  readonly apiKey?: string
}

export interface JsonApi {
  /** The address without a slash at its end. */
  readonly base: string
  /** The answer's JSON; `undefined` where there is none. */
  readonly ask: (
    method: "DELETE" | "GET" | "PATCH" | "POST" | "PUT",
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<unknown>
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>
}

/** Throws a `ComputeError` where the address is none. */
export const makeJsonApi = ({ baseUrl, apiKey }: ApiOptions): JsonApi => {
  if (!/^https?:\/\//.test(baseUrl) || !URL.canParse(baseUrl))
    throw new ComputeError(
      `baseUrl ${baseUrl}: expected an http or https address such as https://market.example`,
    )
  const base = baseUrl.replace(/\/+$/, "")
  const authorization: Readonly<Record<string, string>> =
    apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }

  const send: JsonApi["fetch"] = async (path, init = {}) => {
    const response = await fetch(base + path, {
      ...init,
      headers: { ...authorization, ...init.headers },
    }).catch((error: Error) => {
      if (init.signal?.aborted === true) throw error
      const { cause } = error
      const why = cause instanceof Error && cause.message !== "" ? cause.message : error.message
      throw new ComputeError(`${base + path} cannot be reached: ${why}`)
    })
    if (response.ok) return response
    const answer: unknown = await response.json().catch(() => response.statusText)
    throw new ComputeError(messageOf(answer), response.status, codeOf(answer))
  }
  return {
    base,
    fetch: send,
    ask: async (method, path, body, headers = {}) => {
      const response = await send(path, {
        method,
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return response.status === 204 ? undefined : ((await response.json()) as unknown)
    },
  }
}

export const codeOf = (answer: unknown): string | undefined => {
  const error = isObject(answer) ? answer["error"] : undefined
  return isObject(error) && typeof error["code"] === "string" ? error["code"] : undefined
}

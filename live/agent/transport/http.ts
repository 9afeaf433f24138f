/**
 * The agent's calls over HTTP, to the gateway and to the model server beside it. `node:http` itself,
 * because an agent needs to send headers before there is a body, to see an answer that comes before
 * the body has ended, and to break off a call at once: all of them ways to stop a GPU early.
 */
import { Data } from "effect"
import { asError } from "../../../platform/cause.ts"
import type { ClientRequest, IncomingMessage } from "node:http"
import * as http from "node:http"
import * as https from "node:https"
import { errorText } from "../../../platform/model-server/error-text.ts"
import { retryAfterSeconds } from "../../http/retry-after.ts"

export interface CallOptions {
  readonly method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE"
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly json?: unknown
  readonly signal?: AbortSignal
  /** For the whole answer to begin; absent: as long as it takes. */
  readonly timeoutMillis?: number
}

/** The other side could not be reached, or the connection broke. */
export class Unreachable extends Data.TaggedError("Unreachable")<{ readonly message: string }> {}

const agents = {
  "http:": new http.Agent({ keepAlive: true }),
  "https:": new https.Agent({ keepAlive: true }),
}

/**
 * Starts a POST on a connection of its own; its body is the caller's to write. A kept connection may
 * turn out to be closed, and a body that streams cannot be sent again.
 */
export const openUpload = (url: URL, headers: Readonly<Record<string, string>>): ClientRequest =>
  (url.protocol === "http:" ? http : https).request(url, { method: "POST", headers, agent: false })

/**
 * Calls, and gives the answer once its headers are there. Rejects with `Unreachable`, or with the
 * signal's reason where that is what ended the call.
 */
export const call = (url: URL, options: CallOptions = {}): Promise<IncomingMessage> =>
  callOnce(url, options, url.protocol === "http:" ? agents["http:"] : agents["https:"])

const callOnce = (
  url: URL,
  options: CallOptions,
  agent: http.Agent | https.Agent | false,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { signal, timeoutMillis } = options
    const body = options.json === undefined ? undefined : JSON.stringify(options.json)
    const headers: Record<string, string> = { accept: "application/json", ...options.headers }
    if (body !== undefined) {
      headers["content-type"] = "application/json"
      headers["content-length"] = String(Buffer.byteLength(body))
    }
    if (signal?.aborted === true) return reject(asError(signal.reason))
    const request = (url.protocol === "http:" ? http : https).request(url, {
      method: options.method ?? "GET",
      headers,
      agent,
      ...(signal === undefined ? {} : { signal }),
    })
    const timer =
      timeoutMillis === undefined
        ? undefined
        : setTimeout(
            () => request.destroy(new Error(`no answer within ${timeoutMillis / 1000} s`)),
            timeoutMillis,
          )
    request.once("response", (response) => {
      clearTimeout(timer)
      resolve(response)
    })
    // Stays for the life of the request: an error after the answer began ends the answer's stream too.
    request.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      // The other side closed the kept connection just then: it has not seen the call.
      const isStale = request.reusedSocket && error.code === "ECONNRESET"
      if (isStale && agent !== false && signal?.aborted !== true)
        return resolve(callOnce(url, options, false))
      reject(signal?.aborted === true ? asError(signal.reason) : unreachable(url, error))
    })
    request.end(body)
  })

/** What went wrong on the way to `url`, in words for its operator. Its query is left out. */
const unreachable = (url: URL, error: unknown): Unreachable =>
  new Unreachable({ message: `${url.origin}${url.pathname}: ${causeOf(error)}` })

const causeOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === "ECONNREFUSED") return "nothing listens there (connection refused)"
  if (code === "ENOTFOUND") return "there is no such name (DNS)"
  // Several addresses were tried: the message is empty, the parts say it.
  if (error instanceof AggregateError) return error.errors.map(causeOf).at(0) ?? "unreachable"
  return message === "" ? (code ?? "unreachable") : message
}

/** No answer that is read whole is longer. */
const longestAnswerBytes = 16 * 1024 * 1024

export const textOf = async (response: IncomingMessage): Promise<string> => {
  let text = ""
  response.setEncoding("utf8")
  for await (const part of response) {
    text += part as string
    if (text.length > longestAnswerBytes) {
      response.destroy()
      throw new Error(`the answer is longer than ${longestAnswerBytes} bytes`)
    }
  }
  return text
}

/** The answer as JSON, or its text where it is none. */
export const jsonOf = async (response: IncomingMessage): Promise<unknown> => {
  const text = await textOf(response)
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** `Retry-After` of an answer. */
export const retryAfterSecondsOf = ({ headers }: IncomingMessage): number | undefined =>
  retryAfterSeconds(headers["retry-after"])

/** The human part of an error answer; all of it where there is none. */
export const messageOf = (answer: unknown): string =>
  clipped(errorText(answer) ?? JSON.stringify(answer) ?? "")

const clipped = (text: string): string => (text.length > 500 ? `${text.slice(0, 500)}…` : text)

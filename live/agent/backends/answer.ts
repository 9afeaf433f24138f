/**
 * Calls to a model server: its status becomes one of the kernel's outcomes (docs/rules.md#outcomes),
 * its text becomes chunks of an OpenAI stream.
 */
import { randomUUID } from "node:crypto"
import type { IncomingMessage } from "node:http"
import type { Normaliser } from "../../../platform/normaliser/normaliser.ts"
import { outcomeOfStatus } from "../../../platform/model-server/status.ts"
import type { CallOptions } from "../transport/http.ts"
import { call, jsonOf, messageOf, retryAfterSecondsOf, Unreachable } from "../transport/http.ts"
import type { BackendJob, Chunk } from "./backend.ts"
import { BackendError } from "./backend.ts"

/** POSTs to a model server, and gives its answer where that is a 2xx. */
export const post = async (
  url: URL,
  json: unknown,
  signal: AbortSignal,
  headers: CallOptions["headers"] = {},
): Promise<IncomingMessage> => {
  const response = await call(url, {
    method: "POST",
    json,
    signal,
    headers: { accept: "text/event-stream, application/x-ndjson, application/json", ...headers },
  }).catch((error: unknown) => {
    throw error instanceof Unreachable ? new BackendError("connectFailed", error.message) : error
  })
  const status = response.statusCode ?? 0
  if (status >= 200 && status < 300) return response
  const retryAfterSeconds = retryAfterSecondsOf(response)
  const detail = messageOf(await jsonOf(response))
  throw statusError(status, detail, retryAfterSeconds)
}

const statusError = (
  status: number,
  detail: string,
  retryAfterSeconds: number | undefined,
): BackendError => {
  const outcome = outcomeOfStatus(status, retryAfterSeconds !== undefined)
  const said = outcome === "upstreamError" ? `status ${status}: ${detail}` : detail
  return new BackendError(outcome, said, {
    status,
    ...(outcome === "backpressure" ? { retryAfterSeconds } : {}),
  })
}

/** Media type of an answer, without its parameters. */
export const mediaTypeOf = (response: IncomingMessage): string =>
  (response.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? ""

/** What an event of a model server brings, as chunks in OpenAI's form; the failure that it is, thrown. */
export function* chunksOf(answer: Normaliser, event: Chunk): Generator<Chunk, void, undefined> {
  const { chunk, usage, failure } = answer.take(event)
  // A chunk without a choice is a sign of life, which the gateway wants to see too.
  if (failure === undefined || chunk !== undefined)
    yield { ...(chunk ?? { choices: [] }), ...(usage === undefined ? {} : { usage }) }
  if (failure === undefined) return
  const { outcome, status, detail } = failure
  throw new BackendError(outcome, detail, status === undefined ? {} : { status })
}

/** JSON that came in a stream, or an error that says what came instead. */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new BackendError("malformed", `expected JSON, got ${JSON.stringify(text.slice(0, 200))}`)
  }
}

/**
 * A broken connection in the middle of an answer: what came before it counts, but the answer is cut
 * short. The signal's own reason passes.
 */
export async function* untilBroken<T>(
  parts: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* parts
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (error instanceof BackendError) throw error
    const { message } = error as Error
    throw new BackendError("truncated", `the answer broke off: ${message}`)
  }
}

export interface Usage {
  readonly promptTokens?: number | undefined
  readonly completionTokens: number
}

/** Makes the chunks of one OpenAI stream out of text. */
export const chunkWriter = ({ kind, body }: BackendJob, fingerprint?: string) => {
  const isChat = kind === "chat"
  const head = {
    id: `${isChat ? "chatcmpl" : "cmpl"}-${randomUUID()}`,
    object: isChat ? "chat.completion.chunk" : "text_completion",
    created: Math.floor(Date.now() / 1000),
    model: String(body["model"] ?? ""),
    ...(fingerprint === undefined ? {} : { system_fingerprint: fingerprint }),
  }
  let isFirst = true
  const choice = (text: string, finishReason: string | null): Chunk => {
    const delta = {
      ...(isFirst ? { role: "assistant" } : {}),
      ...(finishReason === null || text !== "" ? { content: text } : {}),
    }
    isFirst = false
    return {
      ...head,
      choices: [{ index: 0, ...(isChat ? { delta } : { text }), finish_reason: finishReason }],
    }
  }
  return {
    piece: (text: string): Chunk => choice(text, null),
    finish: (reason: string): Chunk => choice("", reason),
    usage: ({ promptTokens = 0, completionTokens }: Usage): Chunk => ({
      ...head,
      choices: [],
      usage: {
        prompt_tokens: promptTokens,
        completion_tokens: completionTokens,
        total_tokens: promptTokens + completionTokens,
      },
    }),
  }
}

/** Most tokens that the call allows; `Infinity` where it does not say. */
export const maxTokensOf = (body: BackendJob["body"]): number => {
  const most = body["max_completion_tokens"] ?? body["max_tokens"]
  return typeof most === "number" ? most : Infinity
}

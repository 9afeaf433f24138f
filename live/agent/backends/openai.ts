/**
 * Any server with the OpenAI API: vLLM, SGLang, TGI, llama.cpp, Ollama, LM Studio and many more.
 * Chunks pass through as they are; what this adds is strictness about how a stream ends.
 */
import type { IncomingMessage } from "node:http"
import { isObject } from "../../../platform/json-object.ts"
import { eventsOf } from "../event-stream.ts"
import { call, jsonOf, messageOf } from "../http.ts"
import { mediaTypeOf, parsed, post, untilBroken } from "./answer.ts"
import type { Backend, BackendJob, Chunk } from "./backend.ts"
import { BackendError } from "./backend.ts"

export interface OpenAiBackendOptions {
  /** Where the server is: with or without `/v1` at its end. */
  readonly endpoint: URL
  /** Sent as a bearer token, where the server wants one. */
  readonly key?: string | undefined
}

const paths = { chat: "chat/completions", completion: "completions", embedding: "embeddings" }

/** How long a server may take to list its models. */
const listMillis = 10_000

export const openAiBackend = ({ endpoint, key }: OpenAiBackendOptions): Backend => {
  const base = apiBase(endpoint)
  const headers: Readonly<Record<string, string>> =
    key === undefined ? {} : { authorization: `Bearer ${key}` }
  const models = async (): Promise<ReadonlyArray<string>> => {
    const response = await call(new URL("models", base), { headers, timeoutMillis: listMillis })
    const answer = await jsonOf(response)
    if (response.statusCode !== 200)
      throw new Error(
        `${base}models answers ${response.statusCode}: ${messageOf(answer)}; expected a server with the OpenAI API`,
      )
    return modelNames(answer)
  }
  return {
    description: `openai at ${base.href.replace(/\/$/, "")}`,
    start: async () => {
      await models()
    },
    stop: async () => {},
    isReady: () => true,
    models,
    generate: (job, signal) => generateOpenAi(base, headers, job, signal),
  }
}

/** The API's base with a slash at its end: `http://host:8000` and `http://host:8000/v1` are the same. */
export const apiBase = (endpoint: URL): URL => {
  const path = endpoint.pathname.replace(/\/+$/, "")
  return new URL(`${/\/v\d+$/.test(path) ? path : `${path}/v1`}/`, endpoint.origin)
}

const modelNames = (answer: unknown): ReadonlyArray<string> => {
  const data = isObject(answer) ? answer["data"] : undefined
  if (!Array.isArray(data)) return []
  return data.flatMap((one: unknown) =>
    isObject(one) && typeof one["id"] === "string" ? [one["id"]] : [],
  )
}

/** One call of an OpenAI-compatible server, as chunks. */
export async function* generateOpenAi(
  base: URL,
  headers: Readonly<Record<string, string>>,
  job: BackendJob,
  signal: AbortSignal,
): AsyncGenerator<Chunk, void, undefined> {
  const response = await post(new URL(paths[job.kind], base), job.body, signal, headers)
  yield* untilBroken(
    mediaTypeOf(response) === "text/event-stream"
      ? streamed(response)
      : whole(job, await jsonOf(response)),
    signal,
  )
}

/**
 * Chunks of a stream. It is whole where every choice has its finish reason; some servers send no
 * `[DONE]` after that, and none may send `[DONE]` instead of it.
 */
async function* streamed(response: IncomingMessage): AsyncGenerator<Chunk, void, undefined> {
  const open = new Set<unknown>([0])
  for await (const { event, data } of eventsOf(response)) {
    if (data === "[DONE]") break
    if (data === "") continue
    const chunk = parsed(data)
    if (!isObject(chunk))
      throw new BackendError("malformed", `expected a chunk, got ${data.slice(0, 200)}`)
    if (chunk["error"] !== undefined || event === "error")
      throw new BackendError("upstreamError", messageOf(chunk))
    followChoices(open, chunk)
    yield chunk
  }
  if (open.size > 0) throw new BackendError("truncated", "the stream ended without a finish reason")
}

const followChoices = (open: Set<unknown>, { choices }: Chunk): void => {
  if (!Array.isArray(choices)) return
  for (const choice of choices as ReadonlyArray<unknown>) {
    if (!isObject(choice)) continue
    if (typeof choice["finish_reason"] === "string") open.delete(choice["index"] ?? 0)
    else open.add(choice["index"] ?? 0)
  }
}

/** A whole answer: an embedding as it is, a chat or completion of a server that does not stream. */
async function* whole(job: BackendJob, answer: unknown): AsyncGenerator<Chunk, void, undefined> {
  if (!isObject(answer)) throw new BackendError("malformed", "expected a JSON object")
  if (answer["error"] !== undefined) throw new BackendError("upstreamError", messageOf(answer))
  if (job.kind === "embedding") return yield answer
  const { choices, usage, ...head } = answer
  if (!Array.isArray(choices) || choices.length === 0)
    throw new BackendError("malformed", "the answer has no choices")
  yield {
    ...head,
    ...(job.kind === "chat" ? { object: "chat.completion.chunk" } : {}),
    choices: choices.map((choice: unknown, index) => {
      if (!isObject(choice)) throw new BackendError("malformed", "a choice is not an object")
      const { message, ...rest } = choice
      return {
        index,
        finish_reason: "stop",
        ...rest,
        ...(isObject(message) ? { delta: message } : {}),
      }
    }),
  }
  if (isObject(usage)) yield { ...head, choices: [], usage }
}

/**
 * A worker: the operator's own inference server, behind one route.
 *
 * Request: `POST` to the endpoint URL as it stands (`http://127.0.0.1:8000/generate`), a JSON object:
 *
 *     model         what is asked for
 *     messages      [{role, content}, …] for a chat
 *     prompt        the text of a completion; for a chat the messages as one text
 *     input         for an embedding: a string or an array of strings
 *     max_tokens    longest answer, where the consumer limits it; and temperature, top_p, stop, seed,
 *                   presence_penalty and frequency_penalty where the consumer gives them
 *     stream        true (false for an embedding): a wish, not a duty
 *
 * Answer: any of these.
 *
 *     application/json        one whole item, see below; an embedding: {"embeddings": [[…], …]}
 *     application/x-ndjson    an item a line, the text in pieces
 *     text/event-stream       an item an event, the text in pieces; `data: [DONE]` may end it
 *     text/plain              the text itself
 *
 * An item is a string, or an object with the text in `text`, `generated_text`, `output`, `response`
 * or `token.text`, and where it is known `finish_reason` ("stop", "length") and `usage`
 * {prompt_tokens, completion_tokens}. `{"error": "…"}` ends the answer as a failure. An item with
 * `choices` is taken for a chunk of an OpenAI stream. An answer that ends without an error is whole.
 *
 * Statuses: 400, 413 and 422 are the consumer's fault, 429 and 503 with `Retry-After` say
 * "later", any other of 4xx and 5xx is a failure of the worker.
 */
import type { IncomingMessage } from "node:http"
import { isObject } from "../../../platform/json/json-object.ts"
import { finishOf } from "../../../platform/model-server/finish-reason.ts"
import { makeNormaliser } from "../../../platform/normaliser/normaliser.ts"
import { errorIn } from "../../../platform/model-server/stream-error.ts"
import { eventsOf, linesOf } from "../transport/event-stream.ts"
import { jsonOf, textOf } from "../transport/http.ts"
import { chunksOf, chunkWriter, mediaTypeOf, parsed, post, untilBroken } from "./answer.ts"
import type { Backend, BackendJob, Chunk } from "./backend.ts"
import { BackendError } from "./backend.ts"
import { messagesOf, promptText } from "./prompt.ts"

export interface WorkerBackendOptions {
  readonly endpoint: URL
  readonly key?: string | undefined
  /** Models that the worker serves: it has no way to say so itself. */
  readonly models: ReadonlyArray<string>
}

export const workerBackend = ({ endpoint, key, models }: WorkerBackendOptions): Backend => ({
  description: `worker at ${endpoint.origin}${endpoint.pathname}`,
  start: async () => {},
  stop: async () => {},
  isReady: () => true,
  models: async () => models,
  generate: (job, signal) => generate(endpoint, key, job, signal),
})

const passedOn = [
  "temperature",
  "top_p",
  "stop",
  "seed",
  "presence_penalty",
  "frequency_penalty",
] as const

const requestOf = (job: BackendJob): Readonly<Record<string, unknown>> => {
  const { kind, body } = job
  if (kind === "embedding") return { model: body["model"], input: body["input"], stream: false }
  return {
    model: body["model"],
    ...(kind === "chat" ? { messages: messagesOf(job) } : {}),
    prompt: promptText(job),
    max_tokens: body["max_completion_tokens"] ?? body["max_tokens"],
    ...Object.fromEntries(
      passedOn.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])),
    ),
    stream: true,
  }
}

async function* generate(
  endpoint: URL,
  key: string | undefined,
  job: BackendJob,
  signal: AbortSignal,
): AsyncGenerator<Chunk, void, undefined> {
  const headers: Record<string, string> =
    key === undefined ? {} : { authorization: `Bearer ${key}` }
  const response = await post(endpoint, requestOf(job), signal, headers)
  yield* untilBroken(
    job.kind === "embedding" ? embedded(job, response) : written(job, itemsOf(response)),
    signal,
  )
}

async function* itemsOf(response: IncomingMessage): AsyncGenerator<unknown, void, undefined> {
  switch (mediaTypeOf(response)) {
    case "text/event-stream":
      for await (const { data } of eventsOf(response)) {
        if (data === "[DONE]") return
        if (data !== "") yield parsed(data)
      }
      return
    case "application/x-ndjson":
    case "application/ndjson":
    case "application/jsonl":
      for await (const line of linesOf(response)) if (line.trim() !== "") yield parsed(line)
      return
    case "text/plain": {
      const decoder = new TextDecoder()
      for await (const part of response) yield decoder.decode(part as Uint8Array, { stream: true })
      return
    }
    default:
      yield parsed(await textOf(response))
  }
}

async function* written(
  job: BackendJob,
  items: AsyncIterable<unknown>,
): AsyncGenerator<Chunk, void, undefined> {
  const writer = chunkWriter(job)
  const answer = makeNormaliser(job.kind, job.body)
  let reason = "stop"
  let usage: Readonly<Record<string, unknown>> | undefined
  for await (const item of items) {
    if (isObject(item) && (Array.isArray(item["choices"]) || errorIn(item) !== undefined)) {
      yield* chunksOf(answer, item)
      continue
    }
    const text = textIn(item)
    if (text !== "") yield writer.piece(text)
    if (!isObject(item)) continue
    const finish = finishOf(item["finish_reason"])
    if (finish?.reason === "broken")
      throw new BackendError("truncated", "the worker says that it broke off")
    reason = finish?.reason ?? reason
    if (isObject(item["usage"])) usage = item["usage"]
  }
  if (!answer.isFinished()) yield writer.finish(reason)
  const completionTokens = usage?.["completion_tokens"]
  const promptTokens = usage?.["prompt_tokens"]
  if (typeof completionTokens === "number")
    yield writer.usage({
      completionTokens,
      promptTokens: typeof promptTokens === "number" ? promptTokens : 0,
    })
}

const textFields = ["text", "generated_text", "output", "response"]

/** The text of an item, under any of the names that inference servers give it. */
const textIn = (item: unknown): string => {
  if (typeof item === "string") return item
  if (Array.isArray(item)) return item.map(textIn).join("")
  if (!isObject(item)) throw new BackendError("malformed", `expected text, got ${typeof item}`)
  for (const field of textFields) {
    const value = item[field]
    if (typeof value === "string" || Array.isArray(value)) return textIn(value)
  }
  const token = item["token"]
  return isObject(token) && typeof token["text"] === "string" ? token["text"] : ""
}

async function* embedded(
  job: BackendJob,
  response: IncomingMessage,
): AsyncGenerator<Chunk, void, undefined> {
  const answer = await jsonOf(response)
  if (!isObject(answer)) throw new BackendError("malformed", "expected a JSON object")
  if (Array.isArray(answer["data"])) return yield answer
  const { embeddings, embedding, usage } = answer
  const vectors: ReadonlyArray<unknown> = Array.isArray(embeddings) ? embeddings : [embedding]
  if (!vectors.every(Array.isArray))
    throw new BackendError("malformed", "expected `embeddings`, an array of arrays of numbers")
  yield {
    object: "list",
    data: vectors.map((vector, index) => ({ object: "embedding", index, embedding: vector })),
    model: String(job.body["model"] ?? ""),
    ...(isObject(usage) ? { usage } : {}),
  }
}

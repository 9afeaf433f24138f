/**
 * A LangChain chain or agent behind LangServe: `POST …/stream` for server-sent events (`metadata`,
 * `data`, `error`, `end`), or `POST …/invoke` where a chain does not stream.
 *
 * What goes in is the chain's own choice. `GET …/input_schema` tells: a string gets the text of the
 * call; an object gets it under its key (`messages` as messages; `input`, `question`, `query`, `text`
 * or `prompt` as text; else its only required key); anything else gets messages, as chat models take.
 * What comes out is text, a message, or an object with the text in `output`, `answer`, `result` or
 * `text`.
 */
import { isObject } from "../../../platform/json/json-object.ts"
import { errorIn } from "../../../platform/model-server/stream-error.ts"
import { eventsOf } from "../transport/event-stream.ts"
import { call, jsonOf, messageOf } from "../transport/http.ts"
import { chunkWriter, maxTokensOf, parsed, post, untilBroken } from "./answer.ts"
import type { Backend, BackendJob, Chunk } from "./backend.ts"
import { BackendError } from "./backend.ts"
import { contentText, messagesOf, promptText } from "./prompt.ts"

export interface LangChainBackendOptions {
  /** Where the chain is mounted, such as `http://127.0.0.1:8000/my-chain`. */
  readonly endpoint: URL
  readonly key?: string | undefined
  /** Names under which the chain is sold: a chain has none of its own. */
  readonly models: ReadonlyArray<string>
  /** Key of the chain's input object, where its schema does not tell. */
  readonly inputKey?: string | undefined
}

/** How a chain takes its input. */
type InputShape =
  | { readonly _tag: "Text" }
  | { readonly _tag: "Messages" }
  | { readonly _tag: "Keyed"; readonly key: string; readonly inner: "Text" | "Messages" }

const schemaMillis = 10_000

export const langChainBackend = (options: LangChainBackendOptions): Backend => {
  const { endpoint, key, models, inputKey } = options
  const routeOf = (name: string): URL =>
    new URL(`${endpoint.pathname.replace(/\/+$/, "")}/${name}`, endpoint.origin)
  const headers: Readonly<Record<string, string>> =
    key === undefined ? {} : { authorization: `Bearer ${key}` }
  let shape: InputShape =
    inputKey === undefined ? { _tag: "Messages" } : { _tag: "Keyed", key: inputKey, inner: "Text" }
  return {
    description: `langchain at ${endpoint.origin}${endpoint.pathname}`,
    start: async () => {
      const url = routeOf("input_schema")
      const response = await call(url, { headers, timeoutMillis: schemaMillis })
      const schema = await jsonOf(response)
      if (inputKey === undefined && response.statusCode === 200) shape = shapeOf(schema)
    },
    stop: async () => {},
    isReady: () => true,
    models: async () => models,
    generate: (job, signal) => generate({ routeOf, headers, shape }, job, signal),
  }
}

const textKeys = ["input", "question", "query", "text", "prompt", "user_input", "topic"]

/** Reads the JSON Schema of a chain's input. */
export const shapeOf = (schema: unknown): InputShape => {
  if (!isObject(schema)) return { _tag: "Messages" }
  const { type, properties, required } = schema
  if (type === "string") return { _tag: "Text" }
  if (!isObject(properties)) return { _tag: "Messages" }
  const keys = Object.keys(properties)
  if (keys.includes("messages")) return { _tag: "Keyed", key: "messages", inner: "Messages" }
  const demanded = Array.isArray(required) ? required.filter((one) => typeof one === "string") : []
  const key = textKeys.find((one) => keys.includes(one)) ?? demanded[0] ?? keys[0]
  return key === undefined ? { _tag: "Messages" } : { _tag: "Keyed", key, inner: "Text" }
}

const messageTypes: Readonly<Record<string, string>> = {
  user: "human",
  assistant: "ai",
  developer: "system",
}

const inputOf = (shape: InputShape, job: BackendJob): unknown => {
  switch (shape._tag) {
    case "Text":
      return promptText(job)
    case "Messages":
      return messagesOf(job).map(({ role, content }) => ({
        type: messageTypes[role] ?? role,
        content,
      }))
    case "Keyed":
      return { [shape.key]: inputOf({ _tag: shape.inner }, job) }
  }
}

interface Chain {
  readonly routeOf: (name: string) => URL
  readonly headers: Readonly<Record<string, string>>
  readonly shape: InputShape
}

async function* generate(
  chain: Chain,
  job: BackendJob,
  signal: AbortSignal,
): AsyncGenerator<Chunk, void, undefined> {
  if (job.kind === "embedding")
    throw new BackendError("consumerError", "this chain makes text, no embeddings", { status: 400 })
  const writer = chunkWriter(job)
  const most = maxTokensOf(job.body)
  let pieces = 0
  let reason = "stop"
  for await (const text of untilBroken(textsOf(chain, job, signal), signal)) {
    if (text === "") continue
    yield writer.piece(text)
    // A chain knows no limit; a piece of a streaming model is one token, and nobody pays for more.
    if (++pieces >= most) {
      reason = "length"
      break
    }
  }
  yield writer.finish(reason)
}

async function* textsOf(
  chain: Chain,
  job: BackendJob,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const input = { input: inputOf(chain.shape, job) }
  const response = await post(chain.routeOf("stream"), input, signal, chain.headers).catch(
    (error: unknown) => {
      if (error instanceof BackendError && (error.status === 404 || error.status === 405))
        return undefined
      throw error
    },
  )
  if (response === undefined) return yield* invoked(chain, input, signal)
  for await (const { event, data } of eventsOf(response)) {
    if (event === "end") return
    if (event === "error") throw errorOf(parsed(data))
    if (event === "data" || event === "message") yield outputText(parsed(data))
  }
  throw new BackendError("truncated", "the chain's stream ended without its end event")
}

async function* invoked(
  chain: Chain,
  input: unknown,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const answer = await jsonOf(await post(chain.routeOf("invoke"), input, signal, chain.headers))
  if (!isObject(answer) || !("output" in answer))
    throw new BackendError("malformed", "expected an object with `output`")
  yield outputText(answer["output"])
}

const errorOf = (answer: unknown): BackendError => {
  const error = errorIn({ error: answer })
  const { status } = error ?? {}
  return new BackendError(
    error?.outcome ?? "upstreamError",
    messageOf(answer),
    status === undefined ? {} : { status },
  )
}

const outputFields = ["output", "answer", "result", "text"]

/** Text of what a chain puts out: a string, a message, or an object that holds it. */
const outputText = (output: unknown): string => {
  if (typeof output === "string") return output
  if (!isObject(output)) return output === null ? "" : JSON.stringify(output)
  if ("content" in output) return contentText(output["content"])
  const field = outputFields.find((one) => typeof output[one] === "string")
  // Agents stream their steps, too: what is no answer is not sold as one.
  return field === undefined ? "" : String(output[field])
}

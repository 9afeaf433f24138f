/**
 * Any server with the OpenAI API: vLLM, SGLang, TGI, llama.cpp, Ollama, LM Studio and many more. It is
 * read as the gateway reads those that it calls itself.
 */
import type { IncomingMessage } from "node:http"
import { makeAnswerReader } from "../../../platform/model-server/answer-reader.ts"
import { generationUrl, modelsUrl, shownBase } from "../../../platform/model-server/endpoint.ts"
import { isObject } from "../../../platform/json/json-object.ts"
import { makeNormaliser } from "../../../platform/normaliser/normaliser.ts"
import { call, jsonOf, messageOf } from "../transport/http.ts"
import { chunksOf, post } from "./answer.ts"
import type { Backend, BackendJob, Chunk } from "./backend.ts"
import { BackendError } from "./backend.ts"

export interface OpenAiBackendOptions {
  /** Where the API is, such as `http://127.0.0.1:8000/v1`; without a path, below `/v1`. */
  readonly endpoint: URL
  /** Sent as a bearer token, where the server wants one. */
  readonly key?: string | undefined
}

const longestAnswerBytes = 256 * 1024 * 1024
const longestEventChars = 8 * 1024 * 1024
const longestDocumentBytes = 64 * 1024 * 1024

/** How long a server may take to list its models. */
const listMillis = 10_000

export const openAiBackend = ({ endpoint, key }: OpenAiBackendOptions): Backend => {
  const base = shownBase(endpoint)
  const headers: Readonly<Record<string, string>> =
    key === undefined ? {} : { authorization: `Bearer ${key}` }
  const models = async (): Promise<ReadonlyArray<string>> => {
    const response = await call(modelsUrl(endpoint), { headers, timeoutMillis: listMillis })
    const answer = await jsonOf(response)
    if (response.statusCode !== 200)
      throw new Error(
        `${base}/models answers ${response.statusCode}: ${messageOf(answer)}; expected a server with the OpenAI API`,
      )
    return modelNames(answer)
  }
  return {
    description: `openai at ${base}`,
    start: async () => {
      await models()
    },
    stop: async () => {},
    isReady: () => true,
    models,
    generate: (job, signal) => generateOpenAi(endpoint, headers, job, signal),
  }
}

const modelNames = (answer: unknown): ReadonlyArray<string> => {
  const data = isObject(answer) ? answer["data"] : undefined
  if (!Array.isArray(data)) return []
  return data.flatMap((one: unknown) =>
    isObject(one) && typeof one["id"] === "string" ? [one["id"]] : [],
  )
}

/** One call of an OpenAI-compatible server, as chunks in OpenAI's form. */
export async function* generateOpenAi(
  endpoint: URL,
  headers: Readonly<Record<string, string>>,
  job: BackendJob,
  signal: AbortSignal,
): AsyncGenerator<Chunk, void, undefined> {
  const response = await post(generationUrl(endpoint, job.kind), job.body, signal, headers)
  const answer = makeNormaliser(job.kind, job.body)
  try {
    for await (const events of eventBatches(response, job))
      for (const event of events) yield* chunksOf(answer, event)
  } catch (error) {
    // What breaks behind the finish reason breaks nothing.
    if (signal.aborted) throw signal.reason
    if (answer.isFinished()) return
    if (error instanceof BackendError) throw error
    throw new BackendError("truncated", `the answer broke off: ${(error as Error).message}`)
  }
  if (!answer.isFinished())
    throw new BackendError("truncated", "the stream ended without a finish reason")
}

/** The events of an answer, as they come; an empty one is a sign of life. */
async function* eventBatches(
  response: IncomingMessage,
  job: BackendJob,
): AsyncGenerator<ReadonlyArray<Chunk>, void, undefined> {
  let events: Array<Chunk> = []
  let isDone = false
  let failure: BackendError | undefined
  let bytesLeft = longestAnswerBytes
  const limits = { eventChars: longestEventChars, documentBytes: longestDocumentBytes }
  const reader = makeAnswerReader(job.kind, limits, {
    event: (event) => events.push(event),
    alive: () => {
      if (events.length === 0) events.push({})
    },
    done: () => {
      isDone = true
    },
    malformed: (detail) => {
      failure ??= new BackendError("malformed", `expected an answer, got ${detail}`)
    },
  })
  const gathered = (): ReadonlyArray<Chunk> => {
    const batch = events
    events = []
    return batch
  }
  for await (const part of response) {
    const bytes = part as Uint8Array
    bytesLeft -= bytes.length
    if (bytesLeft < 0)
      throw new BackendError("malformed", `the answer is longer than ${longestAnswerBytes} bytes`)
    reader.take(bytes)
    yield gathered()
    if (failure !== undefined) throw failure
    if (isDone) return
  }
  reader.end()
  yield gathered()
  if (failure !== undefined) throw failure
}

/**
 * One streamed chat completion of an OpenAI-compatible server, timed. The server is a stranger: it may
 * stall, send garbage, never end, redirect, or claim what is not so. Everything that it can make its
 * reader keep or wait for is bounded, no redirect is followed (the key would go with it), and what it
 * says is quoted only in part, without the key.
 */
import { Data } from "effect"
import type { Agent, Dispatcher } from "undici"
import { errors, request } from "undici"
import { makeAnswerReader } from "../../platform/model-server/answer-reader.ts"
import { generationUrl } from "../../platform/model-server/endpoint.ts"
import { errorText } from "../../platform/model-server/error-text.ts"
import type { JsonObject } from "../../platform/json/json-object.ts"
import { parseObject } from "../../platform/json/json-object.ts"
import { makeNormaliser } from "../../platform/normaliser/normaliser.ts"
import { usageIn as tokensIn } from "../../platform/model-server/usage.ts"
import type { MeasuredStream } from "./measured-stream.ts"

export interface ChatServer {
  /** The API's base, such as `http://127.0.0.1:8000/v1`. */
  readonly endpoint: URL
  readonly model: string
  readonly key: string | undefined
  /** Longest silence: before the answer begins, and between two parts of it. */
  readonly timeoutMillis: number
  /** Longest for a whole answer. */
  readonly limitMillis: number
  readonly agent: Agent
}

export interface ChatRequest {
  readonly prompt: string
  readonly outputTokens: number
}

export class ServerFailed extends Data.TaggedError("ServerFailed")<{
  readonly message: string
  /** The server says that this is more than it takes at once (429, 503). */
  readonly isTooMuch: boolean
}> {}

/** Bytes of one answer: an event of a token takes 200 to 400. */
const MOST_BYTES_PER_TOKEN = 16 * 1024
/** Characters; no honest event of a chat stream comes near it. */
const LONGEST_EVENT = 256 * 1024
const MOST_ERROR_BYTES = 4096
const DRAINED_BYTES = 4096
const DRAINED_MILLIS = 500
const MOST_QUOTED = 300

/** Streams one completion to its end. Rejects with `ServerFailed`, or with the signal's reason. */
export const streamChat = async (
  server: ChatServer,
  chat: ChatRequest,
  signal: AbortSignal,
): Promise<MeasuredStream> => {
  const limit = AbortSignal.timeout(server.limitMillis)
  const stop = AbortSignal.any([signal, limit])
  try {
    return await readAnswer(server, chat, stop)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (error instanceof ServerFailed) throw error
    throw failure(server, limit.aborted ? tooLong(server) : reasonOf(error, server))
  }
}

const tooLong = ({ limitMillis }: ChatServer): string =>
  `an answer was not whole within ${limitMillis / 1000} s`

const reasonOf = (error: unknown, { timeoutMillis }: ChatServer): string => {
  const silent = `nothing came for ${timeoutMillis / 1000} s`
  if (error instanceof errors.HeadersTimeoutError) return silent
  if (error instanceof errors.BodyTimeoutError) return silent
  if (error instanceof errors.ConnectTimeoutError) return "no connection could be made"
  const { code, message } = error as NodeJS.ErrnoException
  if (code === "ECONNREFUSED") return "nothing listens there (connection refused)"
  if (code === "ENOTFOUND") return "there is no such name (DNS)"
  if (error instanceof AggregateError)
    return error.errors.length === 0
      ? "unreachable"
      : reasonOf(error.errors[0], { timeoutMillis } as ChatServer)
  return message === "" ? (code ?? "the connection broke") : message
}

/** The message names the address without its query, and never the key. */
const failure = (server: ChatServer, what: string, isTooMuch = false): ServerFailed => {
  const { endpoint, key } = server
  const text = key === undefined ? what : what.replaceAll(key, "(the key)")
  const short = text.length > MOST_QUOTED ? `${text.slice(0, MOST_QUOTED)}…` : text
  return new ServerFailed({
    message: `${endpoint.origin}${endpoint.pathname}: ${short}`,
    isTooMuch,
  })
}

const readAnswer = async (
  server: ChatServer,
  chat: ChatRequest,
  signal: AbortSignal,
): Promise<MeasuredStream> => {
  const startedMillis = performance.now()
  const answer = await request(generationUrl(server.endpoint, "chat"), {
    method: "POST",
    dispatcher: server.agent,
    headers: {
      "content-type": "application/json",
      accept: "text/event-stream",
      ...(server.key === undefined ? {} : { authorization: `Bearer ${server.key}` }),
    },
    body: JSON.stringify({
      model: server.model,
      messages: [{ role: "user", content: chat.prompt }],
      max_tokens: chat.outputTokens,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    }),
    headersTimeout: server.timeoutMillis,
    bodyTimeout: server.timeoutMillis,
    signal,
  })
  // What breaks the body off is told by reading it, or was our own doing.
  answer.body.on("error", () => {})
  try {
    if (answer.statusCode !== 200) throw await refusal(server, answer)
    return await readEvents(server, chat, startedMillis, answer.body)
  } catch (error) {
    answer.body.destroy()
    throw error
  }
}

type Body = Dispatcher.ResponseData["body"]

const readEvents = async (
  server: ChatServer,
  chat: ChatRequest,
  startedMillis: number,
  body: Body,
): Promise<MeasuredStream> => {
  const answer = makeNormaliser("chat", {})
  const pieceMillis: Array<number> = []
  let nowMillis = startedMillis
  let usage: Usage | undefined
  let isDone = false
  let wrong: string | undefined
  const limits = { eventChars: LONGEST_EVENT, documentBytes: LONGEST_EVENT }
  const reader = makeAnswerReader("chat", limits, {
    event: (event) => {
      usage = usageIn(event) ?? usage
      const taken = answer.take(event)
      if (taken.isText) pieceMillis.push(nowMillis)
      if (taken.failure !== undefined) wrong ??= `the answer broke off: ${taken.failure.detail}`
    },
    alive: () => {},
    done: () => {
      isDone = true
    },
    malformed: (detail) => {
      wrong ??= `it is no answer: ${detail}`
    },
  })
  const check = (): void => {
    if (wrong !== undefined) throw failure(server, wrong)
    if (pieceMillis.length > chat.outputTokens)
      throw failure(
        server,
        `the answer has more pieces than the ${chat.outputTokens} tokens asked for`,
      )
  }
  let bytesLeft = (chat.outputTokens + 64) * MOST_BYTES_PER_TOKEN
  for await (const bytes of partsOf(body)) {
    nowMillis = performance.now()
    bytesLeft -= bytes.length
    if (bytesLeft < 0) throw failure(server, "the answer is far longer than was asked for")
    reader.take(bytes)
    check()
    if (!isDone) continue
    await drain(body)
    return whole(server, chat, { startedMillis, pieceMillis, usage })
  }
  reader.end()
  check()
  if (!isDone && !answer.isFinished())
    throw failure(server, "the answer ended early, with neither [DONE] nor a finish reason")
  return whole(server, chat, { startedMillis, pieceMillis, usage })
}

/** The parts of a body, which is not destroyed where its reader stops. */
const partsOf = (body: Body): AsyncIterable<Uint8Array> => body.iterator({ destroyOnReturn: false })

/**
 * Takes what is left after the last event, so that the connection can serve the next call: opening one
 * is no part of the first token. A server that does not end it loses the connection.
 */
const drain = async (body: Body): Promise<void> => {
  try {
    await body.dump({ limit: DRAINED_BYTES, signal: AbortSignal.timeout(DRAINED_MILLIS) })
  } catch {
    body.destroy()
  }
}

const refusal = async (
  server: ChatServer,
  answer: Dispatcher.ResponseData,
): Promise<ServerFailed> => {
  const { statusCode, headers, body } = answer
  if (statusCode >= 300 && statusCode < 400) {
    const { location } = headers
    const elsewhere = typeof location === "string" ? `, to ${location}` : ""
    return failure(
      server,
      `it redirects (${statusCode}${elsewhere}), and redirects are not followed`,
    )
  }
  const parts: Array<Uint8Array> = []
  let size = 0
  for await (const part of partsOf(body)) {
    parts.push(part)
    size += part.length
    if (size > MOST_ERROR_BYTES) break
  }
  const text = Buffer.concat(parts).toString("utf8").slice(0, MOST_ERROR_BYTES)
  const said = errorText(parseObject(text)) ?? text.trim()
  const isTooMuch = statusCode === 429 || statusCode === 503
  return failure(server, `status ${statusCode}${said === "" ? "" : `: ${said}`}`, isTooMuch)
}

interface Timed {
  readonly startedMillis: number
  readonly pieceMillis: ReadonlyArray<number>
  readonly usage: Usage | undefined
}

/** The answer, once it is whole and what it claims can be. */
const whole = (server: ChatServer, chat: ChatRequest, timed: Timed): MeasuredStream => {
  const { startedMillis, pieceMillis, usage } = timed
  if (usage === undefined)
    throw failure(
      server,
      "the answer does not say how many tokens it read and wrote; stream_options.include_usage must be supported",
    )
  if (pieceMillis.length === 0) throw failure(server, "the answer was empty")
  const { promptTokens, outputTokens } = usage
  if (outputTokens < pieceMillis.length || outputTokens > chat.outputTokens)
    throw failure(
      server,
      `the answer claims ${outputTokens} tokens in ${pieceMillis.length} pieces, where ${chat.outputTokens} were asked for`,
    )
  // A token is a character at least; templates add some of their own.
  if (promptTokens > chat.prompt.length + 4096)
    throw failure(server, `the answer claims a prompt of ${promptTokens} tokens, which it was not`)
  return { startedMillis, pieceMillis, promptTokens, outputTokens }
}

interface Usage {
  readonly promptTokens: number
  readonly outputTokens: number
}

const usageIn = (event: JsonObject): Usage | undefined => {
  const { prompt_tokens: promptTokens, completion_tokens: outputTokens } = tokensIn(event) ?? {}
  const isSaid = promptTokens !== undefined && outputTokens !== undefined
  return isSaid && promptTokens > 0 && outputTokens > 0 ? { promptTokens, outputTokens } : undefined
}

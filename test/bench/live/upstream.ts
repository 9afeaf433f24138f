/**
 * The model server that everything is measured against: answers at once, or in a stream of so many
 * tokens a second, each of which carries the time at which it was sent.
 *
 * Runs as a process of its own: `node upstream.js PORT_FILE`. The first message says what
 * to do: "paced:TOKENS:PER_SECOND" for a stream; anything else is answered at once.
 */
import { createServer } from "node:http"
import type { IncomingMessage, ServerResponse } from "node:http"
import { announcePort } from "./processes.ts"

/** CLOCK_MONOTONIC, ms: the same clock in every process of the machine. */
const monotonicMillis = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000

const chunk = (content: string, finish: string | null): string =>
  `data: ${JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "mock",
    choices: [{ index: 0, delta: { role: "assistant", content }, finish_reason: finish }],
  })}\n\n`

const usage = (tokens: number): string =>
  `data: ${JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "mock",
    choices: [],
    usage: { prompt_tokens: 9, completion_tokens: tokens, total_tokens: 9 + tokens },
  })}\n\ndata: [DONE]\n\n`

const short = chunk("Hello there", "stop") + usage(2)

const answerAtOnce = (isStream: boolean, response: ServerResponse): void => {
  if (isStream) {
    response.writeHead(200, { "content-type": "text/event-stream" })
    response.end(short)
    return
  }
  response.writeHead(200, { "content-type": "application/json" })
  response.end(
    JSON.stringify({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1,
      model: "mock",
      choices: [
        { index: 0, message: { role: "assistant", content: "Hello there" }, finish_reason: "stop" },
      ],
      usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
    }),
  )
}

const answerPaced = (tokens: number, perSecond: number, response: ServerResponse): void => {
  response.writeHead(200, { "content-type": "text/event-stream" })
  let sent = 0
  const timer = setInterval(() => {
    sent += 1
    response.write(chunk(` t${monotonicMillis().toFixed(3)}`, sent === tokens ? "stop" : null))
    if (sent < tokens) return
    clearInterval(timer)
    response.end(usage(tokens))
  }, 1000 / perSecond)
  response.on("close", () => clearInterval(timer))
}

const take = (request: IncomingMessage, response: ServerResponse): void => {
  const parts: Array<Buffer> = []
  request.on("data", (part: Buffer) => void parts.push(part))
  request.on("end", () => {
    const body = JSON.parse(Buffer.concat(parts).toString() || "{}") as {
      readonly stream?: boolean
      readonly messages?: ReadonlyArray<{ readonly content?: unknown }>
    }
    const [kind, tokens, perSecond] = String(body.messages?.[0]?.content ?? "").split(":")
    if (kind === "paced") answerPaced(Number(tokens), Number(perSecond), response)
    else answerAtOnce(body.stream === true, response)
  })
}

const server = createServer(take)
server.keepAliveTimeout = 600_000
server.listen(0, "127.0.0.1", () => announcePort(server))

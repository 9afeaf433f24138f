/**
 * A model server on loopback whose speed is known: continuous batching in real time, as the service
 * model has it. Prompts are read one after the other, and decoding waits meanwhile; all streams then
 * get a token a step. Whatever is due is computed on a clock of its own, so that a timer that fires
 * late delays one token and no other.
 */
import type { AddressInfo } from "node:net"
import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer } from "node:http"

export interface Speed {
  readonly stepMillis: number
  readonly streamMillis: number
  readonly contextMillisPerToken: number
  readonly prefillMillisPerToken: number
  readonly overheadMillis: number
  /** Streams decoded at once; others wait. */
  readonly slots: number
}

interface Job {
  readonly response: ServerResponse
  readonly promptTokens: number
  readonly outputTokens: number
  tokens: number
}

export interface FakeServer {
  readonly endpoint: string
  readonly requests: ReadonlyArray<{ readonly url: string; readonly authorization: string }>
  readonly close: () => Promise<void>
}

const chunk = (delta: object, extra: object = {}): string =>
  `data: ${JSON.stringify({ object: "chat.completion.chunk", choices: [{ index: 0, delta }], ...extra })}\n\n`

const sleepUntil = (atMillis: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, atMillis - performance.now())))

/** Starts a server that is as fast as it is told. */
export const startFakeServer = async (speed: Speed): Promise<FakeServer> => {
  const waiting: Array<{ readonly job: Job; readonly sinceMillis: number }> = []
  const decoding: Array<Job> = []
  const requests: Array<{ url: string; authorization: string }> = []
  let isRunning = false

  const finish = ({ response, promptTokens, outputTokens }: Job): void => {
    response.write(
      `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: promptTokens, completion_tokens: outputTokens } })}\n\n`,
    )
    response.end("data: [DONE]\n\n")
  }
  const emit = (job: Job): void => {
    job.tokens++
    job.response.write(chunk({ content: " word" }))
    if (job.tokens < job.outputTokens) return
    finish(job)
    decoding.splice(decoding.indexOf(job), 1)
  }
  const run = async (): Promise<void> => {
    isRunning = true
    let nowMillis = performance.now()
    while (waiting.length + decoding.length > 0) {
      const next = decoding.length < speed.slots ? waiting.shift() : undefined
      if (next !== undefined) {
        nowMillis =
          Math.max(nowMillis, next.sinceMillis) +
          next.job.promptTokens * speed.prefillMillisPerToken
        await sleepUntil(nowMillis)
        decoding.push(next.job)
        emit(next.job)
        continue
      }
      const context = decoding.reduce((sum, job) => sum + job.promptTokens + job.tokens, 0)
      nowMillis +=
        speed.stepMillis +
        speed.streamMillis * decoding.length +
        speed.contextMillisPerToken * context
      await sleepUntil(nowMillis)
      for (const job of decoding.slice()) emit(job)
    }
    isRunning = false
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { messages, max_tokens: outputTokens } = JSON.parse(await textOf(request))
    const sinceMillis = performance.now() + speed.overheadMillis
    const promptTokens = String(messages[0].content).split(" ").length
    response.writeHead(200, { "content-type": "text/event-stream" })
    response.write(chunk({ role: "assistant", content: "" }))
    await sleepUntil(sinceMillis)
    waiting.push({ job: { response, promptTokens, outputTokens, tokens: 0 }, sinceMillis })
    if (!isRunning) void run()
  }
  const server = createServer((request, response) => {
    requests.push({ url: request.url ?? "", authorization: request.headers.authorization ?? "" })
    void answer(request, response)
  })
  return { ...(await listening(server)), requests }
}

export const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = ""
  for await (const part of request) text += String(part)
  return text
}

export const listening = async (
  server: ReturnType<typeof createServer>,
): Promise<Pick<FakeServer, "endpoint" | "close">> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}/v1`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A host's OpenAI server, as a test wants it to behave. */
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

export interface HostCall {
  readonly path: string
  readonly headers: IncomingMessage["headers"]
  readonly body: Readonly<Record<string, unknown>>
  readonly response: ServerResponse
  /** When the gateway closed the connection before the end, ms. */
  closedAtMillis: number | undefined
}

export interface MockHost {
  readonly endpoint: string
  readonly calls: Array<HostCall>
  readonly close: () => Promise<void>
}

/** Listens on a free port of this machine. `answer` gets each call, whole. */
export const openMockHost = async (answer: (call: HostCall) => void): Promise<MockHost> => {
  const calls: Array<HostCall> = []
  const server: Server = createServer((request, response) => {
    const parts: Array<Buffer> = []
    request.on("data", (part: Buffer) => parts.push(part))
    request.on("end", () => {
      const call: HostCall = {
        path: request.url ?? "",
        headers: request.headers,
        body: JSON.parse(Buffer.concat(parts).toString("utf8")) as HostCall["body"],
        response,
        closedAtMillis: undefined,
      }
      calls.push(call)
      response.on("close", () => {
        if (!response.writableFinished) call.closedAtMillis = performance.now()
      })
      answer(call)
    })
  })
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    calls,
    close: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

export const event = (chunk: unknown): string => `data: ${JSON.stringify(chunk)}\n\n`

const chunkOf = (path: string, text: string, finishReason: string | null) => ({
  id: "host-id",
  object: "x",
  created: 1,
  model: "host-model",
  choices: [
    path.endsWith("/chat/completions")
      ? { index: 0, delta: text === "" ? {} : { content: text }, finish_reason: finishReason }
      : { index: 0, text, finish_reason: finishReason },
  ],
})

/** Streams these texts, then the usage, as a well-behaved server does. */
export const streamTexts = (call: HostCall, texts: ReadonlyArray<string>): void => {
  const { response, path } = call
  response.writeHead(200, { "content-type": "text/event-stream" })
  if (path.endsWith("/chat/completions"))
    response.write(event({ choices: [{ index: 0, delta: { role: "assistant", content: "" } }] }))
  for (const text of texts) response.write(event(chunkOf(path, text, null)))
  response.write(event(chunkOf(path, "", "stop")))
  response.write(
    event({ choices: [], usage: { prompt_tokens: 9, completion_tokens: texts.length } }),
  )
  response.end("data: [DONE]\n\n")
}

/** Embeddings of three numbers for each input. */
export const answerEmbeddings = (call: HostCall): void => {
  const { input } = call.body
  const count = Array.isArray(input) ? input.length : 1
  call.response.writeHead(200, { "content-type": "application/json" })
  call.response.end(
    JSON.stringify({
      object: "list",
      data: Array.from({ length: count }, (_, index) => ({
        object: "embedding",
        index,
        embedding: [0.25, -0.5, index],
      })),
      model: "host-model",
      usage: { prompt_tokens: 3, total_tokens: 3 },
    }),
  )
}

/** An answer of that status, in OpenAI's error shape. */
export const refuse = (
  call: HostCall,
  status: number,
  message: string,
  headers: Record<string, string> = {},
): void => {
  call.response.writeHead(status, { "content-type": "application/json", ...headers })
  call.response.end(JSON.stringify({ error: { message, type: "x", param: null, code: null } }))
}

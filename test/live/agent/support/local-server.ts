/** A small HTTP server on a free port of this machine. */
import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

export interface LocalServer {
  readonly url: URL
  /** Takes new connections no more and breaks off those that are open. */
  readonly close: () => Promise<void>
}

export interface Asked {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingMessage["headers"]
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The whole body as JSON; `undefined` where there is none. */
  readonly json: () => Promise<unknown>
}

export const localServer = (answer: (asked: Asked) => unknown, port = 0): Promise<LocalServer> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      const json = async (): Promise<unknown> => {
        let text = ""
        for await (const part of request) text += String(part)
        return text === "" ? undefined : JSON.parse(text)
      }
      const url = new URL(request.url ?? "/", "http://127.0.0.1")
      const { method = "GET", headers } = request
      void answer({ method, url, headers, request, response, json })
    })
    server.listen(port, "127.0.0.1", () => {
      const { port: taken } = server.address() as AddressInfo
      resolve({
        url: new URL(`http://127.0.0.1:${taken}`),
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            server.closeAllConnections()
          }),
      })
    })
  })

export const sendJson = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
}

/** Server-sent events of these texts. */
export const sendEvents = (response: ServerResponse, data: ReadonlyArray<string>): void => {
  response.writeHead(200, { "content-type": "text/event-stream" })
  response.end(data.map((one) => `data: ${one}\n\n`).join(""))
}

export const chunkOf = (content: string, finishReason: string | null = null) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "m",
  choices: [{ index: 0, delta: { content }, finish_reason: finishReason }],
})

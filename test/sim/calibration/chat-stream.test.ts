import { createServer } from "node:http"
import type { RequestListener, ServerResponse } from "node:http"
import { afterEach, describe, expect, it } from "vitest"
import { Agent } from "undici"
import { ServerFailed, streamChat } from "../../../sim/calibration/chat-stream.ts"
import { listening, textOf } from "./fake-server.ts"

const key = "sk-very-secret-0123456789"
const closers: Array<() => Promise<void>> = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

const outputTokens = 4
const content = (text: string): string =>
  `data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`
const usage = (prompt_tokens: unknown, completion_tokens: unknown): string =>
  `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens, completion_tokens } })}\n\n`
const done = "data: [DONE]\n\n"
const good = content("a") + content("b") + usage(20, 2) + done

const serve = async (listener: RequestListener) => {
  const server = await listening(createServer(listener))
  const agent = new Agent({ connections: 4, pipelining: 1 })
  closers.push(server.close, () => agent.destroy())
  return { endpoint: new URL(server.endpoint), agent }
}

/** What comes of a call to a server that answers like this. */
const call = async (listener: RequestListener, signal = new AbortController().signal) => {
  const { endpoint, agent } = await serve(listener)
  const server = { endpoint, model: "m", key, timeoutMillis: 300, limitMillis: 1500, agent }
  return streamChat(server, { prompt: "a few words of a prompt", outputTokens }, signal)
}

const failureOf = async (listener: RequestListener): Promise<ServerFailed> => {
  const error = await call(listener).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ServerFailed)) throw new Error(`not refused: ${String(error)}`)
  expect(error.message).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1: /)
  expect(error.message).not.toContain(key)
  expect(error.message.length).toBeLessThan(500)
  return error
}

/** An answer that begins as it should, and goes on as the function has it. */
const answering =
  (write: (response: ServerResponse) => void): RequestListener =>
  (_request, response) => {
    response.on("error", () => {})
    response.writeHead(200, { "content-type": "text/event-stream" })
    write(response)
  }
const saying = (text: string) => answering((response) => response.end(text))

describe("a streamed completion", () => {
  it("is timed piece by piece, and asks for usage with the key in its header", async () => {
    let seen:
      { body: unknown; url: string | undefined; authorization: string | undefined } | undefined
    const answer: (...sides: Parameters<RequestListener>) => Promise<void> = async (
      request,
      response,
    ) => {
      const { url, headers } = request
      seen = { body: JSON.parse(await textOf(request)), url, authorization: headers.authorization }
      response.writeHead(200)
      response.write(content(""))
      setTimeout(() => response.write(content("a")), 60)
      setTimeout(() => response.end(content("b") + usage(7, 3) + done), 160)
    }
    const measured = await call((request, response) => void answer(request, response))
    expect(measured).toMatchObject({ promptTokens: 7, outputTokens: 3 })
    const [first, second, ...others] = measured.pieceMillis
    expect(others).toEqual([])
    expect(first - measured.startedMillis).toBeGreaterThanOrEqual(55)
    expect(second - first).toBeGreaterThanOrEqual(80)
    expect(seen).toMatchObject({
      url: "/v1/chat/completions",
      authorization: `Bearer ${key}`,
      body: { model: "m", max_tokens: 4, stream: true, stream_options: { include_usage: true } },
    })
  })

  it("may be cut anywhere, and end its lines as it likes", async () => {
    const bytes = Buffer.from(
      `: hello\r\n\r\n${good.replaceAll("\n", "\r\n")}`.replace('"a"', '"é"'),
    )
    const measured = await call(
      answering((response) => {
        for (let i = 0; i < bytes.length; i += 3) response.write(bytes.subarray(i, i + 3))
        response.end()
      }),
    )
    expect(measured.pieceMillis.length).toBe(2)
  })

  it("counts although the server never closes it after its end", async () => {
    const measured = await call(answering((response) => response.write(good)))
    expect(measured.outputTokens).toBe(2)
  })

  it("uses a connection again", async () => {
    let connections = 0
    const server = createServer(saying(good))
    server.on("connection", () => connections++)
    const { endpoint, close } = await listening(server)
    const agent = new Agent({ connections: 1, pipelining: 1 })
    closers.push(close, () => agent.destroy())
    const one = {
      endpoint: new URL(endpoint),
      model: "m",
      key,
      timeoutMillis: 300,
      limitMillis: 1500,
      agent,
    }
    for (let i = 0; i < 5; i++)
      await streamChat(one, { prompt: "words", outputTokens }, new AbortController().signal)
    expect(connections).toBe(1)
  })

  it("stops at once when it is told to, with the reason given", async () => {
    const controller = new AbortController()
    const reason = new Error("enough")
    const begun = performance.now()
    const stopped = call(() => {
      setTimeout(() => controller.abort(reason), 50)
    }, controller.signal)
    await expect(stopped).rejects.toBe(reason)
    expect(performance.now() - begun).toBeLessThan(250)
  })
})

describe("a server that means no good", () => {
  const forever = (write: (response: ServerResponse) => void) =>
    answering((response) => {
      const timer = setInterval(() => write(response), 1)
      response.on("close", () => clearInterval(timer))
    })

  it.each<readonly [string, RequestListener, RegExp]>([
    ["never answers", () => {}, /nothing came for 0\.3 s/],
    [
      "stalls after its head",
      answering((response) => response.flushHeaders()),
      /nothing came for 0\.3 s/,
    ],
    [
      "stalls in the middle",
      answering((response) => response.write(content("a"))),
      /nothing came for 0\.3 s/,
    ],
    ["closes at once", (request) => request.socket.destroy(), /: ./],
    [
      "closes in the middle",
      answering((response) => {
        response.write(content("a"))
        setTimeout(() => response.destroy(), 20)
      }),
      /: ./,
    ],
    ["ends early", saying(content("a") + usage(3, 1)), /ended early/],
    ["says nothing", saying(""), /ended early/],
    ["sends garbage", saying("data: \u0000\u0001 nonsense\n\n"), /no JSON object/],
    ["sends other JSON", saying("data: [1,2]\n\n"), /no JSON object/],
    ["sends null", saying("data: null\n\n"), /no JSON object/],
    [
      "sends odd shapes",
      saying('data: {"choices": [null, 5, {"delta": []}], "usage": 3}\n\n' + done),
      /does not say how many tokens/,
    ],
    [
      "breaks off with an error",
      saying(`${content("a")}data: {"error": {"message": "out of memory"}}\n\n`),
      /broke off: out of memory/,
    ],
    ["generates nothing", saying(usage(3, 1) + done), /was empty/],
    ["counts nothing", saying(content("a") + done), /include_usage must be supported/],
    [
      "claims more tokens than asked for",
      saying(content("a") + usage(3, 1e6) + done),
      /claims 1000000 tokens/,
    ],
    [
      "claims fewer tokens than pieces",
      saying(content("a") + content("b") + usage(3, 1) + done),
      /claims 1 tokens in 2 pieces/,
    ],
    [
      "claims an endless prompt",
      saying(content("a") + usage(1e9, 1) + done),
      /claims a prompt of 1000000000/,
    ],
    [
      "counts in fractions",
      saying(content("a") + usage(3.5, 1) + done),
      /does not say how many tokens/,
    ],
    [
      "generates more than asked for",
      saying(content("a").repeat(50) + done),
      /more pieces than the 4 tokens/,
    ],
    [
      "generates without end",
      forever((response) => response.write(content("a"))),
      /more pieces than the 4 tokens/,
    ],
    [
      "pings without end",
      forever((response) => response.write(": ping\n\n")),
      /not whole within 1\.5 s/,
    ],
    [
      "sends one endless line",
      forever((response) => response.write("x".repeat(20_000))),
      /an event that does not end/,
    ],
    [
      "sends bulk",
      forever((response) => response.write(`: ${"x".repeat(99_000)}\n`)),
      /far longer than was asked for/,
    ],
    [
      "redirects",
      (_request, response) => {
        response.writeHead(307, { location: "http://evil.example/v1/chat/completions" }).end()
      },
      /redirects \(307, to http:\/\/evil\.example.*not followed/,
    ],
    [
      "is not found",
      (_request, response) => {
        response.writeHead(404).end('{"error": {"message": "no such model"}}')
      },
      /status 404: no such model$/,
    ],
    [
      "fails in HTML",
      (_request, response) => {
        response.writeHead(500).end(`<html>${"x".repeat(100_000)}`)
      },
      /status 500: <html>x+…$/,
    ],
    [
      "fails without end",
      (_request, response) => {
        response.on("error", () => {})
        response.writeHead(500)
        const timer = setInterval(() => response.write("x".repeat(1000)), 1)
        response.on("close", () => clearInterval(timer))
      },
      /status 500: x+…$/,
    ],
    [
      "repeats the key",
      (request, response) => {
        response.writeHead(401).end(`{"error": "bad key ${request.headers.authorization}"}`)
      },
      /status 401: bad key Bearer \(the key\)$/,
    ],
    ["speaks no HTTP", (request) => request.socket.end("SSH-2.0-OpenSSH_9.6\r\n"), /: ./],
  ])("%s: it is refused, with what it did", async (_what, listener, expected) => {
    const begun = performance.now()
    const { message, isTooMuch } = await failureOf(listener)
    expect(message).toMatch(expected)
    expect(isTooMuch).toBe(false)
    expect(performance.now() - begun).toBeLessThan(4000)
  })

  it("that is not there is told apart from one that has too much to do", async () => {
    const { endpoint, close } = await listening(createServer())
    await close()
    const agent = new Agent()
    closers.push(() => agent.destroy())
    const gone = {
      endpoint: new URL(endpoint),
      model: "m",
      key,
      timeoutMillis: 300,
      limitMillis: 900,
      agent,
    }
    const refused = streamChat(
      gone,
      { prompt: "words", outputTokens },
      new AbortController().signal,
    )
    await expect(refused).rejects.toThrow(/nothing listens there/)
    for (const status of [429, 503]) {
      const { isTooMuch } = await failureOf((_request, response) => {
        response.writeHead(status).end("busy")
      })
      expect(isTooMuch).toBe(true)
    }
  })

  it("does not make its reader keep what it sends", async () => {
    const before = process.memoryUsage().rss
    await failureOf(forever((response) => response.write("x".repeat(200_000))))
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6)
  })
})

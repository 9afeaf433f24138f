import { afterEach, describe, expect, test } from "vitest"
import { openAiBackend } from "../../../../live/agent/backends/openai.ts"
import { BackendError } from "../../../../live/agent/backends/backend.ts"
import { chat, finishOf, gathered, generated, textOf } from "../support/generated.ts"
import type { Asked, LocalServer } from "../support/local-server.ts"
import { until } from "../support/eventually.ts"
import { chunkOf, localServer, sendEvents, sendJson } from "../support/local-server.ts"

let server: LocalServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})
const backendFor = async (answer: (asked: Asked) => unknown, key?: string) => {
  server = await localServer(answer)
  return openAiBackend({ endpoint: server.url, key })
}
const json = JSON.stringify

describe("an OpenAI-compatible server", () => {
  test("chunks pass in OpenAI's form", async () => {
    let asked: { path: string; body: unknown; key: unknown } | undefined
    const backend = await backendFor(async ({ url, headers, json: body, response }) => {
      asked = { path: url.pathname, body: await body(), key: headers.authorization }
      const usage = { ...chunkOf(""), choices: [], usage: { completion_tokens: 2 } }
      sendEvents(response, [
        json(chunkOf("Hel")),
        json(chunkOf("lo")),
        json(chunkOf("", "stop")),
        json(usage),
        "[DONE]",
      ])
    }, "secret")
    const { chunks, error } = await generated(backend, chat())
    expect(error).toBeUndefined()
    expect(textOf(chunks)).toBe("Hello")
    expect(finishOf(chunks)).toBe("stop")
    expect(chunks.at(-1)).toMatchObject({ usage: { completion_tokens: 2 } })
    expect(asked).toEqual({
      path: "/v1/chat/completions",
      body: chat().body,
      key: "Bearer secret",
    })
  })

  test("completions and embeddings have routes of their own", async () => {
    const paths: Array<string> = []
    const backend = await backendFor(({ url, response }) => {
      paths.push(url.pathname)
      if (url.pathname === "/v1/embeddings")
        return sendJson(response, { object: "list", data: [{ embedding: [1] }] })
      return sendEvents(response, [json({ choices: [{ text: "a", finish_reason: "length" }] })])
    })
    const completion = await generated(backend, { kind: "completion", body: { prompt: "p" } })
    const embedding = await generated(backend, { kind: "embedding", body: { input: "p" } })
    expect(completion.error).toBeUndefined()
    expect(embedding.chunks).toEqual([
      { object: "list", data: [{ object: "embedding", index: 0, embedding: [1] }] },
    ])
    expect(paths).toEqual(["/v1/completions", "/v1/embeddings"])
  })

  test("a server that does not stream is understood", async () => {
    const backend = await backendFor(({ response }) =>
      sendJson(response, {
        id: "x",
        object: "chat.completion",
        model: "m",
        choices: [
          { index: 0, message: { role: "assistant", content: "All" }, finish_reason: "stop" },
        ],
        usage: { prompt_tokens: 1, completion_tokens: 1 },
      }),
    )
    const { chunks, error } = await generated(backend, chat())
    expect(error).toBeUndefined()
    expect(textOf(chunks)).toBe("All")
    expect(finishOf(chunks)).toBe("stop")
    expect(chunks).toMatchObject([{ usage: { completion_tokens: 1 } }])
  })

  test.each([
    [400, {}, "consumerError"],
    [404, {}, "notServed"],
    [402, {}, "upstreamError"],
    [422, {}, "consumerError"],
    [401, {}, "credentialRefused"],
    [403, {}, "credentialRefused"],
    [429, { "retry-after": "7" }, "backpressure"],
    [503, { "retry-after": "7" }, "backpressure"],
    [503, {}, "upstreamError"],
    [500, {}, "upstreamError"],
    [302, { location: "/elsewhere" }, "upstreamError"],
  ] as const)("status %i with %j is %s", async (status, headers, outcome) => {
    const backend = await backendFor(({ response }) => {
      response.writeHead(status, headers).end(json({ error: { message: "because" } }))
    })
    const { error } = await generated(backend, chat())
    expect(error).toBeInstanceOf(BackendError)
    expect(error).toMatchObject({ outcome, status })
    expect((error as BackendError).message).toContain("because")
    expect((error as BackendError).retryAfterSeconds).toBe(
      "retry-after" in headers && outcome === "backpressure" ? 7 : undefined,
    )
  })

  test.each([
    [[json(chunkOf("a")), "[DONE]"], "truncated"],
    [[json(chunkOf("a"))], "truncated"],
    [[json(chunkOf("a")), '{"half":'], "malformed"],
    [["17"], "malformed"],
    [[json(chunkOf("a")), json({ error: { message: "out of memory" } })], "upstreamError"],
  ])("the stream %j is %s", async (data, outcome) => {
    const backend = await backendFor(({ response }) => sendEvents(response, data))
    const { error } = await generated(backend, chat())
    expect(error).toMatchObject({ outcome })
  })

  test("only the first choice counts, and needs its end", async () => {
    const choice = (index: number, finish_reason: string | null) => ({
      choices: [{ index, delta: { content: "x" }, finish_reason }],
    })
    const whole = [json(choice(0, null)), json(choice(1, null)), json(choice(0, "stop"))]
    const backend = await backendFor(({ url, response }) =>
      sendEvents(response, url.searchParams.size === 0 ? whole : []),
    )
    const { chunks, error } = await generated(backend, chat())
    expect(error).toBeUndefined()
    expect(textOf(chunks)).toBe("xx")
    whole.pop()
    expect((await generated(backend, chat())).error).toMatchObject({ outcome: "truncated" })
  })

  test("a connection that breaks in the middle cuts the answer short", async () => {
    const backend = await backendFor(({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write(`data: ${json(chunkOf("a"))}\n\n`)
      setTimeout(() => response.destroy(), 30)
    })
    const { chunks, error } = await generated(backend, chat())
    expect(textOf(chunks)).toBe("a")
    expect(error).toMatchObject({ outcome: "truncated" })
  })

  test("where nothing listens, the connection failed", async () => {
    const backend = await backendFor(() => {})
    await server?.close()
    const { error } = await generated(backend, chat())
    expect(error).toMatchObject({ outcome: "connectFailed" })
    await expect(backend.start()).rejects.toThrow("nothing listens there")
  })

  test.each(["before the first token", "after it"])(
    "an abort %s ends the call at once",
    async (when) => {
      let closedAt = 0
      let opened = false
      const backend = await backendFor(({ request, response }) => {
        opened = true
        response.on("close", () => {
          closedAt = performance.now()
        })
        request.resume()
        if (when === "before the first token") return
        response.writeHead(200, { "content-type": "text/event-stream" })
        response.write(`data: ${json(chunkOf("a"))}\n\n`)
      })
      const controller = new AbortController()
      const reason = new Error("enough")
      const running = gathered(backend.generate(chat(), controller.signal))
      await until(() => opened)
      await new Promise((resolve) => {
        setTimeout(resolve, 30)
      })
      const abortedAt = performance.now()
      controller.abort(reason)
      expect((await running).error).toBe(reason)
      await until(() => closedAt > 0)
      expect(closedAt - abortedAt).toBeLessThan(100)
    },
  )

  test("its models are what it lists", async () => {
    const backend = await backendFor(({ url, response }) =>
      url.pathname === "/v1/models"
        ? sendJson(response, { object: "list", data: [{ id: "a" }, { id: "b" }, {}] })
        : sendJson(response, {}, 404),
    )
    await backend.start()
    expect(await backend.models()).toEqual(["a", "b"])
  })

  test("a server without the API is refused at the start", async () => {
    const backend = await backendFor(({ response }) =>
      sendJson(response, { detail: "Not Found" }, 404),
    )
    await expect(backend.start()).rejects.toThrow(/answers 404: Not Found; expected a server with/)
  })
})

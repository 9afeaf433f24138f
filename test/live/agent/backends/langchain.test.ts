import { afterEach, describe, expect, test } from "vitest"
import { langChainBackend, shapeOf } from "../../../../live/agent/backends/langchain.ts"
import { chat, finishOf, gathered, generated, textOf } from "../support/generated.ts"
import type { Asked, LocalServer } from "../support/local-server.ts"
import { until } from "../support/eventually.ts"
import { localServer, sendJson } from "../support/local-server.ts"

let server: LocalServer | undefined
afterEach(async () => {
  await server?.close()
})

const events = (...all: ReadonlyArray<readonly [string, unknown]>): string =>
  all
    .map(
      ([event, data]) =>
        `event: ${event}\r\n${data === undefined ? "" : `data: ${JSON.stringify(data)}\r\n`}\r\n`,
    )
    .join("")

/** A LangServe endpoint whose input schema is this. */
const chainFor = async (schema: unknown, answer: (asked: Asked) => unknown, inputKey?: string) => {
  server = await localServer((asked) =>
    asked.url.pathname === "/chain/input_schema" ? sendJson(asked.response, schema) : answer(asked),
  )
  const endpoint = new URL("/chain/", server.url)
  const backend = langChainBackend({ endpoint, models: ["custom-chain-v1"], inputKey })
  await backend.start()
  return backend
}
const streaming =
  (text: string) =>
  ({ response }: Asked) => {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" }).end(text)
  }

describe("what a chain takes", () => {
  test.each([
    [{ type: "string" }, { _tag: "Text" }],
    [{ properties: { question: {} } }, { _tag: "Keyed", key: "question", inner: "Text" }],
    [{ properties: { language: {}, text: {} } }, { _tag: "Keyed", key: "text", inner: "Text" }],
    [
      { properties: { a: {}, b: {} }, required: ["b"] },
      { _tag: "Keyed", key: "b", inner: "Text" },
    ],
    [{ properties: { messages: {} } }, { _tag: "Keyed", key: "messages", inner: "Messages" }],
    [{ anyOf: [{ type: "string" }, { type: "array" }] }, { _tag: "Messages" }],
    [undefined, { _tag: "Messages" }],
  ])("%j", (schema, shape) => {
    expect(shapeOf(schema)).toEqual(shape)
  })

  test.each([
    [{ properties: { topic: {} } }, undefined, { topic: "Hello" }],
    [{ type: "string" }, undefined, "Hello"],
    [{}, undefined, [{ type: "human", content: "Hello" }]],
    [{ properties: { question: {} } }, "other", { other: "Hello" }],
  ])("schema %j and key %s", async (schema, key, input) => {
    let body: unknown
    const backend = await chainFor(
      schema,
      async (asked) => {
        body = await asked.json()
        return streaming(events(["data", "x"], ["end", undefined]))(asked)
      },
      key,
    )
    await generated(backend, chat())
    expect(body).toEqual({ input })
  })
})

describe("what a chain gives", () => {
  test.each([
    [
      "text",
      [
        ["metadata", { run_id: "1" }],
        ["data", "Hel"],
        ["data", "lo"],
        ["end", undefined],
      ],
    ],
    [
      "messages",
      [
        ["data", { content: "Hel", type: "AIMessageChunk" }],
        ["data", { content: [{ type: "text", text: "lo" }] }],
        ["end", undefined],
      ],
    ],
    [
      "an agent's steps",
      [
        ["data", { actions: [{ tool: "t" }] }],
        ["data", { output: "Hello" }],
        ["end", undefined],
      ],
    ],
  ] as ReadonlyArray<readonly [string, ReadonlyArray<readonly [string, unknown]>]>)(
    "%s",
    async (_name, all) => {
      const backend = await chainFor({ type: "string" }, streaming(events(...all)))
      const { chunks, error } = await generated(backend, chat())
      expect(error).toBeUndefined()
      expect(textOf(chunks)).toBe("Hello")
      expect(finishOf(chunks)).toBe("stop")
    },
  )

  test("no more pieces than the consumer asked for", async () => {
    const backend = await chainFor(
      {},
      streaming(events(["data", "a"], ["data", "b"], ["data", "c"], ["end", undefined])),
    )
    const { chunks } = await generated(backend, chat({ max_tokens: 2 }))
    expect(textOf(chunks)).toBe("ab")
    expect(finishOf(chunks)).toBe("length")
  })

  test("a chain that does not stream is invoked", async () => {
    const backend = await chainFor({}, ({ url, response }) =>
      url.pathname === "/chain/invoke"
        ? sendJson(response, { output: { content: "Hello" }, metadata: {} })
        : sendJson(response, { detail: "Not Found" }, 404),
    )
    const { chunks, error } = await generated(backend, chat())
    expect(error).toBeUndefined()
    expect(textOf(chunks)).toBe("Hello")
  })

  test.each([
    [
      events(["data", "a"], ["error", { status_code: 500, message: "Internal Server Error" }]),
      "upstreamError",
    ],
    [events(["error", { status_code: 422, message: "wrong input" }]), "consumerError"],
    [events(["data", "a"]), "truncated"],
  ])("%j is %s", async (text, outcome) => {
    const backend = await chainFor({}, streaming(text))
    expect((await generated(backend, chat())).error).toMatchObject({ outcome })
  })

  test("an abort reaches the chain", async () => {
    let closed = false
    let opened = false
    const backend = await chainFor({}, ({ response }) => {
      opened = true
      response.writeHead(200, { "content-type": "text/event-stream" }).write(events(["data", "a"]))
      response.on("close", () => {
        closed = true
      })
    })
    const controller = new AbortController()
    const running = gathered(backend.generate(chat(), controller.signal))
    await until(() => opened)
    controller.abort(new Error("enough"))
    expect((await running).error).toMatchObject({ message: "enough" })
    expect(await until(() => closed)).toBeLessThan(2000)
  })
})

import { afterEach, expect, test } from "vitest"
import { workerBackend } from "../../../../live/agent/backends/worker.ts"
import { chat, finishOf, gathered, generated, textOf } from "../support/generated.ts"
import type { Asked, LocalServer } from "../support/local-server.ts"
import { until } from "../support/eventually.ts"
import { chunkOf, localServer, sendJson } from "../support/local-server.ts"

let server: LocalServer | undefined
afterEach(async () => {
  await server?.close()
})
const backendFor = async (answer: (asked: Asked) => unknown) => {
  server = await localServer(answer)
  return workerBackend({ endpoint: new URL("/generate", server.url), models: ["custom"] })
}
const json = JSON.stringify
const written = (type: string, body: string) =>
  backendFor(({ response }) => {
    response.writeHead(200, { "content-type": type }).end(body)
  })

test("it is asked with messages and prompt, and with what the consumer set", async () => {
  const bodies: Array<unknown> = []
  const backend = await backendFor(async ({ url, json: body, response }) => {
    bodies.push(url.pathname, await body())
    sendJson(response, { text: "Hi", usage: { prompt_tokens: 3, completion_tokens: 1 } })
  })
  const messages = [
    { role: "system", content: "Be brief" },
    { role: "user", content: [{ type: "text", text: "Hello" }] },
  ]
  const { chunks, error } = await generated(
    backend,
    chat({ messages, max_completion_tokens: 9, temperature: 0.5, tools: [] }),
  )
  expect(error).toBeUndefined()
  expect(textOf(chunks)).toBe("Hi")
  expect(finishOf(chunks)).toBe("stop")
  expect(chunks.at(-1)).toMatchObject({ usage: { prompt_tokens: 3, completion_tokens: 1 } })
  expect(bodies).toEqual([
    "/generate",
    {
      model: "m",
      messages: [
        { role: "system", content: "Be brief" },
        { role: "user", content: "Hello" },
      ],
      prompt: "system: Be brief\n\nuser: Hello",
      max_tokens: 9,
      temperature: 0.5,
      stream: true,
    },
  ])
})

test.each([
  ["application/json", json("Hello")],
  ["application/json", json({ text: "Hello" })],
  ["application/json", json({ text: ["Hello"] })],
  ["application/json", json([{ generated_text: "Hello" }])],
  ["application/json", json({ output: "Hello", finish_reason: "length" })],
  [
    "application/x-ndjson",
    `${json({ text: "Hel" })}\n\n${json("lo")}\n${json({ finish_reason: "stop" })}\n`,
  ],
  [
    "text/event-stream",
    `data: ${json({ token: { text: "Hel" } })}\n\ndata: ${json({ response: "lo" })}\n\ndata: [DONE]\n\n`,
  ],
  [
    "text/event-stream",
    `data: ${json(chunkOf("Hello"))}\n\ndata: ${json(chunkOf("", "stop"))}\n\n`,
  ],
  ["text/plain; charset=utf-8", "Hello"],
])("%s %s is understood", async (type, body) => {
  const { chunks, error } = await generated(await written(type, body), chat())
  expect(error).toBeUndefined()
  expect(textOf(chunks)).toBe("Hello")
  expect(finishOf(chunks)).toBe(body.includes("length") ? "length" : "stop")
})

test("a completion has the text itself", async () => {
  const backend = await written("text/plain", "tail")
  const { chunks } = await generated(backend, { kind: "completion", body: { prompt: "head" } })
  expect(chunks[0]).toMatchObject({ object: "text_completion", choices: [{ text: "tail" }] })
})

test.each([
  [
    "application/x-ndjson",
    `${json({ text: "a" })}\n${json({ error: "out of memory" })}\n`,
    "upstreamError",
  ],
  ["application/x-ndjson", `${json({ text: "a" })}\n{"te`, "malformed"],
  ["application/json", "oops", "malformed"],
  ["application/json", "17", "malformed"],
])("%s %s fails", async (type, body, outcome) => {
  const { error } = await generated(await written(type, body), chat())
  expect(error).toMatchObject({ outcome })
})

test("embeddings come as vectors, or as OpenAI has them", async () => {
  const job = { kind: "embedding", body: { model: "e", input: ["a", "b"] } } as const
  const plain = await generated(
    await written("application/json", json({ embeddings: [[1], [2]] })),
    job,
  )
  expect(plain.chunks).toEqual([
    {
      object: "list",
      model: "e",
      data: [
        { object: "embedding", index: 0, embedding: [1] },
        { object: "embedding", index: 1, embedding: [2] },
      ],
    },
  ])
  await server?.close()
  const whole = { object: "list", data: [{ embedding: [1] }] }
  expect((await generated(await written("application/json", json(whole)), job)).chunks).toEqual([
    whole,
  ])
  await server?.close()
  const none = await generated(await written("application/json", json({ text: "no" })), job)
  expect(none.error).toMatchObject({ outcome: "malformed" })
})

test("an abort reaches the worker", async () => {
  let closed = false
  let opened = false
  const backend = await backendFor(({ response }) => {
    opened = true
    response.writeHead(200, { "content-type": "text/plain" }).write("a")
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

/** Whatever a host writes as its answer: the call ends, once, and so does nothing else. */
import { countOpenRequests } from "../../../engine/index.ts"
import { afterEach, describe, expect, it } from "vitest"
import { startAttempt } from "../../../live/gateway/call/attempt.ts"
import type { AttemptEnd } from "../../../live/gateway/call/attempt.ts"
import { mostAnswerBytes, mostDocumentBytes } from "../../../live/protocol/delivery.ts"
import type { Job } from "../../../live/protocol/delivery.ts"
import { manualClock } from "../support/manual-clock.ts"
import { fakeCourier } from "./call/fake-courier.ts"
import type { HostCall } from "./mock-host.ts"
import type { Gateway } from "./open-gateway.ts"
import { openGateway } from "./open-gateway.ts"

const deep = "[".repeat(20_000) + "]".repeat(20_000)
const textless = '{"toString":1,"valueOf":1}'
const finish = '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'

const chunks: Readonly<Record<string, string>> = {
  "a choice that is nested deep": `{"choices":[{"index":0,"delta":{"content":"a"},"x":${deep}}]}`,
  "a tool call that is nested deep": `{"choices":[{"index":0,"delta":{"content":"a","tool_calls":[{"id":${deep}}]}}]}`,
  "a tool call whose index is no number": `{"choices":[{"index":0,"delta":{"tool_calls":[{"index":${textless},"function":{"name":"a","arguments":"{}"}}]}}]}`,
  "a usage of more tokens than there are": `{"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"completion_tokens":9007199254740993}}`,
  "choices that are no list": `{"choices":${textless}}`,
  "a role, a content and a finish reason that are objects": `{"choices":[{"index":0,"delta":{"role":${textless},"content":${textless}},"finish_reason":${textless}}]}`,
  "log probabilities that are none": `{"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[${textless}],"x":5}}]}`,
  "a prototype": `{"__proto__":{"choices":1},"choices":[{"__proto__":{"a":1},"index":0,"delta":{"__proto__":{"content":"b"},"content":"a"}}]}`,
}

const vectors: Readonly<Record<string, string>> = {
  "elements that are no numbers": `[${textless}]`,
  "a vector that is nested deep": deep,
  "no vector": textless,
  nothing: "null",
}

let gateway: Gateway | undefined
afterEach(async () => {
  await gateway?.close()
  gateway = undefined
})

const post = async (path: string, body: object) => {
  const response = await fetch(`${gateway?.baseURL}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${gateway?.secret}` },
    body: JSON.stringify(body),
  })
  return { status: response.status, text: await response.text() }
}

describe("a host that writes", () => {
  it.each(Object.keys(chunks))("%s: the gateway goes on", async (name) => {
    const chunk = chunks[name] ?? ""
    gateway = await openGateway([
      ({ response }: HostCall) => {
        response.writeHead(200, { "content-type": "text/event-stream" })
        response.end(`data: ${chunk}\n\ndata: ${finish}\n\ndata: [DONE]\n\n`)
      },
    ])
    for (const stream of [false, true]) {
      const { status } = await post("/chat/completions", {
        model: "small",
        max_tokens: 20,
        stream,
        messages: [{ role: "user", content: "Hi" }],
      })
      expect([200, 502]).toContain(status)
    }
    expect(gateway.calls.size()).toBe(0)
    expect(countOpenRequests(gateway.market.driver.market)).toBe(0)
  })

  it.each(Object.keys(chunks))("%s: whoever brings it hears of no fault", (name) => {
    const courier = fakeCourier()
    const ends: Array<AttemptEnd> = []
    startAttempt(
      manualClock(),
      { firstTokenMicros: 1_000_000, betweenTokensMicros: 1_000_000 },
      courier,
      jobOf({}),
      { chunk: (chunk) => void JSON.stringify(chunk), end: (end) => ends.push(end) },
    )
    const { sink } = courier.last()
    sink.chunk(JSON.parse(chunks[name] ?? "") as Record<string, unknown>)
    sink.chunk(JSON.parse(finish) as Record<string, unknown>)
    sink.end({ outcome: "completed" })
    expect(ends).toHaveLength(1)
  })

  it.each(Object.keys(vectors))("an embedding with %s: the gateway goes on", async (name) => {
    gateway = await openGateway([
      ({ response }: HostCall) => {
        response.writeHead(200, { "content-type": "application/json" })
        response.end(`{"data":[{"embedding":${vectors[name]}}]}`)
      },
    ])
    for (const encoding_format of ["float", "base64"]) {
      const { status } = await post("/embeddings", {
        model: "org/vectors",
        input: "Hi",
        encoding_format,
      })
      expect(status).toBe(502)
    }
  })
})

const jobOf = (more: Partial<Job>): Job => ({
  request: 1,
  attempt: 0,
  instance: 0,
  kind: "chat",
  body: {},
  inputTokens: 1,
  maxTokens: 20,
  ...more,
})

describe("the bytes that a host may send", () => {
  it("follow from what was asked, and a string can hold them", () => {
    const bare = mostAnswerBytes(jobOf({ maxTokens: 8192 }))
    const withLogprobs = mostAnswerBytes(jobOf({ maxTokens: 8192, body: { logprobs: true } }))
    expect(bare).toBeLessThan(20_000_000)
    expect(withLogprobs).toBeGreaterThan(100_000_000)
    expect(mostAnswerBytes(jobOf({ maxTokens: 1e8, body: { logprobs: 20 } }))).toBe(2 ** 28)
    expect(mostAnswerBytes(jobOf({ kind: "embedding", body: { input: "a" } }))).toBe(2 ** 22)
    const input = Array.from({ length: 2048 }, () => "a")
    expect(mostAnswerBytes(jobOf({ kind: "embedding", body: { input } }))).toBe(2 ** 26)
  })

  it("in one document are those of its text", () => {
    expect(mostDocumentBytes(jobOf({ maxTokens: 8192 }))).toBe(2 ** 20 + 8192 * 32)
    const body = { logprobs: true, top_logprobs: 20 }
    expect(mostDocumentBytes(jobOf({ maxTokens: 8192, body }))).toBeGreaterThan(30_000_000)
    expect(mostDocumentBytes(jobOf({ maxTokens: 1e8, body }))).toBe(2 ** 26)
    const input = Array.from({ length: 2048 }, () => "a")
    expect(mostDocumentBytes(jobOf({ kind: "embedding", body: { input } }))).toBe(2 ** 26)
  })
})

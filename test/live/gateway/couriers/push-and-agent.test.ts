/** A model server is understood alike, whether the gateway calls it or an agent beside it does. */
import { buildConnector } from "undici"
import { afterEach, expect, it } from "vitest"
import { BackendError } from "../../../../live/agent/backends/backend.ts"
import { openAiBackend } from "../../../../live/agent/backends/openai.ts"
import type { AttemptEnd } from "../../../../live/gateway/call/attempt.ts"
import { startAttempt } from "../../../../live/gateway/call/attempt.ts"
import type { Courier, Job } from "../../../../live/protocol/delivery.ts"
import { makePushCourier } from "../../../../live/gateway/couriers/push-courier.ts"
import { saidIn, sse } from "../../../platform/model-server/read-answer.ts"
import { manualClock } from "../../support/manual-clock.ts"
import { fakeCourier } from "../call/fake-courier.ts"
import type { HostCall, MockHost } from "../mock-host.ts"
import { openMockHost } from "../mock-host.ts"

type Json = Readonly<Record<string, unknown>>

const chunk = (delta: unknown, finish_reason: unknown = null, more: Json = {}): string =>
  sse({ choices: [{ index: 0, delta, finish_reason }], ...more })
const text = chunk({ content: "A" })
const stop = chunk({}, "stop")
const done = "data: [DONE]\n\n"
const document = (more: Json = {}, choice: Json = {}): string =>
  JSON.stringify({
    choices: [{ message: { role: "assistant", content: "A" }, finish_reason: "stop", ...choice }],
    ...more,
  })

interface Given {
  readonly status?: number
  readonly type?: string
  readonly body: string
  /** The connection breaks behind the body. */
  readonly isBroken?: boolean
  readonly outcome: AttemptEnd["outcome"]
}

const answers: Readonly<Record<string, Given>> = {
  "a stream": { body: text + stop + done, outcome: "completed" },
  "a stream without [DONE]": { body: text + stop, outcome: "completed" },
  "a last event that is not ended": { body: text + stop.slice(0, -1), outcome: "completed" },
  "a last line that is not ended": { body: text + stop.slice(0, -2), outcome: "completed" },
  "a last event that is cut": { body: text + stop.slice(0, -20), outcome: "truncated" },
  "a stream as text/plain": { type: "text/plain", body: text + stop, outcome: "completed" },
  "a stream as JSON": { type: "application/json", body: text + stop, outcome: "completed" },
  "a stream of no type": { type: "", body: text + stop, outcome: "completed" },
  "a document": { type: "application/json", body: document(), outcome: "completed" },
  "a document as a stream": { body: document(), outcome: "completed" },
  "a document behind white space": { body: `\n\n  ${document()}`, outcome: "completed" },
  "a document without a finish reason": {
    body: document({}, { finish_reason: null }),
    outcome: "completed",
  },
  "a document with error null": { body: document({ error: null }), outcome: "completed" },
  "error null in every chunk": {
    body: chunk({ content: "A" }, null, { error: null }) + chunk({}, "stop", { error: null }),
    outcome: "completed",
  },
  "another choice beside": {
    body: sse({ choices: [{ index: 1, delta: { content: "B" } }] }) + text + stop,
    outcome: "completed",
  },
  "pings and metadata": {
    body: `: ping\n\n${sse({ type: "ping" })}${text}${stop}`,
    outcome: "completed",
  },
  "a text behind the finish": { body: `${text}${stop}data: bye\n\n`, outcome: "completed" },
  "an error behind the finish": {
    body: text + stop + sse({ error: "late" }),
    outcome: "completed",
  },
  "a connection that breaks behind the finish": {
    body: text + stop,
    isBroken: true,
    outcome: "completed",
  },
  "a connection that breaks": { body: text, isBroken: true, outcome: "truncated" },
  "no finish reason": { body: text + done, outcome: "truncated" },
  "an empty finish reason": { body: text + chunk({}, "") + done, outcome: "truncated" },
  "an aborted answer": { body: text + chunk({}, "abort") + done, outcome: "truncated" },
  "an aborted document": { body: document({}, { finish_reason: "error" }), outcome: "truncated" },
  "an error in the stream": { body: sse({ error: { message: "x" } }), outcome: "upstreamError" },
  "an error behind the text": {
    body: text + sse({ error: { message: "x", code: 400 } }),
    outcome: "upstreamError",
  },
  "the consumer's error in the stream": {
    body: sse({ error: { message: "x", code: 400 } }) + done,
    outcome: "consumerError",
  },
  "the consumer's error as a document": {
    body: JSON.stringify({ object: "error", message: "x", code: 400 }),
    outcome: "consumerError",
  },
  "too much in the stream": {
    body: sse({ error: { message: "x", code: "429" } }),
    outcome: "backpressure",
  },
  "no JSON": { body: `${text}data: {\n\n${stop}`, outcome: "malformed" },
  "choices that are none": { body: sse({ choices: 5 }), outcome: "malformed" },
  "a page": { type: "text/html", body: "<html></html>", outcome: "malformed" },
  "status 400": { status: 400, body: '{"error":{"message":"x"}}', outcome: "consumerError" },
  "status 404": { status: 404, body: '{"error":{"message":"x"}}', outcome: "notServed" },
  "status 402": { status: 402, body: '{"error":{"message":"x"}}', outcome: "upstreamError" },
  "status 413": { status: 413, body: "", outcome: "consumerError" },
  "status 415": { status: 415, body: "", outcome: "upstreamError" },
  "status 429": { status: 429, body: "", outcome: "backpressure" },
}

const answerWith =
  ({ status = 200, type = "text/event-stream", body, isBroken = false }: Given) =>
  ({ response }: HostCall): void => {
    response.writeHead(status, type === "" ? {} : { "content-type": type })
    if (!isBroken) return void response.end(body)
    response.write(body)
    setTimeout(() => response.destroy(), 30)
  }

const job: Job = {
  request: 1,
  attempt: 0,
  instance: 1,
  kind: "chat",
  body: { model: "m", messages: [] },
  inputTokens: 1,
  maxTokens: 100,
}

interface Heard {
  readonly outcome: AttemptEnd["outcome"]
  readonly content: string
  readonly status: number | undefined
}

/** What an attempt makes of what this courier brings. */
const attempted = (courier: Courier): Promise<Heard> =>
  new Promise((resolve) => {
    const chunks: Array<Json> = []
    startAttempt(manualClock(), { firstTokenMicros: 1e6, betweenTokensMicros: 1e6 }, courier, job, {
      chunk: (one) => chunks.push(one),
      end: ({ outcome, status }) => resolve({ outcome, status, content: saidIn(chunks).content }),
    })
  })

const byPush = async ({ endpoint }: MockHost): Promise<Heard> => {
  const courier = makePushCourier({
    hostOf: () => ({
      id: 1,
      publicId: "host_1",
      account: 1,
      name: "h",
      delivery: "push",
      endpoint,
      hardware: {},
      createdAtMillis: 0,
    }),
    tokenOf: () => undefined,
    connect: buildConnector({ timeout: 500 }),
  })
  const heard = await attempted(courier)
  await courier.close()
  return heard
}

/** What the agent sends up, and its last word. */
const byAgent = async ({ endpoint }: MockHost): Promise<Heard> => {
  const courier = fakeCourier()
  const heard = attempted(courier)
  const { sink } = courier.last()
  try {
    const backend = openAiBackend({ endpoint: new URL(endpoint) })
    const { kind, body } = job
    for await (const one of backend.generate({ kind, body }, new AbortController().signal))
      sink.chunk(one)
    sink.end({ outcome: "completed" })
  } catch (error) {
    const { outcome, status } = error as BackendError
    expect(error).toBeInstanceOf(BackendError)
    sink.end({ outcome, ...(status === undefined ? {} : { status }) })
  }
  return heard
}

let host: MockHost | undefined
afterEach(async () => {
  await host?.close()
  host = undefined
})

it.each(Object.keys(answers))("%s is understood alike", async (name) => {
  const given = answers[name]!
  host = await openMockHost(answerWith(given))
  const pushed = await byPush(host)
  expect(pushed.outcome).toBe(given.outcome)
  if (given.outcome === "completed") expect(pushed.content).toBe("A")
  expect(await byAgent(host)).toEqual(pushed)
})

/**
 * Whatever host answers, and however it writes: the official clients get through the gateway what it
 * meant, and what reaches them is counted. The clients are given the gateway's own stream and its own
 * answers in one piece; what is left out are the sockets between.
 */
import { createOpenAI } from "@ai-sdk/openai"
import { HumanMessage } from "@langchain/core/messages"
import type { AIMessageChunk } from "@langchain/core/messages"
import { ChatOpenAI } from "@langchain/openai"
import type { ToolSet } from "ai"
import { jsonSchema, streamText, tool } from "ai"
import * as fc from "fast-check"
import type { FastifyReply, FastifyRequest } from "fastify"
import OpenAI from "openai"
import { describe, expect, it } from "vitest"
import { makeAssembler } from "../../../live/gateway/answer/answer.ts"
import type { AttemptEnd } from "../../../live/gateway/call/attempt.ts"
import { startAttempt } from "../../../live/gateway/call/attempt.ts"
import type { CallEnd } from "../../../live/gateway/call/call.ts"
import { brokenOff } from "../../../live/gateway/call/failures.ts"
import { chunkEvents, streamTo } from "../../../live/gateway/reply/stream-reply.ts"
import { countTokens } from "../../../live/gateway/answer/token-count.ts"
import { makeAnswerReader } from "../../../platform/model-server/answer-reader.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import { rendered } from "../../platform/model-server/dialects.ts"
import { hostileEvents } from "../../platform/normaliser/hostile-events.ts"
import type { Meaning } from "../../platform/model-server/dialects.ts"
import { levelled, tokenDialects, tokensOfText } from "../../platform/normaliser/token-dialects.ts"
import { manualClock } from "../support/manual-clock.ts"
import { fakeCourier } from "./call/fake-courier.ts"
import { assertProperty } from "../../support/property.ts"

const timeouts = { firstTokenMicros: 1e6, betweenTokensMicros: 1e6 }
const envelope = { id: "chatcmpl-1", created: 5, model: "small" }

/** A reply that keeps what is written. */
const openReply = () => {
  let text = ""
  const raw = {
    writableNeedDrain: false,
    writeHead: () => {},
    write: (part: string) => {
      text += part
      return true
    },
    end: () => {},
    on: () => {},
    once: () => {},
  }
  const reply = { raw, hijack: () => {}, getHeaders: () => ({}), send: () => {} }
  return { reply: reply as unknown as FastifyReply, written: () => text }
}

interface Answered {
  /** The stream as the consumer gets it. */
  readonly stream: string
  readonly whole: JsonObject
  readonly end: AttemptEnd
}

/** A host's answer, from its bytes to what the consumer gets of it. */
const answered = (
  parts: ReadonlyArray<Uint8Array>,
  body: JsonObject = {},
  maxTokens = 1e6,
): Answered => {
  const clock = manualClock()
  const courier = fakeCourier()
  const { reply, written } = openReply()
  const request = { id: "req_1" } as FastifyRequest
  const keepAlive = { clock, micros: 0 }
  const events = chunkEvents("chat", envelope, true)
  const consumer = streamTo(request, reply, events, keepAlive, () => undefined)
  const assembler = makeAssembler("chat", "float")
  const ends: Array<AttemptEnd> = []
  const job = {
    request: 1,
    attempt: 0,
    instance: 0,
    kind: "chat" as const,
    body,
    inputTokens: 1,
    maxTokens,
  }
  startAttempt(clock, timeouts, courier, job, {
    chunk: (chunk) => {
      assembler.add(chunk)
      consumer.chunk(chunk)
    },
    end: (end) => ends.push(end),
  })
  const { sink } = courier.last()
  const reader = makeAnswerReader(
    "chat",
    { eventChars: 1e6, documentBytes: 1e6 },
    {
      event: sink.chunk,
      alive: sink.alive,
      done: () => sink.end({ outcome: "completed" }),
      malformed: (detail) => sink.end({ outcome: "malformed", detail }),
    },
  )
  for (const part of parts) reader.take(part)
  reader.end()
  sink.end({ outcome: "completed" })
  expect(ends).toHaveLength(1)
  const [end] = ends
  const usage = { promptTokens: 1, completionTokens: end!.outputTokens, cost: 0 }
  const callEnd: CallEnd =
    end!.outcome === "completed"
      ? { _tag: "Served", usage, chargeMinor: 0 }
      : { _tag: "Failed", error: brokenOff(end!.outcome) }
  consumer.end(callEnd)
  return { stream: written(), whole: assembler.answer(envelope, usage), end: end! }
}

/** A gateway for clients: they ask, and get the answer that is set. */
let now: Answered
const gateway = async (_url: unknown, init?: RequestInit): Promise<Response> => {
  const isStream = (JSON.parse(String(init?.body)) as JsonObject)["stream"] === true
  return new Response(isStream ? now.stream : JSON.stringify(now.whole), {
    headers: { "content-type": isStream ? "text/event-stream" : "application/json" },
  })
}

const settings = { apiKey: "sk_live_x", baseURL: "http://gateway.test/v1" }
const openai = new OpenAI({ ...settings, maxRetries: 0, fetch: gateway as typeof fetch })
const sdk = createOpenAI({ ...settings, fetch: gateway as typeof fetch }).chat("small")
const chain = new ChatOpenAI({
  model: "small",
  apiKey: settings.apiKey,
  maxRetries: 0,
  configuration: { baseURL: settings.baseURL, fetch: gateway as typeof fetch },
})

/** What a client has put together. */
interface Got {
  readonly content: string
  readonly calls: ReadonlyArray<{ readonly name: string; readonly args: unknown }>
  readonly finish?: unknown
}

const messages = [{ role: "user" as const, content: "Say" }]
const anyTool = { type: "object" as const, properties: {} }
const names = ["read", "write", "look_up", "f"]

const gotOf = ({ message, finish_reason }: OpenAI.ChatCompletion.Choice): Got => ({
  content: message.content ?? "",
  calls: (message.tool_calls ?? []).flatMap((call) =>
    call.type === "function"
      ? [{ name: call.function.name, args: JSON.parse(call.function.arguments) as unknown }]
      : [],
  ),
  finish: finish_reason,
})

const byOpenAi = async (): Promise<Got> => {
  const stream = openai.chat.completions.stream({ model: "small", messages })
  return gotOf((await stream.finalChatCompletion()).choices[0]!)
}

const byOpenAiWhole = async (): Promise<Got> =>
  gotOf((await openai.chat.completions.create({ model: "small", messages })).choices[0]!)

/** As every tutorial has it. */
const byPlainLoop = async (): Promise<string> => {
  let text = ""
  const stream = await openai.chat.completions.create({ model: "small", messages, stream: true })
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ""
  return text
}

const bySdk = async (): Promise<Got> => {
  let content = ""
  const calls: Array<{ name: string; args: unknown }> = []
  let finish: unknown
  const tools = Object.fromEntries(
    names.map((name) => [name, tool({ inputSchema: jsonSchema(anyTool) })]),
  ) as ToolSet
  const { fullStream } = streamText({
    model: sdk,
    messages,
    tools,
    maxRetries: 0,
    onError: () => {},
  })
  for await (const part of fullStream) {
    if (part.type === "text-delta") content += part.text
    if (part.type === "tool-call") calls.push({ name: part.toolName, args: part.input })
    if (part.type === "finish") finish = part.finishReason.replace("-", "_")
    if (part.type === "error") throw part.error
  }
  return { content, calls, finish }
}

const byLangChain = async (): Promise<Got> => {
  let all: AIMessageChunk | undefined
  for await (const part of await chain.stream([new HumanMessage("Say")]))
    all = all === undefined ? part : all.concat(part)
  expect(all?.invalid_tool_calls).toEqual([])
  return {
    content: (all?.content ?? "") as string,
    calls: (all?.tool_calls ?? []).map(({ name, args }) => ({ name, args })),
    finish: all?.response_metadata["finish_reason"],
  }
}

const gotIn = ({ content, calls, finish }: Meaning): Got => ({
  content,
  calls: calls.map(({ name, args }) => ({ name, args: JSON.parse(args) as unknown })),
  finish,
})

/** Texts of a stream or an answer that are no words of the form itself, each field's as one. */
const textsIn = (values: ReadonlyArray<unknown>): ReadonlyArray<string> => {
  const texts = new Map<string, string>()
  const gather = (value: unknown, path: string): void => {
    if (typeof value === "string") texts.set(path, (texts.get(path) ?? "") + value)
    else if (Array.isArray(value))
      for (const [at, one] of value.entries())
        gather(one, `${path}.${String((one as JsonObject | null)?.["index"] ?? at)}`)
    else if (typeof value === "object" && value !== null)
      for (const [key, one] of Object.entries(value))
        if (!formFields.has(key)) gather(one, `${path}.${key}`)
  }
  for (const value of values) gather(value, "")
  return [...texts.values()].filter((text) => text !== "")
}
const formFields = new Set(["id", "role", "type", "object", "finish_reason", "model", "logprobs"])

const eventsIn = (stream: string): ReadonlyArray<JsonObject> =>
  stream
    .split("\n\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice(6)) as JsonObject)

const deltasIn = (stream: string): ReadonlyArray<unknown> =>
  eventsIn(stream).flatMap(({ choices }) => (choices as Array<JsonObject> | undefined) ?? [])

const messageIn = ({ choices }: JsonObject): JsonObject =>
  (choices as Array<{ message: JsonObject }>)[0]!.message

/** Every token of the answer's log probabilities, with its alternatives. */
const chosenIn = (deltas: ReadonlyArray<unknown>): ReadonlyArray<JsonObject> =>
  (deltas as ReadonlyArray<JsonObject>).flatMap(({ logprobs }) =>
    Object.values((logprobs ?? {}) as Record<string, ReadonlyArray<JsonObject> | null>).flatMap(
      (list) => list ?? [],
    ),
  )

/** Whether a token is a part of the texts, or reaches from the end of one over others into the next. */
const isSaid = (token: string, texts: ReadonlyArray<string>): boolean => {
  const isBegun = (rest: string): boolean =>
    texts.some(
      (text) =>
        text.startsWith(rest) || (rest.startsWith(text) && isBegun(rest.slice(text.length))),
    )
  return (
    texts.some((text) => text.includes(token)) ||
    Array.from({ length: token.length - 1 }, (_, at) => at + 1).some(
      (at) => texts.some((text) => text.endsWith(token.slice(0, at))) && isBegun(token.slice(at)),
    )
  )
}

/** A text as a byte-level tokenizer writes it: a token of it may be a part of a character. */
const spelled = (text: string): string => levelled(Buffer.from(text))

/** Each is a text of the answer, or names a token without its text; each alternative is a token. */
const expectCounted = (deltas: ReadonlyArray<unknown>, asked: number): void => {
  const said = textsIn(deltas)
  const longest = said.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  const pieces = [...said, ...deltas.flatMap((delta) => textsIn([delta]))]
  const chosen = chosenIn(deltas)
  expect(chosen.length).toBeLessThanOrEqual(2 * longest)
  for (const { token, bytes, top_logprobs: others } of chosen) {
    const plain = (token as string).replaceAll("▁", " ").replaceAll("<0x61>", "a")
    if (!/^(token_id:\d+|\ufffd+)$/.test(plain))
      expect(
        isSaid(plain, pieces) || isSaid(token as string, pieces.map(spelled)),
        `${plain} in ${JSON.stringify(pieces)}`,
      ).toBe(true)
    const all = [{ token, bytes }, ...(others as ReadonlyArray<JsonObject>)]
    expect(all.length).toBeLessThanOrEqual(asked + 1)
    for (const one of all.slice(1)) expect((one["token"] as string).length).toBeLessThan(33)
    for (const one of all)
      if (Array.isArray(one["bytes"]))
        expect((one["bytes"] as Array<number>).length).toBeLessThanOrEqual(
          3 * (one["token"] as string).length,
        )
  }
}

const tokensOf = (texts: ReadonlyArray<string>): number =>
  texts.reduce((sum, text) => sum + countTokens(text), 0)

const bytesOf = (events: ReadonlyArray<unknown>): Buffer =>
  Buffer.from(events.map((one) => `data: ${JSON.stringify(one)}\n\n`).join(""))

const bodies = fc.constantFrom<JsonObject>(
  {},
  { logprobs: true },
  { logprobs: true, top_logprobs: 2 },
  { tools: [{ type: "custom", custom: { name: "f" } }] },
)

describe("an answer of any host", () => {
  it("is to each of the official clients what the host meant", async () => {
    await assertProperty(
      fc.asyncProperty(rendered, async ({ meaning, parts }) => {
        now = answered(parts)
        const expected = gotIn(meaning)
        expect(await byOpenAi()).toEqual(expected)
        expect(await byOpenAiWhole()).toEqual(expected)
        expect(await byPlainLoop()).toBe(expected.content)
        expect(await bySdk()).toEqual(expected)
        expect(await byLangChain()).toEqual(expected)
      }),
      { share: 0.3 },
    )
  })

  it("is counted, all of it, whatever a host writes, in one piece as streamed", async () => {
    await assertProperty(
      fc.property(hostileEvents, bodies, (events, body) => {
        const { stream, whole, end } = answered([bytesOf(events)], body)
        expect(end.outputTokens).toBeGreaterThanOrEqual(tokensOf(textsIn(deltasIn(stream))))
        expect(end.outputTokens).toBeGreaterThanOrEqual(tokensOf(textsIn([messageIn(whole)])))
        const streamed = textsIn(deltasIn(stream)).toSorted()
        expect(textsIn([messageIn(whole)]).toSorted()).toEqual(streamed)
        expectCounted(deltasIn(stream), Number(body["top_logprobs"] ?? 0))
      }),
      {
        examples: [
          [
            [
              {
                choices: [
                  {
                    message: { content: [" "], thinking_blocks: ["!"] },
                    logprobs: { content: [{ token: "▁a", top_logprobs: [] }] },
                  },
                ],
              },
              { choices: [{ delta: { reasoning_content: "a few words of text" } }] },
              { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
            ],
            { logprobs: true, top_logprobs: 2 },
          ],
        ],
      },
    )
  })

  it.each(Object.keys(tokenDialects))(
    "is whole and costs its text, with log probabilities whose tokens are %s",
    (dialect) => {
      const text = "The größte 模型 says 😀 and more. ".repeat(20)
      const events = tokensOfText(text, [1, 5, 2], tokenDialects[dialect]!).map(
        ({ entry, shown }) => ({
          choices: [{ index: 0, delta: { content: shown }, logprobs: { content: [entry] } }],
        }),
      )
      const last = { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }
      const tokens = countTokens(text)
      const body = { logprobs: true, top_logprobs: 1 }
      const { whole, end } = answered([bytesOf([...events, last])], body, tokens)
      expect(messageIn(whole)["content"]).toBe(text)
      expect(end).toMatchObject({ outcome: "completed", outputTokens: tokens })
    },
  )

  it("is a stream that each of the official clients reads to its end, whatever a host writes", async () => {
    await assertProperty(
      fc.asyncProperty(
        hostileEvents,
        fc.constantFrom({}, { logprobs: true }),
        async (events, body) => {
          now = answered([bytesOf(events)], body)
          if (now.end.outcome !== "completed") return
          const { content } = messageIn(now.whole)
          const said = typeof content === "string" ? content : ""
          const { choices } = await openai.chat.completions
            .stream({ model: "small", messages })
            .finalChatCompletion()
          expect(choices[0]!.message.content ?? "").toBe(said)
          expect(await byPlainLoop()).toBe(said)
          expect((await bySdk()).content).toBe(said)
          let chained = ""
          for await (const part of await chain.stream([new HumanMessage("Say")]))
            chained += part.content as string
          expect(chained).toBe(said)
        },
      ),
      { share: 0.3 },
    )
  })
})

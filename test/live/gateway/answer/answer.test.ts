import { describe, expect, it } from "vitest"
import { chunkBody, makeAssembler, usageChunk } from "../../../../live/gateway/answer/answer.ts"

const envelope = { id: "chatcmpl-1", created: 5, model: "small" }
const usage = { promptTokens: 3, completionTokens: 4, cost: 0.000011 }
const chat = (delta: object, more: object = {}) => ({ choices: [{ index: 0, delta, ...more }] })

const assembled = (chunks: ReadonlyArray<Readonly<Record<string, unknown>>>) => {
  const assembler = makeAssembler("chat", "float")
  for (const chunk of chunks) assembler.add(chunk)
  return assembler.answer(envelope, usage)
}

describe("an answer in one piece", () => {
  it("holds content, reasoning and log probabilities of all chunks", () => {
    const logprob = (token: string) => ({ logprobs: { content: [{ token, logprob: -0.5 }] } })
    expect(
      assembled([
        chat({ role: "assistant", reasoning_content: "Hm" }),
        chat({ reasoning_content: "m" }),
        chat({ content: "A" }, logprob("A")),
        chat({ content: "B" }, logprob("B")),
        chat({}, { finish_reason: "length" }),
        { choices: [], usage: { completion_tokens: 99 } },
      ]),
    ).toEqual({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 5,
      model: "small",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "AB", refusal: null, reasoning_content: "Hmm" },
          logprobs: {
            content: [
              { token: "A", logprob: -0.5 },
              { token: "B", logprob: -0.5 },
            ],
          },
          finish_reason: "length",
        },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7, cost: 0.000011 },
    })
  })

  it("joins tool calls by their index, whatever the order of their parts", () => {
    const part = (index: number, given: object) => chat({ tool_calls: [{ index, ...given }] })
    expect(
      assembled([
        part(1, { id: "b", type: "function", function: { name: "g", arguments: "{" } }),
        part(0, { id: "a", type: "function", function: { name: "f", arguments: "" } }),
        part(1, { function: { arguments: "}" } }),
        part(0, { function: { arguments: "[]" } }),
        chat({}, { finish_reason: "tool_calls" }),
      ]),
    ).toMatchObject({
      choices: [
        {
          message: {
            content: null,
            tool_calls: [
              { id: "a", type: "function", function: { name: "f", arguments: "[]" } },
              { id: "b", type: "function", function: { name: "g", arguments: "{}" } },
            ],
          },
        },
      ],
    })
  })

  it("is empty, not missing, where the host said nothing", () => {
    expect(assembled([chat({ content: "" }), chat({}, { finish_reason: "stop" })])).toMatchObject({
      choices: [{ message: { content: "" }, logprobs: null, finish_reason: "stop" }],
    })
  })

  it("of a completion is its text", () => {
    const assembler = makeAssembler("completion", "float")
    for (const text of ["A", "B"]) assembler.add({ choices: [{ index: 0, text }] })
    assembler.add({ choices: [{ index: 0, text: "", finish_reason: "stop" }] })
    expect(assembler.answer(envelope, usage)).toMatchObject({
      object: "text_completion",
      choices: [{ text: "AB", finish_reason: "stop" }],
    })
  })

  it("of an embedding has the encoding that was asked for, whatever the host knows", () => {
    const numbers = [0.5, -1.25]
    const base64 = Buffer.from(Float32Array.from(numbers).buffer).toString("base64")
    for (const given of [numbers, base64])
      for (const [encoding, expected] of [
        ["float", numbers],
        ["base64", base64],
      ] as const) {
        const assembler = makeAssembler("embedding", encoding)
        assembler.add({ data: [{ embedding: given }] })
        expect(assembler.answer(envelope, usage)).toMatchObject({
          object: "list",
          data: [{ index: 0, embedding: expected }],
          usage: { prompt_tokens: 3, total_tokens: 3, cost: 0.000011 },
        })
      }
  })
})

describe("a chunk for the consumer", () => {
  it("has the host's choice and the gateway's own name", () => {
    const choice = { index: 0, delta: { content: "A" }, logprobs: null, finish_reason: null }
    expect(
      chunkBody("chat", envelope, {
        id: "theirs",
        model: "theirs",
        system_fingerprint: "theirs",
        choices: [choice],
      }),
    ).toEqual({ ...envelope, object: "chat.completion.chunk", choices: [choice] })
    expect(usageChunk("chat", envelope, usage)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7, cost: 0.000011 },
    })
  })
})

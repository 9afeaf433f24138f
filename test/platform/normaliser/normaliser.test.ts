import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import { makeNormaliser } from "../../../platform/normaliser/normaliser.ts"
import { rendered } from "../model-server/dialects.ts"
import { counted, readAnswer, readText, saidIn, sse } from "../model-server/read-answer.ts"
import { assertProperty } from "../../support/property.ts"

const chat = (delta: unknown, finish_reason: unknown = null): string =>
  sse({ choices: [{ index: 0, delta, finish_reason }] })

describe("an answer of a model server", () => {
  it("means the same in whatever dialect it is written, and is cut", async () => {
    await assertProperty(
      fc.property(rendered, ({ meaning, parts, hasIds }) => {
        const { chunks, failure, isFinished } = readAnswer(parts)
        expect(failure).toBeUndefined()
        expect(isFinished).toBe(true)
        const { content, reasoning, calls, finish } = saidIn(chunks)
        expect({ content, reasoning, finish }).toEqual({
          content: meaning.content,
          reasoning: meaning.reasoning,
          finish: meaning.finish,
        })
        expect(calls.map(({ name, args }) => ({ name, args }))).toEqual(
          meaning.calls.map(({ name, args }) => ({ name, args })),
        )
        if (hasIds) expect(calls.map(({ id }) => id)).toEqual(meaning.calls.map(({ id }) => id))
      }),
    )
  })

  it("passes as it is once it is in OpenAI's form", async () => {
    await assertProperty(
      fc.property(rendered, ({ parts }) => {
        const { chunks } = readAnswer(parts)
        const again = makeNormaliser("chat", {}, counted())
        expect(chunks.map((chunk) => again.take(chunk).chunk)).toEqual(chunks)
      }),
    )
  })

  it.each<readonly [string, string, JsonObject]>([
    [
      "400",
      sse({ error: { message: "too long", code: 400 } }),
      { outcome: "consumerError", status: 400, detail: "too long" },
    ],
    [
      "413 as a text",
      sse({ error: { message: "x", code: "413" } }),
      { outcome: "consumerError", status: 413 },
    ],
    [
      "422 as a status",
      sse({ error: { message: "x", status: 422 } }),
      { outcome: "consumerError", status: 422 },
    ],
    [
      "400 beside it",
      sse({ error: { message: "x" }, status: 400 }),
      { outcome: "consumerError", status: 400 },
    ],
    [
      "400 of older vLLM",
      sse({ object: "error", message: "x", code: 400 }),
      { outcome: "consumerError", status: 400, detail: "x" },
    ],
    [
      "400 without a name",
      sse({ status: 400, message: "x" }),
      { outcome: "consumerError", status: 400 },
    ],
    ["404", sse({ error: { message: "x", code: 404 } }), { outcome: "notServed", status: 404 }],
    ["402", sse({ error: { message: "x", code: 402 } }), { outcome: "upstreamError", status: 402 }],
    ["429", sse({ error: { message: "x", code: 429 } }), { outcome: "backpressure", status: 429 }],
    [
      "401",
      sse({ error: { message: "x", code: 401 } }),
      { outcome: "credentialRefused", status: 401 },
    ],
    ["500", sse({ error: { message: "x", code: 500 } }), { outcome: "upstreamError", status: 500 }],
    ["no code", sse({ error: { message: "x" } }), { outcome: "upstreamError", detail: "x" }],
    [
      "a code that is no status",
      sse({ error: { message: "x", code: 7 } }),
      { outcome: "upstreamError" },
    ],
    [
      "a text",
      sse({ error: "out of memory" }),
      { outcome: "upstreamError", detail: "out of memory" },
    ],
    [
      "an event of that name",
      'event: error\ndata: {"message": "x", "code": 400}\n\n',
      { outcome: "consumerError" },
    ],
    [
      "an event of that name that is a text",
      "event: error\ndata: out of memory\n\n",
      { outcome: "upstreamError", detail: "out of memory" },
    ],
    [
      "a whole document",
      JSON.stringify({ error: { message: "x", code: 400 } }),
      { outcome: "consumerError" },
    ],
  ])("that is an error of %s has the outcome of its code", (_name, text, expected) => {
    expect(readText(text).failure).toMatchObject(expected)
    const begun = readText(text.startsWith("{") ? text : chat({ content: "A" }) + text)
    if (!text.startsWith("{")) expect(begun.failure?.outcome).toBe("upstreamError")
  })

  it.each([null, "", false, 0, []])("has no error where its error is %j", (error) => {
    const { failure, isFinished } = readText(
      sse({ error, choices: [{ index: 0, delta: { content: "A" }, finish_reason: "stop" }] }),
    )
    expect([failure, isFinished]).toEqual([undefined, true])
  })

  it.each(["abort", "error", "cancelled", "Aborted", "network_error"])(
    "is cut off where it ends as %j",
    (reason) => {
      const before = readText(chat({ content: "A" }, reason))
      expect(before.failure?.outcome).toBe("truncated")
      // Nothing of it is shown, so that another host can be tried.
      expect(before.chunks).toEqual([])
      const after = readText(chat({ content: "A" }) + chat({ content: "B" }, reason))
      expect(after.failure?.outcome).toBe("truncated")
      expect(after.chunks).toHaveLength(2)
    },
  )

  it("has an end where nobody knows the word for it, and a note of it", () => {
    const normaliser = makeNormaliser("chat", {})
    normaliser.take({ choices: [{ delta: { content: "A" }, finish_reason: "what?" }] })
    expect(normaliser.isFinished()).toBe(true)
    expect(normaliser.note()).toContain('"what?"')
  })

  it.each([
    ["choices that are no list", sse({ choices: 5 })],
    ["choices that are no objects", sse({ choices: [5] })],
    ["what is no JSON", "data: {\n\n"],
    ["what is no object", "data: 17\n\n"],
    ["an event that does not end", `data: ${"x".repeat(200_000)}`],
    ["a page", "<html><body>Bad gateway</body></html>"],
    ["a document that is cut", '{"choices": ['],
    ["a document without choices", '{"object": "list"}'],
    ["what is nested too deep", `data: ${"[".repeat(5000)}${"]".repeat(5000)}\n\n`],
    [
      "an object that is nested too deep",
      `data: {"choices":${"[".repeat(5000)}${"]".repeat(5000)}}\n\n`,
    ],
  ])("is none where it is %s", (_name, text) => {
    expect(readText(text).failure?.outcome).toBe("malformed")
  })

  it("is not spoiled by anything behind its end", () => {
    const whole = chat({ content: "A" }, "stop")
    for (const more of [
      "data: {\n\n",
      sse({ error: "late" }),
      sse({ choices: 5 }),
      `data: ${"x".repeat(200_000)}`,
    ]) {
      const { failure, isFinished } = readText(whole + more)
      expect([failure, isFinished]).toEqual([undefined, true])
    }
  })

  it("shows signs of life that are no part of it", () => {
    const { signsOfLife, chunks } = readText(
      [": ping", 'data: {"type":"ping"}', "event: ping\ndata: x", "data:", 'data: {"choices":[]}']
        .map((one) => `${one}\n\n`)
        .join("") +
        chat({}) +
        chat({ content: null }),
    )
    expect(signsOfLife).toBe(7)
    expect(chunks).toEqual([])
  })

  it("has custom tools for those who offer them, and nothing of them for others", () => {
    const text = chat({
      tool_calls: [{ index: 0, id: "c", type: "custom", custom: { name: "x", input: "a" } }],
    })
    const more = chat({ tool_calls: [{ index: 0, custom: { input: "b" } }] }, "tool_calls")
    const offered = readText(text + more, "chat", { tools: [{ type: "custom" }] })
    expect(saidIn(offered.chunks).calls).toEqual([{ id: "c", name: "x", args: "ab" }])
    expect(saidIn(readText(text + more).chunks).calls).toEqual([])
  })

  it("takes a blank name or id for none: clients do, and then find arguments of no call", () => {
    const begun = chat({ tool_calls: [{ index: 0, id: " ", function: { name: " " } }] })
    const args = chat({ tool_calls: [{ index: 0, function: { arguments: "{}" } }] })
    expect(saidIn(readText(begun + args + chat({}, "stop")).chunks).calls).toEqual([])
    const named = chat({ tool_calls: [{ index: 0, function: { name: "f" } }] })
    const { calls } = saidIn(readText(begun + args + named + chat({}, "tool_calls")).chunks)
    expect(calls).toMatchObject([{ name: "f", args: "{}" }])
    expect(String(calls[0]?.id).trim()).not.toBe("")
  })

  it("gives each call an id of its own, where the server gives none or one for two", () => {
    const one = { type: "function", function: { name: "f", arguments: '{"a":1}' } }
    const two = { type: "function", function: { name: "g", arguments: '{"b":1}' } }
    for (const [first, second] of [
      [{}, {}],
      [{ id: "same" }, { id: "same" }],
      [{ id: "" }, { id: null }],
    ]) {
      const calls = [
        { index: 0, ...first, ...one },
        { index: 1, ...second, ...two },
      ]
      const { calls: got } = saidIn(readText(chat({ tool_calls: calls }, "tool_calls")).chunks)
      expect(got.map(({ name, args }) => [name, args])).toEqual([
        ["f", '{"a":1}'],
        ["g", '{"b":1}'],
      ])
      expect(new Set(got.map(({ id }) => id)).size).toBe(2)
    }
  })

  it("says what a voice said, once", () => {
    const { chunks } = readText(
      chat({ audio: { id: "a", data: "AAAA", transcript: "Hi" } }, "stop"),
    )
    expect(saidIn(chunks).content).toBe("Hi")
    expect(JSON.stringify(chunks)).not.toContain("AAAA")
  })

  it("has log probabilities where they were asked for", () => {
    const chosen = {
      token: "A",
      logprob: -1,
      bytes: [65],
      top_logprobs: [{ token: "B", logprob: -2 }],
      x: "y",
    }
    const text = sse({
      choices: [
        { delta: { content: "A" }, logprobs: { content: [chosen], x: "y" }, finish_reason: "stop" },
      ],
    })
    expect(readText(text).chunks).toMatchObject([{ choices: [{ logprobs: null }] }])
    const [chunk] = readText(text, "chat", { logprobs: true, top_logprobs: 1 }).chunks
    expect(chunk).toMatchObject({
      choices: [
        {
          logprobs: {
            content: [
              {
                token: "A",
                logprob: -1,
                bytes: [65],
                top_logprobs: [{ token: "B", logprob: -2, bytes: null }],
              },
            ],
          },
        },
      ],
    })
    expect(JSON.stringify(chunk)).not.toContain('"x"')
  })
})

describe("a completion of a model server", () => {
  it.each([
    ["text", { text: "A" }],
    ["a delta", { delta: { content: "A" } }],
    ["a message", { message: { content: [{ type: "text", text: "A" }] } }],
  ])("is its text, where that is in %s", (_name, choice) => {
    const text = sse({ choices: [choice] }) + sse({ choices: [{ text: "", finish_reason: "eos" }] })
    expect(readText(text, "completion").chunks).toEqual([
      { choices: [{ index: 0, text: "A", logprobs: null, finish_reason: null }] },
      { choices: [{ index: 0, text: "", logprobs: null, finish_reason: "stop" }] },
    ])
  })
})

describe("an embedding of a model server", () => {
  it("is its vectors in the order of the inputs, and nothing else", () => {
    const data = [
      { index: 1, embedding: [1], note: "free text" },
      { index: 0, embedding: Buffer.from(Float32Array.from([2]).buffer).toString("base64") },
    ]
    expect(readText(JSON.stringify({ data, note: "free text" }), "embedding").chunks).toEqual([
      {
        object: "list",
        data: [
          { object: "embedding", index: 0, embedding: "AAAAQA==" },
          { object: "embedding", index: 1, embedding: [1] },
        ],
      },
    ])
  })

  it.each([["a text"], [["a"]], [[]], [null], ["AAAA"], [{}]])(
    "is none where a vector is %j",
    (embedding) => {
      const { failure } = readText(
        `{"data":[{"embedding":${JSON.stringify(embedding)}}]}`,
        "embedding",
      )
      expect(failure?.outcome).toBe("malformed")
    },
  )
})

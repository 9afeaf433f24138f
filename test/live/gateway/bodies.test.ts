import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { bodyCheck, forwarded } from "../../../live/gateway/bodies.ts"
import type { JobKind } from "../../../live/gateway/delivery.ts"

/** The error of a body, `undefined` where there is none. */
const errorOf = (kind: JobKind) => {
  const check = bodyCheck(kind)
  return (body: unknown) => Either.getOrUndefined(Either.flip(check(body)))
}
const chat = errorOf("chat")
const messages = [{ role: "user", content: "Hi" }]

describe("the check of a body", () => {
  it.each([
    [{ model: "m", messages }],
    [{ model: "m", messages, max_tokens: null, stop: null, stream: null, n: 1 }],
    [{ model: "m", messages, stop: ["a", "b"], top_k: 5, guided_json: { a: [1] } }],
    [
      {
        model: "m",
        messages: [
          { role: "user", content: [{ type: "text", text: "a" }, { type: "image_url" }] },
          { role: "assistant", content: null, tool_calls: [{ id: "x" }] },
          { role: "tool", tool_call_id: "x", content: "5" },
        ],
      },
    ],
  ])("takes %j", (body) => {
    expect(chat(body)).toBeUndefined()
  })

  it.each([
    [{ messages }, "model"],
    [{ model: "", messages }, "model"],
    [{ model: "m" }, "messages"],
    [{ model: "m", messages: [{ role: "robot", content: "" }] }, "messages.0.role"],
    [{ model: "m", messages: [{ role: "user", content: 5 }] }, "messages.0.content"],
    [{ model: "m", messages, max_tokens: 0 }, "max_tokens"],
    [{ model: "m", messages, max_tokens: 1.5 }, "max_tokens"],
    [{ model: "m", messages, temperature: 3 }, "temperature"],
    [{ model: "m", messages, stream: "yes" }, "stream"],
    [
      { model: "m", messages, stream_options: { include_usage: 1 } },
      "stream_options.include_usage",
    ],
    [{ model: "m", messages, stop: Array.from({ length: 17 }, () => "x") }, "stop"],
    [{ model: "m", messages, n: 2 }, "n"],
  ])("says what is wrong with %j: %s", (body, param) => {
    expect(chat(body)).toMatchObject({ status: 400, type: "invalid_request_error", param })
  })

  it.each([[null], [5], ["x"], [[]]])("refuses %j", (body) => {
    expect(chat(body)).toMatchObject({ status: 400 })
  })

  it("knows prompts and inputs in each of their forms", () => {
    const completion = errorOf("completion")
    for (const prompt of ["a", ["a"], [1, 2]])
      expect(completion({ model: "m", prompt })).toBeUndefined()
    expect(completion({ model: "m", prompt: ["a", "b"] })).toMatchObject({ param: "prompt" })
    expect(completion({ model: "m", prompt: "a", best_of: 4 })).toMatchObject({ param: "best_of" })
    expect(completion({ model: "m", prompt: "a", echo: true })).toMatchObject({ param: "echo" })
    const embedding = errorOf("embedding")
    for (const input of ["a", ["a", "b"], [1], [[1], [2]]])
      expect(embedding({ model: "m", input })).toBeUndefined()
    expect(embedding({ model: "m", input: [] })).toMatchObject({ status: 400 })
  })
})

describe("the body for a host", () => {
  it("keeps what only the host understands, and not who asks", () => {
    expect(
      forwarded({
        model: "m",
        top_k: 5,
        seed: null,
        user: "me",
        metadata: { a: 1 },
        store: true,
        chat_template: "{{ x }}",
        service_tier: "priority",
      }),
    ).toEqual({ model: "m", top_k: 5 })
  })
})

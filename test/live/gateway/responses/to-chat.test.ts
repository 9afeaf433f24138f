import * as fc from "fast-check"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { checkBody } from "../../../../live/gateway/responses/body.ts"
import type { SentItem } from "../../../../live/gateway/responses/items.ts"
import { chatOf } from "../../../../live/gateway/responses/to-chat.ts"

const chat = (more: object) => {
  const body = Either.getOrThrow(checkBody({ model: "small", input: "Hi", ...more }))
  return chatOf(body, body.input as string | ReadonlyArray<SentItem>) as unknown as Readonly<
    Record<string, unknown>
  >
}
const messagesOf = (input: unknown) => chat({ input })["messages"]

/** Every text of its own, so that it is found again only where it was put. */
let drawn = 0
const marked = fc.string({ maxLength: 5 }).map((text) => `«${drawn++} ${text}»`)
const name = fc.constantFrom("weather", "shell")

const part = fc.oneof(
  fc.record({ type: fc.constant("input_text"), text: marked }),
  fc.record({ type: fc.constant("output_text"), text: marked, annotations: fc.constant([]) }),
  fc.record({ type: fc.constant("refusal"), refusal: marked }),
  fc.record({
    type: fc.constant("input_image"),
    image_url: marked,
    detail: fc.constantFrom("auto", "original"),
  }),
  fc.record({ type: fc.constant("input_file"), file_data: marked, filename: marked }),
  fc.record({
    type: fc.constant("input_audio"),
    input_audio: fc.record({ data: marked, format: fc.constant("wav") }),
  }),
)
const content = fc.oneof(marked, fc.array(part, { maxLength: 3 }))
const item = fc.oneof(
  fc.record(
    {
      type: fc.constant("message"),
      role: fc.constantFrom("user", "assistant", "system", "developer"),
      content,
      id: fc.constant("msg_1"),
      status: fc.constant("completed"),
    },
    { requiredKeys: ["role", "content"] },
  ),
  fc.record({
    type: fc.constant("function_call"),
    call_id: marked,
    name,
    arguments: marked,
  }),
  fc.record({ type: fc.constant("custom_tool_call"), call_id: marked, name, input: marked }),
  fc.record({
    type: fc.constantFrom("function_call_output", "custom_tool_call_output"),
    call_id: marked,
    output: content,
  }),
)
const tool = fc.oneof(
  fc.record({
    type: fc.constant("function"),
    name,
    description: fc.option(marked),
    parameters: fc.option(fc.record({ type: fc.constant("object"), description: marked })),
    strict: fc.option(fc.boolean()),
  }),
  fc.record({
    type: fc.constant("custom"),
    name,
    description: marked,
    format: fc.record({
      type: fc.constant("grammar"),
      syntax: fc.constantFrom("lark", "regex"),
      definition: marked,
    }),
  }),
)
const body = fc.record(
  {
    model: fc.constant("small"),
    input: fc.oneof(
      marked,
      fc
        .tuple(fc.record({ role: fc.constant("user"), content }), fc.array(item, { maxLength: 8 }))
        .map(([first, rest]) => [first, ...rest]),
    ),
    instructions: marked,
    tools: fc.array(tool, { maxLength: 3 }),
    tool_choice: fc.constantFrom("none", "auto", "required", null),
    text: fc.record({
      format: fc.record({
        type: fc.constant("json_schema"),
        name: marked,
        description: marked,
        schema: fc.record({ title: marked }),
      }),
    }),
    max_output_tokens: fc.integer({ min: 1, max: 1000 }),
    temperature: fc.constantFrom(0, 1, null),
    seed: fc.integer(),
  },
  { requiredKeys: ["model", "input"] },
)

/** Leaves that are texts, also those of JSON in texts. */
const leaves = (value: unknown): ReadonlyArray<string> => {
  if (typeof value === "string") {
    if (!value.startsWith("{")) return [value]
    return [value, ...leaves(JSON.parse(value) as unknown)]
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(leaves) : []
}

describe("the chat of a response", () => {
  it("is a valid chat that holds every text of what was asked, so that it is counted", () => {
    fc.assert(
      fc.property(body, (given) => {
        const texts = leaves(chat(given)).join("\n")
        for (const text of leaves(given)) if (text.startsWith("«")) expect(texts).toContain(text)
      }),
    )
  })

  it("has a call's outcome right behind the message that calls", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        fc.boolean(),
        (count, thinks, speaks) => {
          const ids = Array.from({ length: count }, (_, number) => `call_${number}`)
          const messages = messagesOf([
            { role: "user", content: "Hi" },
            ...ids.flatMap((call_id) => [
              ...(thinks ? [{ type: "reasoning", id: "rs", summary: [{ text: "Hm" }] }] : []),
              ...(speaks ? [{ role: "assistant", content: "Let me see" }] : []),
              { type: "function_call", call_id, name: "f", arguments: "{}" },
            ]),
            ...ids.map((call_id) => ({ type: "function_call_output", call_id, output: "5" })),
          ]) as ReadonlyArray<{ role: string; tool_calls?: ReadonlyArray<{ id: string }> }>
          expect(messages.map(({ role }) => role)).toEqual([
            "user",
            "assistant",
            ...ids.map(() => "tool"),
          ])
          expect(messages[1]!.tool_calls!.map(({ id }) => id)).toEqual(ids)
        },
      ),
    )
  })

  it("sends a text as a text, and several parts as parts", () => {
    const image = {
      type: "input_image",
      image_url: "data:image/png;base64,AA==",
      detail: "original",
    }
    expect(
      messagesOf([
        { role: "developer", content: "Be brief" },
        { type: "message", role: "user", content: [{ type: "input_text", text: "Hi" }] },
        { role: "user", content: [{ type: "input_text", text: "And this?" }, image] },
        {
          type: "message",
          role: "assistant",
          id: "msg_1",
          status: "completed",
          content: [{ type: "output_text", text: "A cat", annotations: [] }],
        },
      ]),
    ).toEqual([
      { role: "developer", content: "Be brief" },
      { role: "user", content: "Hi" },
      {
        role: "user",
        content: [
          { type: "text", text: "And this?" },
          { type: "image_url", image_url: { url: image.image_url, detail: "original" } },
        ],
      },
      { role: "assistant", content: "A cat" },
    ])
  })

  it("shows a model its thoughts of the turn under way, and of no other", () => {
    const thought = (text: string) => ({ type: "reasoning", summary: [], content: [{ text }] })
    const called = { type: "function_call", call_id: "c", name: "f", arguments: "{}" }
    const messages = messagesOf([
      { role: "user", content: "One" },
      thought("of old"),
      { role: "assistant", content: "Done" },
      { role: "user", content: "Two" },
      thought("of now"),
      called,
      { type: "function_call_output", call_id: "c", output: "5" },
      thought("alone"),
    ])
    expect(messages).toMatchObject([
      { role: "user" },
      { role: "assistant", content: "Done" },
      { role: "user" },
      { role: "assistant", content: null, reasoning_content: "of now" },
      { role: "tool" },
    ])
    expect(JSON.stringify(messages)).not.toMatch(/of old|alone/)
  })

  it("knows only the tools that may be called", () => {
    const tools = ["a", "b"].map((one) => ({ type: "function", name: one }))
    const only = (mode: string) =>
      chat({
        tools,
        tool_choice: { type: "allowed_tools", mode, tools: [{ type: "function", name: "b" }] },
      })
    expect(only("required")).toMatchObject({
      tools: [{ type: "function", function: { name: "b" } }],
      tool_choice: "required",
    })
    expect(chat({ tools, tool_choice: { type: "function", name: "a" } })).toMatchObject({
      tools: [{ function: { name: "a" } }, { function: { name: "b" } }],
      tool_choice: { type: "function", function: { name: "a" } },
    })
    for (const choice of [
      { type: "function", name: "c" },
      { type: "custom", name: "a" },
      { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "c" }] },
    ])
      expect(() => chat({ tools, tool_choice: choice })).toThrow(/in `tools`/)
  })

  it("has the settings of a response by a chat's names, and a chat's own as they are", () => {
    expect(
      chat({
        text: { format: { type: "json_object" }, verbosity: "low" },
        reasoning: { effort: "high" },
        max_output_tokens: 5,
        parallel_tool_calls: false,
        include: ["message.output_text.logprobs"],
        top_logprobs: 2,
        seed: 7,
        store: true,
        metadata: { a: "b" },
        service_tier: "flex",
        background: false,
        stream: true,
      }),
    ).toEqual({
      model: "small",
      messages: [{ role: "user", content: "Hi" }],
      response_format: { type: "json_object" },
      verbosity: "low",
      reasoning_effort: "high",
      max_completion_tokens: 5,
      parallel_tool_calls: false,
      logprobs: true,
      top_logprobs: 2,
      seed: 7,
    })
    expect(() => chat({ presence_penalty: 9 })).toThrow(/presence_penalty/)
  })
})

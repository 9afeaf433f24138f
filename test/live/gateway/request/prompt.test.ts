import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bodyCheck, bodySchemas, forwarded } from "../../../../live/gateway/request/bodies.ts"
import type { JobKind } from "../../../../live/protocol/delivery.ts"
import { promptTokens } from "../../../../live/gateway/request/prompt.ts"
import { countTokens } from "../../../../live/gateway/answer/token-count.ts"
import { jsonSchemaOf } from "../../../../live/http/json-schema.ts"
import { jsonOf } from "../../support/json-of-schema.ts"
import { assertProperty } from "../../../support/property.ts"

const kinds = ["chat", "completion", "embedding"] as const satisfies ReadonlyArray<JobKind>

const forHost = (kind: JobKind, body: unknown): Record<string, unknown> =>
  forwarded(Either.getOrThrow(bodyCheck(kind)(body)))

const count = async (kind: JobKind, body: unknown, most = 1e9): Promise<number> =>
  await promptTokens(kind, forHost(kind, body), most)

/** Where no model reads: values by the field that they are in, and all that is within a medium. */
const unreadFields = new Set(["model", "logit_bias", "encoding_format"])
const media = new Set(["image_url", "audio_url", "video_url", "input_audio", "file"])

/** An address, or bytes. */
const isMedium = /^(https?:|data:|[\w+/=\s]*$)/

/**
 * All text of a body, independent of how the gateway finds it. Names of fields are text where they
 * are the consumer's own: below one that the schema does not go into.
 */
const textsOf = (value: unknown, schema: unknown, into: Array<string>): void => {
  if (typeof value === "string") into.push(value)
  if (typeof value !== "object" || value === null) return
  const part = value as Readonly<Record<string, unknown>>
  if (typeof part["type"] === "string" && media.has(part["type"])) {
    const medium = part[part["type"]]
    const { url, data } = Object(medium) as Record<string, unknown>
    for (const text of [medium, url, data])
      if (typeof text === "string" && !isMedium.test(text)) into.push(text)
    return
  }
  for (const [name, one] of Object.entries(value)) {
    const known = schemaAt(schema, name)
    if (known === undefined && !Array.isArray(value)) into.push(name)
    if (known !== undefined && unreadFields.has(name)) continue
    // The type of a part is one of a few words.
    if (name === "type" && known !== undefined) continue
    textsOf(one, known, into)
  }
}

interface JsonSchema {
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
}

const schemaAt = (schema: unknown, name: string): JsonSchema | undefined => {
  const { anyOf, items, properties } = (schema ?? {}) as JsonSchema
  if (anyOf !== undefined) {
    const found = anyOf.flatMap((one) => schemaAt(one, name) ?? [])
    return found.length === 0 ? undefined : { anyOf: found }
  }
  if (items !== undefined) return items
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
}

describe("the count of a prompt", () => {
  it.each(kinds)("has in it every text that a %s sends to a host", async (kind) => {
    const schema = jsonSchemaOf(bodySchemas[kind])
    await assertProperty(
      fc.asyncProperty(jsonOf(schema), async (body) => {
        const sent = forHost(kind, body)
        const texts: Array<string> = []
        textsOf(sent, schema, texts)
        const least = texts.reduce((sum, text) => sum + countTokens(text), 0)
        expect(await promptTokens(kind, sent, 1e9)).toBeGreaterThanOrEqual(least)
      }),
    )
  })

  const long = "word ".repeat(3000)
  const user = { role: "user", content: "Hi" }
  it.each([
    ["a message", { messages: [{ role: "user", content: long }] }],
    ["a name", { messages: [{ ...user, name: long }] }],
    ["the id of a call", { messages: [{ role: "tool", content: "", tool_call_id: long }] }],
    ["thinking", { messages: [{ role: "assistant", reasoning_content: long }] }],
    [
      "a thinking part",
      { messages: [{ ...user, content: [{ type: "thinking", thinking: long }] }] },
    ],
    ["a refusal", { messages: [{ role: "assistant", refusal: long }] }],
    [
      "a called function",
      { messages: [{ role: "assistant", function_call: { arguments: long } }] },
    ],
    [
      "a custom call",
      { messages: [{ role: "assistant", tool_calls: [{ custom: { input: long } }] }] },
    ],
    [
      "arguments that are no text",
      {
        messages: [{ role: "assistant", tool_calls: [{ function: { arguments: { [long]: 1 } } }] }],
      },
    ],
    ["a tool", { tools: [{ type: "function", function: { name: "f", description: long } }] }],
    ["a tool's choice", { tool_choice: { type: "function", function: { name: long } } }],
    ["a function", { functions: [{ name: "f", description: long }] }],
    ["a name in a schema", { guided_json: { properties: { [long]: {} } } }],
    ["numbers in a schema", { guided_json: { enum: Array.from({ length: 3000 }, () => 1.25) } }],
    ["where to end", { stop: Array.from({ length: 15 }, () => long.slice(0, 1000)) }],
    ["breakers", { dry_sequence_breakers: Array.from({ length: 15 }, () => long.slice(0, 1000)) }],
    ["tokens that are allowed", { allowed_token_ids: Array.from({ length: 3000 }, (_, n) => n) }],
    ["a grammar", { guided_grammar: long }],
    ["choices", { guided_choice: long.split(" ") }],
    ["variables of the template", { chat_template_kwargs: { x: long } }],
    ["a document", { documents: [{ title: "a", text: long }] }],
    ["a prediction", { prediction: { type: "content", content: [{ type: "text", text: long }] } }],
    [
      "a structural tag",
      { response_format: { type: "structural_tag", structures: [{ begin: long }] } },
    ],
  ])("has in it %s", async (_name, more) => {
    expect(await count("chat", { model: "m", messages: [user], ...more })).toBeGreaterThan(2990)
  })

  it("has in it what comes behind a completion", async () => {
    expect(await count("completion", { model: "m", prompt: "a", suffix: long })).toBeGreaterThan(
      2990,
    )
    expect(await count("completion", { model: "m", prompt: [1, 2, 3] })).toBe(3)
  })

  const parts = (content: unknown) =>
    count("chat", { model: "m", messages: [{ role: "user", content }] })
  const image = {
    type: "image_url",
    image_url: { url: `data:image/png;base64,${"A".repeat(9000)}` },
  }

  it("has a fixed number for what is no text, whatever else its part has", async () => {
    const none = await parts([])
    expect((await parts([image])) - none).toBe(1024)
    for (const text of ["", "a", null])
      expect((await parts([{ ...image, text }])) - none).toBe(1024)
    expect((await parts([image, image])) - none).toBe(2048)
    expect((await parts([{ type: "text", text: null }])) - none).toBe(0)
    expect((await parts([{ type: "text" }])) - none).toBe(0)
    expect((await parts([{ type: "video_url" }])) - none).toBe(1024)
  })

  it.each(["image_url", "audio_url", "video_url"])(
    "has in it a text that poses as an %s",
    async (type) => {
      for (const medium of [long, { url: long }, { url: `data:text/plain,${long}` }])
        expect(await parts([{ type, [type]: medium }])).toBeGreaterThan(3000)
      for (const url of ["https://a.test/b c", `data:image/png;base64,${"A".repeat(9000)}`])
        expect((await parts([{ type, [type]: { url } }])) - (await parts([]))).toBe(1024)
    },
  )

  it("has in it a text that poses as audio", async () => {
    const audio = (data: string) => parts([{ type: "input_audio", input_audio: { data } }])
    expect(await audio(long)).toBeGreaterThan(3000)
    expect((await audio(Buffer.from(long).toString("base64"))) - (await parts([]))).toBe(1024)
  })

  it("takes a file for as much text as it may hold", async () => {
    const data = `data:text/plain;base64,${Buffer.from(long).toString("base64")}`
    expect(await parts([{ type: "file", file: { file_data: data } }])).toBeGreaterThan(3000)
  })

  it("ends where it is known to be too long", async () => {
    const entries = Array.from({ length: 100_000 }, () => 0)
    expect(
      await count("chat", { model: "m", messages: [user], guided_json: { entries } }, 1000),
    ).toBe(1001)
    expect(
      await count("chat", { model: "m", messages: [{ role: "user", content: long }] }, 1000),
    ).toBe(1001)
  })

  it("of JSON is about that of the JSON as it is written", async () => {
    const tools = [
      {
        type: "function",
        function: {
          name: "get_weather",
          description: 'The weather in a place.\nSays "sunny" or "rainy".',
          parameters: {
            type: "object",
            properties: {
              location: { type: "string", description: "City and state, e.g. San Francisco, CA" },
              days: { type: "integer", minimum: 1, maximum: 14 },
            },
            required: ["location"],
          },
        },
      },
    ]
    const without = await count("chat", { model: "m", messages: [user] })
    const counted = (await count("chat", { model: "m", messages: [user], tools })) - without
    const written = countTokens(JSON.stringify(tools))
    expect(counted).toBeGreaterThanOrEqual(written)
    expect(counted).toBeLessThan(written * 1.2)
  })
})

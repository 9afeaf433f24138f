import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { bodyCheck, forwarded } from "../../../../live/gateway/request/bodies.ts"
import type { JobKind } from "../../../../live/protocol/delivery.ts"

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
  const forHost = <K extends JobKind>(kind: K, body: unknown) =>
    forwarded(Either.getOrThrow(bodyCheck(kind)(body)))

  it("keeps what only the host understands, and not who asks", () => {
    expect(
      forHost("chat", {
        model: "m",
        messages,
        top_k: 5,
        seed: null,
        user: "me",
        metadata: { a: 1 },
        store: true,
        chat_template: "{{ x }}",
        service_tier: "priority",
      }),
    ).toEqual({ model: "m", messages, top_k: 5 })
  })

  it("has what generation needs, on any of the common servers, as it came", () => {
    const schema = { type: "object", properties: { constructor: { prototype: {} } }, x: [1, null] }
    const chatBody = {
      model: "m",
      messages: [
        { role: "developer", content: "a", name: "b" },
        {
          role: "user",
          content: [
            { type: "text", text: "a" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AA", detail: "low" } },
            { type: "input_audio", input_audio: { data: "AA", format: "wav" } },
          ],
        },
        {
          role: "assistant",
          content: null,
          reasoning_content: "r",
          tool_calls: [{ id: "x", type: "function", function: { name: "f", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "x", content: "5" },
      ],
      temperature: 0.5,
      top_p: 0.9,
      top_k: -1,
      min_p: 0.1,
      seed: 1,
      stop: ["a"],
      stop_token_ids: [1],
      presence_penalty: 1,
      frequency_penalty: 1,
      repetition_penalty: 1.1,
      logit_bias: { "5": -100 },
      logprobs: true,
      top_logprobs: 5,
      min_tokens: 1,
      ignore_eos: true,
      guided_json: schema,
      guided_regex: "a+",
      guided_choice: ["a", "b"],
      structured_outputs: { json: schema },
      json_schema: schema,
      grammar: "root ::= x",
      response_format: { type: "json_schema", json_schema: { name: "n", schema } },
      reasoning_effort: "high",
      chat_template_kwargs: { enable_thinking: false },
      tools: [
        { type: "function", function: { name: "f", description: "d", parameters: schema } },
        { type: "custom", custom: { name: "c", description: "d" } },
      ],
      tool_choice: { type: "function", function: { name: "f" } },
      parallel_tool_calls: false,
      prediction: { type: "content", content: "p" },
      documents: [{ title: "t", text: "x" }],
    }
    expect(forHost("chat", chatBody)).toEqual(chatBody)
    const completion = { model: "m", prompt: [1, 2], suffix: "s", logprobs: 3, mirostat: 2 }
    expect(forHost("completion", completion)).toEqual(completion)
    const embedding = { model: "m", input: ["a"], dimensions: 5, encoding_format: "base64" }
    expect(forHost("embedding", embedding)).toEqual(embedding)
  })

  it.each([
    [
      "who asks",
      ["user", "metadata", "safety_identifier", "prompt_cache_key", "rid", "request_id"],
    ],
    [
      "what is OpenAI's alone",
      ["store", "service_tier", "modalities", "audio", "web_search_options"],
    ],
    [
      "what is its operator's",
      ["chat_template", "lora", "lora_request", "lora_path", "id_slot", "cache_prompt", "priority"],
    ],
    ["how its server is wired", ["session_params", "bootstrap_host", "kv_transfer_params"]],
    ["what its server would run", ["custom_logit_processor", "logits_processors", "vllm_xargs"]],
    ["what Ollama would change", ["options", "keep_alive", "raw", "template"]],
    [
      "what multiplies the work",
      ["n_cmpl", "n_predict", "use_beam_search", "prompt_logprobs", "mm_processor_kwargs", "echo"],
    ],
    ["what nobody knows", ["x", "__proto__", "constructor", "toString"]],
  ])("is not told %s", (_what, names) => {
    for (const name of names)
      for (const value of ["text", 5, true, { a: "text" }, ["text"]]) {
        const body = JSON.parse(
          `{"model":"m","messages":${JSON.stringify(messages)},${JSON.stringify(name)}:${JSON.stringify(value)}}`,
        ) as unknown
        expect(forHost("chat", body), name).toEqual({ model: "m", messages })
      }
  })

  it("has in it no field of a message, a part, a tool or a format that is not known", () => {
    const other = { x: "text", cache_control: { type: "ephemeral" } }
    expect(
      forHost("chat", {
        model: "m",
        messages: [
          { role: "user", content: [{ type: "text", text: "a", ...other }], ...other },
          { role: "user", content: "a", tool_calls: [{ id: "x" }] },
          {
            role: "assistant",
            tool_calls: [{ id: "x", ...other, function: { name: "f", ...other } }],
          },
        ],
        tools: [{ type: "function", function: { name: "f", ...other }, ...other }],
        tool_choice: { type: "function", function: { name: "f", ...other }, ...other },
        response_format: { type: "text", ...other },
        reasoning: { effort: "low", ...other },
        stream_options: { include_usage: true, ...other },
      }),
    ).toEqual({
      model: "m",
      messages: [
        { role: "user", content: [{ type: "text", text: "a" }] },
        { role: "user", content: "a" },
        { role: "assistant", tool_calls: [{ id: "x", function: { name: "f" } }] },
      ],
      tools: [{ type: "function", function: { name: "f" } }],
      tool_choice: { type: "function", function: { name: "f" } },
      response_format: { type: "text" },
      reasoning: { effort: "low" },
    })
  })

  it.each<readonly [object, object]>([
    [{ include_reasoning: false }, {}],
    [{ include_reasoning: true }, { include_reasoning: true }],
    [{ reasoning: { exclude: true } }, {}],
    [{ reasoning: { exclude: true, effort: "low" } }, { reasoning: { effort: "low" } }],
    [{ reasoning: { enabled: false, exclude: false } }, { reasoning: { enabled: false } }],
    [{ reasoning_format: "hidden" }, {}],
    [{ reasoning_format: "Hidden" }, {}],
    [{ reasoning_format: "deepseek" }, { reasoning_format: "deepseek" }],
  ])("hides no tokens that are generated: %j", (asked, told) => {
    expect(forHost("chat", { model: "m", messages, ...asked })).toEqual({
      model: "m",
      messages,
      ...told,
    })
  })

  it("has no template in the variables of one", () => {
    const variables = { enable_thinking: true, chat_template: "{{ x }}", tokenize: false }
    expect(forHost("chat", { model: "m", messages, chat_template_kwargs: variables })).toEqual({
      model: "m",
      messages,
      chat_template_kwargs: { enable_thinking: true },
    })
  })
})

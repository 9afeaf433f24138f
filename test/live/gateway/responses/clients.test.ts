import { createOpenAI } from "@ai-sdk/openai"
import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages"
import { ChatOpenAI } from "@langchain/openai"
import { generateObject, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai"
import OpenAI from "openai"
import type { ResponseStreamEvent } from "openai/resources/responses/responses"
import { afterEach, describe, expect, it } from "vitest"
import type { MarketOptions } from "../../support/market.ts"
import type { HostCall } from "../mock-host.ts"
import { event, refuse, streamTexts } from "../mock-host.ts"
import type { Gateway } from "../open-gateway.ts"
import { openGateway } from "../open-gateway.ts"

const wellBehaved = (call: HostCall): void => streamTexts(call, ["Hello", ",", " world", "!"])

const deltas =
  (finishReason: string, ...given: ReadonlyArray<object>) =>
  ({ response }: HostCall): void => {
    response.writeHead(200, { "content-type": "text/event-stream" })
    for (const delta of given) response.write(event({ choices: [{ index: 0, delta }] }))
    response.write(event({ choices: [{ index: 0, delta: {}, finish_reason: finishReason }] }))
    response.end("data: [DONE]\n\n")
  }

const callPart = (index: number, id: string, name: string, given: string) => ({
  tool_calls: [{ index, id, type: "function", function: { name, arguments: given } }],
})
const more = (index: number, given: string) => ({
  tool_calls: [{ index, function: { arguments: given } }],
})

/** Calls the tool first, and speaks once it has the outcome. */
const callsTool = (call: HostCall): void => {
  const messages = call.body["messages"] as ReadonlyArray<{ readonly role: string }>
  if (messages.some(({ role }) => role === "tool"))
    return deltas("stop", { role: "assistant", content: "5 degrees" })(call)
  deltas(
    "tool_calls",
    { role: "assistant", content: null, ...callPart(0, "call_1", "weather", "") },
    more(0, '{"city":'),
    more(0, '"Oslo"}'),
  )(call)
}

const thinks = deltas(
  "stop",
  { role: "assistant", reasoning_content: "Hm" },
  { reasoning_content: "m." },
  { content: "Yes" },
)

const dies = ({ response }: HostCall): void => {
  response.writeHead(200, { "content-type": "text/event-stream" })
  response.write(event({ choices: [{ index: 0, delta: { role: "assistant", content: "Hel" } }] }))
  setTimeout(() => response.destroy(), 20)
}

let gateway: Gateway | undefined
const open = async (
  answer: (call: HostCall) => void = wellBehaved,
  options: MarketOptions & { readonly minor?: number } = {},
): Promise<Gateway> => {
  gateway = await openGateway([answer], options)
  return gateway
}
afterEach(async () => {
  await gateway?.close()
  gateway = undefined
})

const clientOf = ({ baseURL, secret }: Gateway, apiKey = secret): OpenAI =>
  new OpenAI({ baseURL, apiKey, maxRetries: 0 })

const ask = { model: "small", input: "Say hello" }
const parameters = { type: "object", properties: { city: { type: "string" } } }
const weather = {
  type: "function" as const,
  name: "weather",
  description: "The weather in a city",
  parameters,
  strict: false,
}
const bodyOf = (t: Gateway, call = 0): Readonly<Record<string, unknown>> =>
  t.hosts[0]!.calls[call]!.body

const finishesOf = (t: Gateway) =>
  t.market.journal.entries.flatMap(({ commands }) =>
    commands.filter(({ _tag }) => _tag === "Finish"),
  )

describe("the openai client", () => {
  it("creates a response, at a chat's price", async () => {
    const t = await open()
    const { data, response } = await clientOf(t)
      .responses.create({
        ...ask,
        instructions: "Be brief",
        max_output_tokens: 50,
        metadata: { a: "b" },
        store: true,
        user: "me",
      })
      .withResponse()
    expect(data).toMatchObject({
      object: "response",
      status: "completed",
      model: "small",
      output_text: "Hello, world!",
      output: [{ type: "message", role: "assistant", status: "completed" }],
      usage: { output_tokens: 4, output_tokens_details: { reasoning_tokens: 0 } },
      metadata: { a: "b" },
      store: false,
      instructions: "Be brief",
      error: null,
      incomplete_details: null,
    })
    expect(data.id).toMatch(/^resp_/)
    expect(data.usage!.total_tokens).toBe(data.usage!.input_tokens + 4)
    const charge = response.headers.get("x-evenkeel-charge")
    expect(data.usage).toMatchObject({ cost: Number(charge) })
    expect(bodyOf(t)).toMatchObject({
      model: "host-0",
      max_tokens: 50,
      stream: true,
      messages: [
        { role: "system", content: "Be brief" },
        { role: "user", content: "Say hello" },
      ],
    })
    for (const field of ["metadata", "store", "user", "input", "instructions"])
      expect(Object.keys(bodyOf(t))).not.toContain(field)
    const chat = await clientOf(t)
      .chat.completions.create({
        model: "small",
        max_tokens: 50,
        messages: [
          { role: "system", content: "Be brief" },
          { role: "user", content: "Say hello" },
        ],
      })
      .withResponse()
    expect(charge).toBe(chat.response.headers.get("x-evenkeel-charge"))
    expect(chat.data.usage!.prompt_tokens).toBe(data.usage!.input_tokens)
  })

  it("streams a response whose events add up to it", async () => {
    const t = await open()
    const stream = clientOf(t).responses.stream(ask)
    const events: Array<ResponseStreamEvent> = []
    for await (const one of stream) events.push(one as ResponseStreamEvent)
    expect(events.map(({ type }) => type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      ...Array.from({ length: 4 }, () => "response.output_text.delta"),
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ])
    const final = await stream.finalResponse()
    const charges = t.market.journal.entries.flatMap(({ commands }) =>
      commands.flatMap((command) => (command._tag === "Finish" ? [command.charge] : [])),
    )
    expect(final.usage).toMatchObject({ cost: charges[0]! / 1_000_000 })
    expect(final.output_text).toBe("Hello, world!")
    const whole = await clientOf(t).responses.create(ask)
    const bare = ({ id, created_at, output, ...rest }: OpenAI.Responses.Response) => ({
      ...rest,
      output: output.map((item) => ({ ...item, id: "" })),
    })
    const { output_parsed: _parsed, ...given } = final
    for (const item of given.output)
      if (item.type === "message")
        for (const part of item.content) delete (part as { parsed?: unknown }).parsed
    expect(bare(given)).toEqual(bare(whole))
  })

  it.each([false, true])("calls functions, streaming: %s", async (isStreaming) => {
    const t = await open(callsTool)
    const create = async (input: OpenAI.Responses.ResponseInput) => {
      const given = { model: "small", input, tools: [weather] }
      return isStreaming
        ? clientOf(t).responses.stream(given).finalResponse()
        : clientOf(t).responses.create(given)
    }
    const question = { role: "user" as const, content: "The weather in Oslo?" }
    const first = await create([question])
    expect(first).toMatchObject({
      status: "completed",
      output: [
        {
          type: "function_call",
          status: "completed",
          call_id: "call_1",
          name: "weather",
          arguments: '{"city":"Oslo"}',
        },
      ],
    })
    const second = await create([
      question,
      ...(first.output as OpenAI.Responses.ResponseInput),
      { type: "function_call_output", call_id: "call_1", output: "5" },
    ])
    expect(second.output_text).toBe("5 degrees")
    expect(bodyOf(t, 1)).toMatchObject({
      messages: [
        question,
        {
          role: "assistant",
          content: null,
          tool_calls: [
            {
              id: "call_1",
              type: "function",
              function: { name: "weather", arguments: '{"city":"Oslo"}' },
            },
          ],
        },
        { role: "tool", tool_call_id: "call_1", content: "5" },
      ],
      tools: [{ type: "function", function: { name: "weather", parameters, strict: false } }],
    })
  })

  it("calls custom tools, whose input is a text", async () => {
    const t = await open(
      deltas("tool_calls", callPart(0, "call_1", "shell", '{"in'), more(0, 'put":"ls \\"a\\""}')),
    )
    const given = { ...ask, tools: [{ type: "custom" as const, name: "shell" }] }
    const called = [{ type: "custom_tool_call", name: "shell", call_id: "call_1", input: 'ls "a"' }]
    expect((await clientOf(t).responses.create(given)).output).toMatchObject(called)
    const streamed = await clientOf(t).responses.stream(given).finalResponse()
    expect(streamed.output).toMatchObject(called)
  })

  it("gets what it asks a format for, parsed", async () => {
    const t = await open(deltas("stop", { content: '{"city":' }, { content: '"Oslo"}' }))
    const parsed = await clientOf(t).responses.parse({
      ...ask,
      text: { format: { type: "json_schema", name: "place", schema: parameters, strict: true } },
    })
    expect(parsed.output_parsed).toEqual({ city: "Oslo" })
    expect(bodyOf(t)["response_format"]).toEqual({
      type: "json_schema",
      json_schema: { name: "place", schema: parameters, strict: true },
    })
  })

  it("sees what a model thought, as such or as the summary that it asks for", async () => {
    const t = await open(thinks)
    const plain = await clientOf(t).responses.stream(ask).finalResponse()
    expect(plain).toMatchObject({
      output_text: "Yes",
      output: [
        { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "Hmm." }] },
        { type: "message" },
      ],
    })
    const asked = { ...ask, reasoning: { effort: "low", summary: "auto" } as const }
    const summed = await clientOf(t).responses.stream(asked).finalResponse()
    expect(summed.output[0]).toMatchObject({
      type: "reasoning",
      summary: [{ type: "summary_text", text: "Hmm." }],
    })
    expect(bodyOf(t, 1)["reasoning_effort"]).toBe("low")
  })

  it("is told why an answer ends early", async () => {
    const t = await open(deltas("length", { content: "Once upon" }))
    const ends = { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }
    expect(await clientOf(t).responses.create(ask)).toMatchObject(ends)
    expect(await clientOf(t).responses.stream(ask).finalResponse()).toMatchObject({
      ...ends,
      output: [{ status: "incomplete" }],
    })
  })

  it("hears of a host's death in the middle of a stream, and pays what came", async () => {
    const t = await open(dies)
    const stream = await clientOf(t).responses.create({ ...ask, stream: true })
    let text = ""
    const read = async () => {
      for await (const one of stream)
        if (one.type === "response.output_text.delta") text += one.delta
    }
    await expect(read()).rejects.toThrow(/incomplete/)
    expect(text).toBe("Hel")
    await expect(clientOf(t).responses.stream(ask).finalResponse()).rejects.toThrow(/incomplete/)
    expect(finishesOf(t)[0]).toMatchObject({ outputTokens: 1 })
    expect((finishesOf(t)[0] as { readonly charge: number }).charge).toBeGreaterThan(0)
  })

  it("stops the host when it aborts", async () => {
    const t = await open(({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write(event({ choices: [{ index: 0, delta: { content: "Hello there" } }] }))
    })
    const stream = await clientOf(t).responses.create({ ...ask, stream: true })
    for await (const one of stream) if (one.type === "response.output_text.delta") break
    await expect.poll(() => t.hosts[0]!.calls[0]!.closedAtMillis).toBeDefined()
    await expect.poll(() => t.calls.size()).toBe(0)
    expect(finishesOf(t)).toMatchObject([{ outcome: "consumerGone", outputTokens: 2 }])
  })

  it("raises its own errors", async () => {
    const t = await open((call) => refuse(call, 422, "no such tool"))
    const create = (given: object, apiKey?: string) =>
      clientOf(t, apiKey).responses.create({ ...ask, ...given } as never)
    await expect(create({}, "sk_live_wrong")).rejects.toThrow(OpenAI.AuthenticationError)
    await expect(create({ model: "huge" })).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
    })
    await expect(create({ model: "org/vectors" })).rejects.toMatchObject({ status: 400 })
    for (const words of [2000, 20_000])
      await expect(create({ input: "word ".repeat(words) })).rejects.toMatchObject({
        status: 400,
        param: "input",
      })
    await expect(create({ previous_response_id: "resp_1" })).rejects.toMatchObject({
      status: 400,
      param: "previous_response_id",
      message: expect.stringContaining("whole conversation"),
    })
    await expect(create({})).rejects.toMatchObject({ status: 422, code: "rejected_by_host" })
  })

  it("is told when its credits are too few, in the words of this route, and of a price too high", async () => {
    const t = await open(wellBehaved, {
      minor: 0,
      knobs: { ramp: { start: 1 }, promotion: { grantCredits: 0 } },
    })
    for (const stream of [true, false])
      await expect(clientOf(t).responses.create({ ...ask, stream })).rejects.toMatchObject({
        status: 402,
        code: "insufficient_credits",
        message: expect.stringContaining("`max_output_tokens`"),
      })
    const headers = { "x-evenkeel-max-price": "0.000001" }
    await expect(clientOf(t).responses.create(ask, { headers })).rejects.toMatchObject({
      status: 400,
      code: "price_too_high",
    })
  })

  it("may refer to what its account was answered lately, and to nothing else", async () => {
    const t = await open()
    const refer = (id: string, secret = t.secret) =>
      clientOf(t, secret).responses.create({
        model: "small",
        input: [
          { role: "user", content: "Hi" },
          { type: "item_reference", id },
          { role: "user", content: "Again" },
        ],
      })
    const [item] = (await clientOf(t).responses.create(ask)).output
    await refer(item!.id!)
    expect(bodyOf(t, 1)["messages"]).toEqual([
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello, world!" },
      { role: "user", content: "Again" },
    ])
    const [unkept] = (await clientOf(t).responses.create({ ...ask, store: false })).output
    const stranger = t.market.openAccount({ minor: 1_000_000_000 }).secret
    for (const refused of [
      () => refer(unkept!.id!),
      () => refer("msg_none"),
      () => refer(item!.id!, stranger),
    ])
      await expect(refused()).rejects.toMatchObject({
        status: 400,
        param: "input.1.id",
        message: expect.stringContaining("`store: false`"),
      })
  })

  it("finds nothing stored", async () => {
    const t = await open()
    const { responses } = clientOf(t)
    const { id } = await responses.create(ask)
    for (const comesBack of [
      () => responses.retrieve(id),
      () => responses.delete(id),
      () => responses.cancel(id),
      () => responses.inputItems.list(id),
    ])
      await expect(comesBack()).rejects.toMatchObject({
        status: 404,
        code: "not_stored",
        message: expect.stringContaining("stores no responses"),
      })
    await expect(clientOf(t, "sk_live_wrong").responses.retrieve(id)).rejects.toThrow(
      OpenAI.AuthenticationError,
    )
  })
})

describe("a response on the wire", () => {
  const post = (t: Gateway, body: object) =>
    fetch(`${t.baseURL}/responses`, {
      method: "POST",
      headers: { authorization: `Bearer ${t.secret}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    })

  it("names each event twice, and has no [DONE]", async () => {
    const t = await open()
    const answer = await post(t, { ...ask, stream: true })
    expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8")
    const blocks = (await answer.text()).trimEnd().split("\n\n")
    for (const [number, block] of blocks.entries()) {
      const [first, second, ...rest] = block.split("\n")
      expect(rest).toEqual([])
      const data = JSON.parse(second!.replace(/^data: /, "")) as Record<string, unknown>
      expect(first).toBe(`event: ${String(data["type"])}`)
      expect(data["sequence_number"]).toBe(number)
    }
  })

  it("that breaks ends failed, never completed", async () => {
    const t = await open(dies)
    const blocks = (await (await post(t, { ...ask, stream: true })).text()).trimEnd().split("\n\n")
    expect(blocks.slice(-2).map((block) => block.split("\n")[0])).toEqual([
      "event: error",
      "event: response.failed",
    ])
    expect(JSON.parse(blocks.at(-1)!.split("\n")[1]!.replace("data: ", ""))).toMatchObject({
      response: {
        status: "failed",
        error: { code: "server_error" },
        output: [{ content: [{ text: "Hel" }] }],
      },
    })
    expect(blocks.join("\n")).not.toContain("response.output_item.done")
  })

  it("that fails before its first byte has a status of its own", async () => {
    const t = await open(({ response }) => void response.destroy())
    const answer = await post(t, { ...ask, stream: true })
    expect(answer.status).toBe(502)
    expect(await answer.json()).toMatchObject({ error: { code: "upstream_failed" } })
  })
})

describe("the AI SDK", () => {
  const modelOf = ({ baseURL, secret }: Gateway) =>
    createOpenAI({ baseURL, apiKey: secret })("small")
  const tools = {
    weather: tool({
      description: "The weather in a city",
      inputSchema: jsonSchema<{ city: string }>(parameters as never),
      execute: async () => "5",
    }),
  }

  it("generates and streams text", async () => {
    const t = await open()
    const whole = await generateText({ model: modelOf(t), prompt: "Say hello", maxRetries: 0 })
    expect(whole.text).toBe("Hello, world!")
    expect(whole.usage.outputTokens).toBe(4)
    expect(whole.finishReason).toBe("stop")
    const streamed = streamText({ model: modelOf(t), prompt: "Say hello", maxRetries: 0 })
    let text = ""
    for await (const part of streamed.textStream) text += part
    expect(text).toBe("Hello, world!")
    expect((await streamed.usage).outputTokens).toBe(4)
    expect(await streamed.finishReason).toBe("stop")
    expect(t.hosts[0]!.calls[0]!.path).toBe("/v1/chat/completions")
  })

  it.each([true, false])(
    "goes through a tool and on, whether it refers to what came or sends it: %s",
    async (store) => {
      const t = await open(callsTool)
      const given = {
        model: modelOf(t),
        prompt: "The weather in Oslo?",
        maxRetries: 0,
        tools,
        stopWhen: stepCountIs(2),
        providerOptions: { openai: { store } },
      }
      const whole = await generateText(given)
      expect(whole.text).toBe("5 degrees")
      const streamed = streamText(given)
      let text = ""
      for await (const part of streamed.textStream) text += part
      expect(text).toBe("5 degrees")
      expect((await streamed.steps)[0]!.toolCalls).toMatchObject([
        { toolName: "weather", input: { city: "Oslo" } },
      ])
      for (const call of [1, 3])
        expect(bodyOf(t, call)["messages"]).toMatchObject([
          { role: "user" },
          { role: "assistant", tool_calls: [{ function: { name: "weather" } }] },
          { role: "tool", content: "5" },
        ])
      // And the next turn of the conversation, which refers to all of the last.
      await generateText({
        model: modelOf(t),
        maxRetries: 0,
        providerOptions: { openai: { store } },
        messages: [
          { role: "user", content: "The weather in Oslo?" },
          ...whole.response.messages,
          { role: "user", content: "Really?" },
        ],
      })
      expect(bodyOf(t, 4)["messages"]).toMatchObject([
        { role: "user" },
        { role: "assistant" },
        { role: "tool" },
        { role: "assistant", content: "5 degrees" },
        { role: "user" },
      ])
    },
  )

  it("generates objects", async () => {
    const t = await open(deltas("stop", { content: '{"city":"Oslo"}' }))
    const { object } = await generateObject({
      model: modelOf(t),
      prompt: "A city",
      maxRetries: 0,
      schema: jsonSchema<{ city: string }>(parameters as never),
    })
    expect(object).toEqual({ city: "Oslo" })
  })

  it("hears of a host's death", async () => {
    const t = await open(dies)
    const errors: Array<unknown> = []
    const streamed = streamText({
      model: modelOf(t),
      prompt: "Say hello",
      maxRetries: 0,
      onError: ({ error }) => void errors.push(error),
    })
    await streamed.consumeStream()
    expect(errors).toMatchObject([{ error: { code: "upstream_failed" } }])
  })
})

describe("LangChain", () => {
  const modelOf = ({ baseURL, secret }: Gateway) =>
    new ChatOpenAI({
      model: "small",
      apiKey: secret,
      configuration: { baseURL },
      maxRetries: 0,
      useResponsesApi: true,
    })

  it("invokes and streams", async () => {
    const t = await open()
    const whole = await modelOf(t).invoke([new HumanMessage("Say hello")])
    expect(whole.text).toBe("Hello, world!")
    expect(whole).toMatchObject({ usage_metadata: { output_tokens: 4 } })
    let text = ""
    for await (const chunk of await modelOf(t).stream([new HumanMessage("Say hello")]))
      text += chunk.text
    expect(text).toBe("Hello, world!")
  })

  it("calls tools and gives their outcome back", async () => {
    const t = await open(callsTool)
    const model = modelOf(t).bindTools([
      { type: "function", function: { name: "weather", description: "", parameters } },
    ])
    const question = new HumanMessage("The weather in Oslo?")
    const called = await model.invoke([question])
    expect(called.tool_calls).toMatchObject([{ name: "weather", args: { city: "Oslo" } }])
    let streamed: AIMessage | undefined
    for await (const chunk of await model.stream([question]))
      streamed = streamed === undefined ? chunk : (streamed as never as typeof chunk).concat(chunk)
    expect(streamed!.tool_calls).toMatchObject([{ name: "weather", args: { city: "Oslo" } }])
    const outcome = new ToolMessage({ content: "5", tool_call_id: called.tool_calls![0]!.id! })
    for (const message of [called, streamed!])
      expect((await model.invoke([question, message, outcome])).text).toBe("5 degrees")
  })

  it("hears of a host's death", async () => {
    const t = await open(dies)
    const read = async () => {
      let text = ""
      for await (const chunk of await modelOf(t).stream("Say hello")) text += chunk.text
      return text
    }
    await expect(read()).rejects.toThrow(/incomplete/)
  })
})

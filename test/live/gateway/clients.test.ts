import { createOpenAI } from "@ai-sdk/openai"
import { HumanMessage } from "@langchain/core/messages"
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai"
import { embed, generateText, jsonSchema, streamText, tool } from "ai"
import OpenAI from "openai"
import { afterEach, describe, expect, it } from "vitest"
import type { MarketOptions } from "../support/market.ts"
import type { HostCall } from "./mock-host.ts"
import { answerEmbeddings, event, refuse, streamTexts } from "./mock-host.ts"
import type { Gateway } from "./open-gateway.ts"
import { openGateway } from "./open-gateway.ts"

const texts = ["Hello", ",", " world", "!"]

const wellBehaved = (call: HostCall): void =>
  call.path.endsWith("/embeddings") ? answerEmbeddings(call) : streamTexts(call, texts)

const callsTool = (call: HostCall): void => {
  const { response } = call
  response.writeHead(200, { "content-type": "text/event-stream" })
  const delta = (given: object, finish_reason: string | null = null) =>
    response.write(event({ choices: [{ index: 0, delta: given, finish_reason }] }))
  delta({
    role: "assistant",
    content: null,
    tool_calls: [
      { index: 0, id: "call_1", type: "function", function: { name: "weather", arguments: "" } },
    ],
  })
  delta({ tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] })
  delta({ tool_calls: [{ index: 0, function: { arguments: '"Oslo"}' } }] })
  delta({}, "tool_calls")
  response.end("data: [DONE]\n\n")
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

/** What the kernel charged each call, minor units. */
const charged = ({ market }: Gateway): ReadonlyArray<number> =>
  market.journal.entries.flatMap(({ commands }) =>
    commands.flatMap((command) => (command._tag === "Finish" ? [command.charge] : [])),
  )

/** A field of the gateway's own, which the client passes on. */
const costOf = (usage: object | undefined): number =>
  (usage as { readonly cost: number } | undefined)!.cost

const messages = [{ role: "user" as const, content: "Say hello" }]
const weather = {
  type: "function" as const,
  function: {
    name: "weather",
    description: "The weather in a city",
    parameters: { type: "object", properties: { city: { type: "string" } } },
  },
}

describe("the openai client", () => {
  it("completes a chat", async () => {
    const t = await open()
    const { data, response } = await clientOf(t)
      .chat.completions.create({ model: "small", messages, user: "me", store: true })
      .withResponse()
    expect(data).toMatchObject({
      object: "chat.completion",
      model: "small",
      choices: [
        { message: { role: "assistant", content: "Hello, world!" }, finish_reason: "stop" },
      ],
      usage: { completion_tokens: 4 },
    })
    expect(response.headers.get("x-request-id")).toMatch(/^req_/)
    expect(response.headers.get("x-evenkeel-charge")).toMatch(/^0\.0000\d+$/)
    expect(costOf(data.usage)).toBe(Number(response.headers.get("x-evenkeel-charge")))
    expect(costOf(data.usage)).toBe(charged(t).at(-1)! / 1_000_000)
    const [hostCall] = t.hosts[0]!.calls
    expect(hostCall!.path).toBe("/v1/chat/completions")
    expect(hostCall!.body).toMatchObject({
      model: "host-0",
      // 1000, less 9 of the prompt and what the server's own template may take.
      max_tokens: 919,
      stream: true,
      stream_options: { include_usage: true },
    })
    expect(Object.keys(hostCall!.body)).not.toContain("user")
    expect(Object.keys(hostCall!.body)).not.toContain("store")
  })

  it("streams a chat, with the usage where it asks for it", async () => {
    const t = await open()
    for (const include_usage of [true, false]) {
      const stream = await clientOf(t).chat.completions.create({
        model: "small",
        messages,
        stream: true,
        ...(include_usage ? { stream_options: { include_usage } } : {}),
      })
      const chunks = []
      for await (const chunk of stream) chunks.push(chunk)
      expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(
        "Hello, world!",
      )
      expect(new Set(chunks.map(({ id, model }) => `${id} ${model}`)).size).toBe(1)
      expect(chunks[0]!.id).toMatch(/^chatcmpl-/)
      const last = chunks.at(-1)!
      if (include_usage)
        expect(last).toMatchObject({
          choices: [],
          usage: { completion_tokens: 4, cost: charged(t).at(-1)! / 1_000_000 },
        })
      else expect(last.choices[0]?.finish_reason).toBe("stop")
    }
  })

  it("calls tools, streaming or not", async () => {
    const t = await open(callsTool)
    const given = { model: "small", messages, tools: [weather] }
    const whole = await clientOf(t).chat.completions.create(given)
    const toolCalls = [
      {
        id: "call_1",
        type: "function",
        function: { name: "weather", arguments: '{"city":"Oslo"}' },
      },
    ]
    expect(whole.choices[0]).toMatchObject({
      message: { content: null, tool_calls: toolCalls },
      finish_reason: "tool_calls",
    })
    const streamed = await clientOf(t).chat.completions.stream(given).finalChatCompletion()
    expect(streamed.choices[0]!.message.tool_calls).toMatchObject(toolCalls)
  })

  it("completes a prompt, streaming or not", async () => {
    const t = await open()
    const whole = await clientOf(t).completions.create({ model: "small", prompt: "Say" })
    expect(whole).toMatchObject({
      object: "text_completion",
      choices: [{ text: "Hello, world!", finish_reason: "stop" }],
      usage: { prompt_tokens: 1, completion_tokens: 4, total_tokens: 5 },
    })
    const stream = await clientOf(t).completions.create({
      model: "small",
      prompt: "Say",
      stream: true,
    })
    let text = ""
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? ""
    expect(text).toBe("Hello, world!")
  })

  it("embeds texts, in the encoding that it asks for", async () => {
    const t = await open()
    const create = (encoding_format?: "float" | "base64") =>
      clientOf(t).embeddings.create({
        model: "org/vectors",
        input: ["one", "two"],
        ...(encoding_format === undefined ? {} : { encoding_format }),
      })
    for (const answer of [await create(), await create("float")]) {
      expect(answer.data.map(({ embedding }) => [...embedding])).toEqual([
        [0.25, -0.5, 0],
        [0.25, -0.5, 1],
      ])
      expect(answer.usage).toEqual({ prompt_tokens: 2, total_tokens: 2, cost: 0.000002 })
    }
  })

  it("lists the models", async () => {
    const t = await open()
    const { data } = await clientOf(t).models.list()
    expect(data.map(({ id }) => id)).toEqual(["small", "org/vectors"])
    expect(await clientOf(t).models.retrieve("org/vectors")).toMatchObject({ id: "org/vectors" })
    const raw = await fetch(`${t.baseURL}/models/org/vectors`, {
      headers: { authorization: `Bearer ${t.secret}` },
    })
    expect(await raw.json()).toMatchObject({
      id: "org/vectors",
      context_tokens: 8192,
      input_price_per_token: "0.000001",
      output_price_per_token: "0.000002",
    })
    await expect(clientOf(t).models.retrieve("huge")).rejects.toThrow(OpenAI.NotFoundError)
  })

  it("raises its own errors", async () => {
    const t = await open((call) => refuse(call, 422, "no such tool"))
    const ask = (more: object, apiKey?: string) =>
      clientOf(t, apiKey).chat.completions.create({ model: "small", messages, ...more } as never)
    await expect(ask({}, "sk_live_wrong")).rejects.toThrow(OpenAI.AuthenticationError)
    await expect(ask({ model: "huge" })).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
      param: "model",
    })
    await expect(ask({ max_tokens: "5" })).rejects.toMatchObject({
      status: 400,
      param: "max_tokens",
    })
    await expect(ask({ n: 2 })).rejects.toMatchObject({ status: 400, param: "n" })
    await expect(ask({ messages: [] })).rejects.toMatchObject({ status: 400, param: "messages" })
    await expect(ask({ model: "org/vectors" })).rejects.toMatchObject({ status: 400 })
    await expect(
      ask({ messages: [{ role: "user", content: "word ".repeat(2000) }] }),
    ).rejects.toMatchObject({ status: 400, param: "messages" })
    await expect(
      ask({ messages: [{ role: "user", content: "word ".repeat(20_000) }] }),
    ).rejects.toMatchObject({ status: 400, param: "messages" })
    await expect(ask({})).rejects.toThrow(OpenAI.UnprocessableEntityError)
    await expect(ask({})).rejects.toMatchObject({ status: 422, code: "rejected_by_host" })
    const deep = JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`) as unknown
    await expect(ask({ deep })).rejects.toMatchObject({ status: 400 })
  })

  it("is told when its credits are too few, and when the price is too high", async () => {
    const t = await open(wellBehaved, {
      minor: 0,
      knobs: { ramp: { start: 1 }, promotion: { grantCredits: 0 } },
    })
    await expect(
      clientOf(t).chat.completions.create({ model: "small", messages }),
    ).rejects.toMatchObject({
      status: 402,
      code: "insufficient_credits",
      type: "insufficient_quota",
    })
    const dear = (price: string) =>
      clientOf(t).chat.completions.create(
        { model: "small", messages },
        { headers: { "x-evenkeel-max-price": price } },
      )
    await expect(dear("0.000001")).rejects.toMatchObject({ status: 400, code: "price_too_high" })
    await expect(dear("cheap")).rejects.toMatchObject({ status: 400 })
  })

  it("is told to come back when the gateway is full", async () => {
    const t = await open(wellBehaved, { config: { limits: { openCalls: 1 } } })
    t.market.journal.pending = 1_000_000
    const error = await clientOf(t)
      .chat.completions.create({ model: "small", messages })
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(OpenAI.InternalServerError)
    expect((error as InstanceType<typeof OpenAI.APIError>).status).toBe(503)
    expect((error as InstanceType<typeof OpenAI.APIError>).headers?.get("retry-after")).toBe("1")
  })

  it("hears of a host's death in the middle of a stream", async () => {
    const t = await open(({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write(event({ choices: [{ index: 0, delta: { content: "Hel" } }] }))
      setTimeout(() => response.destroy(), 20)
    })
    const stream = await clientOf(t).chat.completions.create({
      model: "small",
      messages,
      stream: true,
    })
    let text = ""
    const read = async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ""
    }
    await expect(read()).rejects.toThrow(/incomplete/)
    expect(text).toBe("Hel")
  })

  it("gets 502 where every host fails before the first byte", async () => {
    const t = await open(({ response }) => void response.destroy())
    await expect(
      clientOf(t).chat.completions.create({ model: "small", messages, stream: true }),
    ).rejects.toMatchObject({ status: 502, code: "upstream_failed" })
  })

  it("stops the host when it aborts", async () => {
    const t = await open(({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write(event({ choices: [{ index: 0, delta: { content: "Hello there" } }] }))
    })
    const stream = await clientOf(t).chat.completions.create({
      model: "small",
      messages,
      stream: true,
    })
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content !== "") break
    await expect.poll(() => t.hosts[0]!.calls[0]!.closedAtMillis).toBeDefined()
    await expect.poll(() => t.calls.size()).toBe(0)
    const finish = t.market.journal.entries.flatMap(({ commands }) =>
      commands.filter(({ _tag }) => _tag === "Finish"),
    )
    expect(finish).toMatchObject([{ outcome: "consumerGone", outputTokens: 2 }])
  })
})

describe("the AI SDK", () => {
  const modelOf = ({ baseURL, secret }: Gateway) =>
    createOpenAI({ baseURL, apiKey: secret }).chat("small")

  it("generates and streams text", async () => {
    const t = await open()
    const whole = await generateText({ model: modelOf(t), prompt: "Say hello", maxRetries: 0 })
    expect(whole.text).toBe("Hello, world!")
    expect(whole.usage.outputTokens).toBe(4)
    const streamed = streamText({ model: modelOf(t), prompt: "Say hello", maxRetries: 0 })
    let text = ""
    for await (const part of streamed.textStream) text += part
    expect(text).toBe("Hello, world!")
    expect((await streamed.usage).outputTokens).toBe(4)
  })

  it("calls tools and embeds", async () => {
    const t = await open((call) =>
      call.path.endsWith("/embeddings") ? answerEmbeddings(call) : callsTool(call),
    )
    const called = await generateText({
      model: modelOf(t),
      prompt: "The weather in Oslo?",
      maxRetries: 0,
      tools: {
        weather: tool({
          description: "The weather in a city",
          inputSchema: jsonSchema({ type: "object", properties: { city: { type: "string" } } }),
        }),
      },
    })
    expect(called.toolCalls).toMatchObject([{ toolName: "weather", input: { city: "Oslo" } }])
    const { embedding } = await embed({
      model: createOpenAI({ baseURL: t.baseURL, apiKey: t.secret }).textEmbeddingModel(
        "org/vectors",
      ),
      value: "one",
    })
    expect(embedding).toEqual([0.25, -0.5, 0])
  })
})

describe("LangChain", () => {
  const modelOf = ({ baseURL, secret }: Gateway) =>
    new ChatOpenAI({ model: "small", apiKey: secret, configuration: { baseURL }, maxRetries: 0 })

  it("invokes and streams", async () => {
    const t = await open()
    const whole = await modelOf(t).invoke([new HumanMessage("Say hello")])
    expect(whole.content).toBe("Hello, world!")
    expect(whole).toMatchObject({ usage_metadata: { output_tokens: 4 } })
    let text = ""
    for await (const chunk of await modelOf(t).stream([new HumanMessage("Say hello")]))
      text += chunk.content as string
    expect(text).toBe("Hello, world!")
  })

  it("calls tools and embeds", async () => {
    const t = await open((call) =>
      call.path.endsWith("/embeddings") ? answerEmbeddings(call) : callsTool(call),
    )
    const called = await modelOf(t).bindTools([weather]).invoke("The weather in Oslo?")
    expect(called.tool_calls).toMatchObject([{ name: "weather", args: { city: "Oslo" } }])
    const embeddings = new OpenAIEmbeddings({
      model: "org/vectors",
      apiKey: t.secret,
      configuration: { baseURL: t.baseURL },
    })
    expect(await embeddings.embedDocuments(["one", "two"])).toEqual([
      [0.25, -0.5, 0],
      [0.25, -0.5, 1],
    ])
  })
})

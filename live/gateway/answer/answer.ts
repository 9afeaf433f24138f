/**
 * Answers as the consumer gets them. Hosts stream always; where the consumer did not ask for a
 * stream, the chunks, which are in OpenAI's form by now, are put together into one answer of the same
 * content.
 */
import type { JsonObject } from "../../../platform/json/json-object.ts"
import { choiceOf } from "../../../platform/model-server/choices.ts"
import { isObject } from "../../../platform/json/json-object.ts"
import type { JobKind } from "../../protocol/delivery.ts"

export interface Usage {
  readonly promptTokens: number
  readonly completionTokens: number
  /** Credits that were charged, to the last minor unit. */
  readonly cost: number
}

/** What names an answer: the same in each of its chunks. */
export interface Envelope {
  readonly id: string
  /** Unix time, s. */
  readonly created: number
  readonly model: string
}

const usageBody = ({ promptTokens, completionTokens, cost }: Usage) => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
  cost,
})

const objectOf = { chat: "chat.completion", completion: "text_completion" } as const
const chunkObjectOf = { chat: "chat.completion.chunk", completion: "text_completion" } as const
type TextKind = keyof typeof objectOf

/** Puts the chunks of one answer together. */
export interface Assembler {
  readonly add: (chunk: JsonObject) => void
  readonly answer: (envelope: Envelope, usage: Usage) => JsonObject
}

export const makeAssembler = (kind: JobKind, encoding: EmbeddingEncoding): Assembler => {
  if (kind === "embedding") return embeddingAssembler(encoding)
  return kind === "chat" ? chatAssembler() : completionAssembler()
}

interface ToolCall {
  readonly id: unknown
  readonly type: unknown
  readonly name: unknown
  text: string
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

const reasonOf = (choice: JsonObject): string | null =>
  typeof choice["finish_reason"] === "string" ? choice["finish_reason"] : null

const chatAssembler = (): Assembler => {
  const texts = new Map<string, string>()
  const tools = new Map<number, ToolCall>()
  let finishReason: string | null = null
  let called: { readonly name: string; readonly arguments: string } | undefined
  const logprobs = makeLogprobs()

  const addDelta = (delta: JsonObject): void => {
    for (const field of ["content", "reasoning_content", "refusal"] as const)
      if (typeof delta[field] === "string")
        texts.set(field, (texts.get(field) ?? "") + delta[field])
    if (isObject(delta["function_call"])) {
      const { name, arguments: text } = delta["function_call"]
      called = {
        name: (called?.name ?? "") + textOf(name),
        arguments: (called?.arguments ?? "") + textOf(text),
      }
    }
    if (Array.isArray(delta["tool_calls"]))
      for (const call of delta["tool_calls"] as ReadonlyArray<JsonObject>) addTool(call)
  }

  const addTool = (call: JsonObject): void => {
    const index = Number(call["index"])
    const given = (call["function"] ?? call["custom"]) as JsonObject
    const known = tools.get(index) ?? {
      id: call["id"],
      type: call["type"],
      name: given["name"],
      text: "",
    }
    known.text += textOf(given["arguments"] ?? given["input"])
    tools.set(index, known)
  }

  const message = (): JsonObject => {
    const content = texts.get("content") ?? ""
    const refusal = texts.get("refusal") ?? null
    const reasoning = texts.get("reasoning_content")
    const isElsewhere = tools.size > 0 || called !== undefined || refusal !== null
    return {
      role: "assistant",
      content: content === "" && isElsewhere ? null : content,
      refusal,
      ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
      ...(tools.size === 0 ? {} : { tool_calls: toolList(tools) }),
      ...(called === undefined ? {} : { function_call: called }),
    }
  }

  return {
    add: (chunk) => {
      const choice = choiceOf(chunk)
      if (!isObject(choice)) return
      if (isObject(choice["delta"])) addDelta(choice["delta"])
      logprobs.add(choice["logprobs"])
      finishReason = reasonOf(choice) ?? finishReason
    },
    answer: (envelope, usage) => ({
      id: envelope.id,
      object: objectOf.chat,
      created: envelope.created,
      model: envelope.model,
      choices: [
        { index: 0, message: message(), logprobs: logprobs.all(), finish_reason: finishReason },
      ],
      usage: usageBody(usage),
    }),
  }
}

const toolList = (tools: ReadonlyMap<number, ToolCall>): ReadonlyArray<JsonObject> =>
  [...tools]
    .sort(([a], [b]) => a - b)
    .map(([, { id, type, name, text }]) =>
      type === "custom"
        ? { id, type, custom: { name, input: text } }
        : { id, type, function: { name, arguments: text } },
    )

const completionAssembler = (): Assembler => {
  let text = ""
  let finishReason: string | null = null
  const logprobs = makeLogprobs()
  return {
    add: (chunk) => {
      const choice = choiceOf(chunk)
      if (!isObject(choice)) return
      text += textOf(choice["text"])
      logprobs.add(choice["logprobs"])
      finishReason = reasonOf(choice) ?? finishReason
    },
    answer: (envelope, usage) => ({
      id: envelope.id,
      object: objectOf.completion,
      created: envelope.created,
      model: envelope.model,
      choices: [{ index: 0, text, logprobs: logprobs.all(), finish_reason: finishReason }],
      usage: usageBody(usage),
    }),
  }
}

/** Log probabilities come as lists by field, a few tokens a chunk: joined field by field. */
const makeLogprobs = () => {
  let fields: Map<string, Array<unknown>> | undefined
  return {
    add: (given: unknown): void => {
      if (!isObject(given)) return
      fields ??= new Map()
      for (const [field, values] of Object.entries(given)) {
        if (!Array.isArray(values)) continue
        const known = fields.get(field)
        if (known === undefined) fields.set(field, [...values])
        else for (const value of values) known.push(value)
      }
    },
    all: (): JsonObject | null => (fields === undefined ? null : Object.fromEntries(fields)),
  }
}

/** A chunk for the consumer: the host's choice under our own name. */
export const chunkBody = (kind: JobKind, envelope: Envelope, chunk: JsonObject): JsonObject => ({
  id: envelope.id,
  object: chunkObjectOf[kind as TextKind],
  created: envelope.created,
  model: envelope.model,
  choices: [choiceOf(chunk)],
})

/** The last chunk, for who asked for it: no choice, but the usage. */
export const usageChunk = (kind: JobKind, envelope: Envelope, usage: Usage): JsonObject => ({
  id: envelope.id,
  object: chunkObjectOf[kind as TextKind],
  created: envelope.created,
  model: envelope.model,
  choices: [],
  usage: usageBody(usage),
})

export type EmbeddingEncoding = "float" | "base64"

/** Hosts that do not know base64 send numbers, and the other way round: the consumer's word counts. */
const embeddingAssembler = (encoding: EmbeddingEncoding): Assembler => {
  let data: ReadonlyArray<unknown> = []
  return {
    add: (chunk) => {
      if (Array.isArray(chunk["data"])) data = chunk["data"]
    },
    answer: ({ model }, { promptTokens, cost }) => ({
      object: "list",
      data: data.map((one, index) => ({
        object: "embedding",
        index,
        embedding: encoded(isObject(one) ? one["embedding"] : undefined, encoding),
      })),
      model,
      usage: { prompt_tokens: promptTokens, total_tokens: promptTokens, cost },
    }),
  }
}

const encoded = (vector: unknown, encoding: EmbeddingEncoding): unknown => {
  if (encoding === "base64" && Array.isArray(vector))
    return Buffer.from(Float32Array.from(vector as ReadonlyArray<number>).buffer).toString("base64")
  if (encoding === "float" && typeof vector === "string") {
    const bytes = Buffer.from(vector, "base64")
    const floats: Array<number> = []
    for (let at = 0; at + 4 <= bytes.length; at += 4) floats.push(bytes.readFloatLE(at))
    return floats
  }
  return vector
}

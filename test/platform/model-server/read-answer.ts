/** Reads a body as every user of the reader does, and puts together what comes of it. */
import { makeAnswerReader } from "../../../platform/model-server/answer-reader.ts"
import type { AnswerKind } from "../../../platform/model-server/endpoint.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import type { AnswerFailure } from "../../../platform/normaliser/normaliser.ts"
import { makeNormaliser } from "../../../platform/normaliser/normaliser.ts"

export interface ReadAnswer {
  readonly chunks: ReadonlyArray<JsonObject>
  readonly failure: AnswerFailure | undefined
  readonly isFinished: boolean
  readonly signsOfLife: number
}

/** Names for calls that have none, the same in every run. */
export const counted = (): (() => string) => {
  let next = 0
  return () => `made_${next++}`
}

export const readAnswer = (
  parts: ReadonlyArray<Uint8Array>,
  kind: AnswerKind = "chat",
  body: JsonObject = {},
): ReadAnswer => {
  const normaliser = makeNormaliser(kind, body, counted())
  const chunks: Array<JsonObject> = []
  let failure: AnswerFailure | undefined
  let isDone = false
  let signsOfLife = 0
  const reader = makeAnswerReader(
    kind,
    { eventChars: 100_000, documentBytes: 100_000 },
    {
      event: (event) => {
        if (failure !== undefined || isDone) return
        const taken = normaliser.take(event)
        if (taken.chunk !== undefined) chunks.push(taken.chunk)
        else signsOfLife++
        failure = taken.failure
      },
      alive: () => signsOfLife++,
      done: () => {
        isDone = true
      },
      malformed: (detail) => {
        failure ??= { outcome: "malformed", detail }
      },
    },
  )
  for (const part of parts) reader.take(part)
  reader.end()
  return { chunks, failure, isFinished: normaliser.isFinished(), signsOfLife }
}

export const readText = (text: string, kind?: AnswerKind, body?: JsonObject): ReadAnswer =>
  readAnswer([Buffer.from(text)], kind, body)

export const sse = (event: unknown): string => `data: ${JSON.stringify(event)}\n\n`

export interface Said {
  readonly content: string
  readonly reasoning: string
  readonly refusal: string
  readonly calls: ReadonlyArray<{ id: unknown; name: string; args: string }>
  readonly finish: unknown
}

/** What the chunks say; throws where one of them is not as OpenAI writes it. */
export const saidIn = (chunks: ReadonlyArray<JsonObject>): Said => {
  const said = { content: "", reasoning: "", refusal: "", finish: null as unknown }
  const calls: Array<{ id: unknown; name: string; args: string }> = []
  for (const [at, chunk] of chunks.entries()) {
    const [choice, ...others] = chunk["choices"] as Array<JsonObject>
    if (choice === undefined || others.length > 0) throw new Error("not one choice")
    expectKeys(choice, ["index", "delta", "logprobs", "finish_reason"])
    if (choice["index"] !== 0) throw new Error("not index 0")
    if (said.finish !== null) throw new Error("a chunk behind the finish")
    const delta = choice["delta"] as JsonObject
    expectKeys(delta, [
      "role",
      "content",
      "reasoning_content",
      "refusal",
      "function_call",
      "tool_calls",
    ])
    if (delta["role"] !== (at === 0 ? "assistant" : undefined))
      throw new Error("a role out of place")
    said.content += textIn(delta["content"])
    said.reasoning += textIn(delta["reasoning_content"])
    said.refusal += textIn(delta["refusal"])
    for (const call of (delta["tool_calls"] ?? []) as Array<JsonObject>) addCall(calls, call)
    said.finish = choice["finish_reason"]
    if (said.finish !== null && !finishes.has(said.finish as string)) throw new Error("no finish")
  }
  return { ...said, calls }
}

const finishes = new Set(["stop", "length", "tool_calls", "function_call", "content_filter"])

const textIn = (value: unknown): string => {
  if (value === undefined) return ""
  if (typeof value !== "string") throw new Error("a text that is none")
  return value
}

const expectKeys = (value: JsonObject, known: ReadonlyArray<string>): void => {
  const strange = Object.keys(value).filter((key) => !known.includes(key))
  if (strange.length > 0) throw new Error(`unknown fields: ${strange.join(", ")}`)
}

const addCall = (
  calls: Array<{ id: unknown; name: string; args: string }>,
  call: JsonObject,
): void => {
  const { index, id, type } = call
  const body = (call["function"] ?? call["custom"]) as JsonObject
  const isCustom = call["custom"] !== undefined
  expectKeys(call, ["index", "id", "type", isCustom ? "custom" : "function"])
  expectKeys(body, ["name", isCustom ? "input" : "arguments"])
  const args = textIn(body[isCustom ? "input" : "arguments"])
  const known = calls[index as number]
  if (known === undefined) {
    if (index !== calls.length) throw new Error("an index out of order")
    if (typeof id !== "string" || id === "" || calls.some((one) => one.id === id))
      throw new Error("an id that is none")
    if (type !== (isCustom ? "custom" : "function")) throw new Error("a type that is none")
    if (typeof body["name"] !== "string" || body["name"] === "") throw new Error("no name")
    calls.push({ id, name: body["name"], args })
    return
  }
  if (id !== undefined || type !== undefined || body["name"] !== undefined)
    throw new Error("a head that comes twice")
  known.args += args
}

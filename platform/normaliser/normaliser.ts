/**
 * One answer of a model server, event by event, in OpenAI's form and no other: what reads it knows every
 * field, so that all text in it can be counted. Servers differ in every point that follows.
 *
 * A chunk of a chat has one choice, of index 0: `delta` is an object with `role: "assistant"` in the first
 * chunk and nowhere else, `content`, `reasoning_content` and `refusal` as texts, `tool_calls` as
 * tool-calls.ts has them; `finish_reason` is null or one of OpenAI's words. A completion has `text`, an
 * embedding its vectors. Anything else is dropped. What is in this form passes as it is.
 *
 * Before its end an answer may end otherwise: by an error, by a finish that is no finish, by what is no answer
 * at all. Behind its end nothing is judged. An event with nothing of the answer in it is a sign of life.
 */
import { randomUUID } from "node:crypto"
import type { Outcome } from "../../engine/index.ts"
import { choiceOf } from "../model-server/choices.ts"
import { textsOf } from "./delta-text.ts"
import { embeddingAnswer } from "./embedding-answer.ts"
import type { AnswerKind } from "../model-server/endpoint.ts"
import type { Finish, FinishReason } from "../model-server/finish-reason.ts"
import { finishOf } from "../model-server/finish-reason.ts"
import { isDeeper } from "../json/json-depth.ts"
import type { JsonObject } from "../json/json-object.ts"
import { isObject } from "../json/json-object.ts"
import { chatLogprobs, completionLogprobs } from "./logprobs.ts"
import { errorIn } from "../model-server/stream-error.ts"
import { argumentsText, makeToolCalls } from "./tool-calls.ts"
import type { TokenUsage } from "../model-server/usage.ts"
import { usageIn } from "../model-server/usage.ts"

/** How an answer ended before its end. */
export interface AnswerFailure {
  readonly outcome: Outcome
  readonly status?: number
  readonly detail: string
}

/** What an event brings; nothing at all, where it is a sign of life. */
export interface Taken {
  /** To be passed on. */
  readonly chunk?: JsonObject
  /** Whether there is text in the chunk. */
  readonly isText: boolean
  readonly usage?: TokenUsage
  /** Comes after the chunk. */
  readonly failure?: AnswerFailure
}

export interface Normaliser {
  readonly take: (event: JsonObject) => Taken
  /** The answer has come to its end. */
  readonly isFinished: () => boolean
  /** Something about a whole answer that its server's operator should know. */
  readonly note: () => string | undefined
}

/** No answer is nested deeper: what is passed on has to be written as JSON again. */
const deepestEvent = 64

const newToolId = (): string => `call_${randomUUID().replaceAll("-", "").slice(0, 24)}`

/** `body`: of the call that is answered. `newId` names tool calls that the server does not name. */
export const makeNormaliser = (
  kind: AnswerKind,
  body: JsonObject,
  newId: () => string = newToolId,
): Normaliser => {
  const choiceReader = kind === "chat" ? chatReader(body, newId) : completionReader(body)
  let hasText = false
  let isFinished = false
  let note: string | undefined

  const fail = (outcome: Outcome, detail: string): Taken => ({
    isText: false,
    failure: { outcome, detail },
  })

  const takeChoice = (choice: JsonObject): Taken => {
    const finish = finishOf(choice["finish_reason"])
    const isBroken = finish?.reason === "broken"
    const read = choiceReader(choice, isBroken ? undefined : finish)
    const isShown = read.chunk !== undefined && (!isBroken || (hasText && read.isText))
    if (isShown && read.isText) hasText = true
    if (finish !== undefined) isFinished = true
    if (finish?.unknownWord !== undefined)
      note = `the finish reason ${JSON.stringify(finish.unknownWord)} is taken for "stop"`
    return {
      ...(isShown ? { chunk: { choices: [read.chunk] } } : {}),
      isText: isShown && read.isText,
      ...(isBroken
        ? {
            failure: {
              outcome: "truncated" as const,
              detail: `the finish reason is ${JSON.stringify(choice["finish_reason"])}`,
            },
          }
        : {}),
    }
  }

  const takeEmbedding = (event: JsonObject): Taken => {
    if (event["data"] === undefined) return { isText: false }
    const chunk = embeddingAnswer(event)
    if (typeof chunk === "string") return fail("malformed", chunk)
    isFinished = true
    return { chunk, isText: true }
  }

  const takeAnswer = (event: JsonObject): Taken => {
    const error = errorIn(event)
    if (error !== undefined) {
      const { outcome, status, detail } = error
      // What breaks off an answer that has begun is no judgement of the request.
      if (hasText) return fail("upstreamError", detail)
      return {
        isText: false,
        failure: { outcome, detail, ...(status === undefined ? {} : { status }) },
      }
    }
    if (kind === "embedding") return takeEmbedding(event)
    const choice = choiceOf(event)
    if (choice === null) return fail("malformed", "an event whose choices are none")
    return choice === undefined ? { isText: false } : takeChoice(choice)
  }

  return {
    take: (event) => {
      const usage = usageIn(event)
      const counted = usage === undefined ? {} : { usage }
      if (isFinished) return { isText: false, ...counted }
      if (isDeeper(event, deepestEvent))
        return { ...fail("malformed", "an event that is nested too deep"), ...counted }
      return { ...takeAnswer(event), ...counted }
    },
    isFinished: () => isFinished,
    note: () => note,
  }
}

interface ChoiceRead {
  /** The choice, where there is something in it. */
  readonly chunk: JsonObject | undefined
  readonly isText: boolean
}

type ChoiceReader = (choice: JsonObject, finish: Finish | undefined) => ChoiceRead

const isAsked = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false

const asksForCustomTools = ({ tools }: JsonObject): boolean =>
  Array.isArray(tools) && tools.some((tool: unknown) => isObject(tool) && tool["type"] === "custom")

const chatReader = (body: JsonObject, newId: () => string): ChoiceReader => {
  const tools = makeToolCalls(asksForCustomTools(body), newId)
  const logprobsOf = isAsked(body["logprobs"]) ? chatLogprobs(body["top_logprobs"]) : undefined
  let isOpened = false
  let hasSaidByDelta = false
  let isCallNamed = false
  let heldArguments = ""

  /** The delta; of an answer in one piece, or of a server that knows no deltas, the message. */
  const deltaOf = ({ delta, message, text }: JsonObject): JsonObject => {
    if (isObject(delta))
      return delta["content"] === undefined && typeof text === "string"
        ? { ...delta, content: text }
        : delta
    // Behind deltas a message only says it all again.
    if (isObject(message) && !hasSaidByDelta) return message
    return typeof text === "string" ? { content: text } : {}
  }

  /** The one call of the older form: its name once, and nothing of it before. */
  const functionCall = (given: unknown): JsonObject | undefined => {
    if (!isObject(given)) return undefined
    heldArguments += argumentsText(given["arguments"])
    const name = !isCallNamed && typeof given["name"] === "string" ? given["name"] : ""
    isCallNamed ||= name !== ""
    if (!isCallNamed || (name === "" && heldArguments === "")) return undefined
    const text = heldArguments
    heldArguments = ""
    return name === "" ? { arguments: text } : { name, arguments: text }
  }

  return (choice, finish) => {
    const given = deltaOf(choice)
    const { content, reasoning, refusal } = textsOf(given)
    const calls = tools.take(given["tool_calls"], given === choice["message"])
    if (finish !== undefined) calls.push(...tools.finish())
    const called = functionCall(given["function_call"])
    const logprobs = logprobsOf?.(
      choice["logprobs"],
      reasoning + content + refusal + calledText([called, ...calls]),
    )
    const isText =
      content !== "" ||
      reasoning !== "" ||
      refusal !== "" ||
      called !== undefined ||
      calls.length > 0
    if (isText && isObject(choice["delta"])) hasSaidByDelta = true
    const isOpening = !isOpened && given["content"] === ""
    if (!isText && !isOpening && finish === undefined && logprobs === undefined)
      return { chunk: undefined, isText: false }
    const delta = {
      ...(isOpened ? {} : { role: "assistant" }),
      ...(content !== "" || isOpening ? { content } : {}),
      ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
      ...(refusal === "" ? {} : { refusal }),
      ...(called === undefined ? {} : { function_call: called }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    }
    isOpened = true
    return { chunk: choiceWith({ delta }, logprobs, finish?.reason), isText }
  }
}

/** What calls say, in either form of them. */
const calledText = (calls: ReadonlyArray<JsonObject | undefined>): string => {
  let text = ""
  for (const call of calls) {
    const called = (call?.["function"] ?? call?.["custom"] ?? call) as JsonObject | undefined
    for (const part of [called?.["name"], called?.["arguments"] ?? called?.["input"]])
      if (typeof part === "string") text += part
  }
  return text
}

const completionReader = (body: JsonObject): ChoiceReader => {
  const { logprobs: asked } = body
  const logprobsOf = isAsked(asked) ? completionLogprobs(asked) : undefined
  return (choice, finish) => {
    const { text, delta, message } = choice
    const said = [delta, message].find(isObject)
    const { content } = textsOf({ content: text ?? said?.["content"] })
    const logprobs = logprobsOf?.(choice["logprobs"], content)
    if (content === "" && finish === undefined && logprobs === undefined)
      return { chunk: undefined, isText: false }
    const reason = finish?.reason
    const isCall = reason === "tool_calls" || reason === "function_call"
    return {
      chunk: choiceWith({ text: content }, logprobs, isCall ? "stop" : reason),
      isText: content !== "",
    }
  }
}

/** A choice in this form. */
export const choiceWith = (
  said: JsonObject,
  logprobs: JsonObject | undefined,
  reason: FinishReason | "broken" | undefined,
): JsonObject => ({
  index: 0,
  ...said,
  logprobs: logprobs ?? null,
  finish_reason: reason === "broken" ? null : (reason ?? null),
})

/**
 * A chat's chunks as the events of a response: a state machine that has the response whole at its end,
 * so that an answer in one piece is what its events add up to.
 *
 * - One text is open at a time, a message or reasoning: another kind of text, or a call, closes it.
 * - Calls stay open until the end, as their arguments may come in any order; the wire tells items apart
 *   by their place.
 * - Every item is added before anything of it comes, and done after, but where the response fails: what
 *   is half done must not look whole.
 *
 * What a chunk holds that is not as it should be reads as absent.
 */
import type { HttpError } from "../../http/http-error.ts"
import { errorBody } from "../../http/http-error.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import { isObject } from "../../../platform/json/json-object.ts"
import type { Envelope, Usage } from "../answer/answer.ts"
import type { ResponsesBody } from "./body.ts"
import { logprobsOf } from "./logprobs.ts"
import type {
  CustomCall,
  FunctionCall,
  Message,
  OutputItem,
  Reasoning,
  RefusalPart,
  TextPart,
} from "./output-items.ts"
import { idPrefixes, itemView, partView, reasoningPart } from "./output-items.ts"
import type { IncompleteReason, ResponseBody, ResponseEnd } from "./response-body.ts"
import { responseBody } from "./response-body.ts"
import { areLogprobsAsked } from "./to-chat.ts"
import { customInput, customNames } from "./tools.ts"

export type ResponseEvent = JsonObject & {
  readonly type: string
  readonly sequence_number: number
}

export interface ResponseStream {
  readonly add: (chunk: JsonObject) => void
  /** Ends it; gives the response. */
  readonly serve: (usage: Usage) => ResponseBody
  readonly fail: (error: HttpError) => ResponseBody
}

/** A call whose name has not come yet is not shown. */
interface OpenCall {
  item: FunctionCall | CustomCall | undefined
  callId: string
  name: string
  /** Arguments that no event has told yet. */
  untold: string
}

const incompleteReasons: ReadonlyMap<string, IncompleteReason> = new Map([
  ["length", "max_output_tokens"],
  ["content_filter", "content_filter"],
])

export const makeResponseStream = (
  envelope: Envelope,
  body: ResponsesBody,
  emit: (event: ResponseEvent) => void,
): ResponseStream => {
  const isSummary = (body.reasoning?.summary ?? body.reasoning?.generate_summary ?? null) !== null
  const hasLogprobs = areLogprobsAsked(body)
  const customs = customNames(body)
  const suffix = envelope.id.replace(/^resp_/, "")
  const output: Array<OutputItem> = []
  const calls = new Map<number, OpenCall>()
  let text: Message | Reasoning | undefined
  /** Of tokens whose text is still to come: half a character is none. */
  let heldLogprobs: Array<JsonObject> = []
  let latest: OutputItem | undefined
  let finishReason = ""
  let isBegun = false
  let sequence = 0

  const send = (type: string, fields: JsonObject): void =>
    emit({ type, sequence_number: sequence++, ...fields })
  const response = (end?: ResponseEnd): ResponseBody => responseBody(envelope, body, output, end)
  const begin = (): void => {
    if (isBegun) return
    isBegun = true
    send("response.created", { response: response() })
    send("response.in_progress", { response: response() })
  }

  /** What every item begins with. */
  const born = <T extends OutputItem["type"]>(type: T) => ({
    type,
    id: `${idPrefixes[type]}_${suffix}_${output.length}`,
    index: output.length,
    status: "in_progress" as const,
  })
  const show = <I extends OutputItem>(item: I): I => {
    output.push(item)
    latest = item
    send("response.output_item.added", { output_index: item.index, item: itemView(item) })
    return item
  }
  const placeOf = ({ id, index }: OutputItem) => ({ item_id: id, output_index: index })
  const finish = (item: OutputItem, isCut: boolean): void => {
    item.status = isCut && item === latest ? "incomplete" : "completed"
    send("response.output_item.done", { output_index: item.index, item: itemView(item) })
  }

  const addThought = (delta: string): void => {
    if (text?.type !== "reasoning") {
      closeText(false)
      text = show<Reasoning>({ ...born("reasoning"), isSummary, text: "" })
      const part = { ...placeOf(text), ...partPlace(text), part: reasoningPart(text, "") }
      send(
        isSummary ? "response.reasoning_summary_part.added" : "response.content_part.added",
        part,
      )
    }
    latest = text
    text.text += delta
    send(`${thoughtEvent(text)}.delta`, { ...placeOf(text), ...partPlace(text), delta })
  }

  const addText = (kind: "output_text" | "refusal", delta: string): void => {
    if (text?.type !== "message") {
      closeText(false)
      text = show<Message>({ ...born("message"), parts: [] })
    }
    latest = text
    const part = partFor(text, kind)
    const place = { ...placeOf(text), content_index: text.parts.length - 1 }
    part.text += delta
    if (part.type === "refusal") return send("response.refusal.delta", { ...place, delta })
    send("response.output_text.delta", { ...place, delta, logprobs: takeLogprobs(part) })
  }

  /** The message's part that a text of this kind belongs to. */
  const partFor = (message: Message, kind: "output_text" | "refusal"): TextPart | RefusalPart => {
    const last = message.parts.at(-1)
    if (last?.type === kind) return last
    closePart(message)
    const part: TextPart | RefusalPart =
      kind === "refusal" ? { type: kind, text: "" } : { type: kind, text: "", logprobs: [] }
    message.parts.push(part)
    send("response.content_part.added", {
      ...placeOf(message),
      content_index: message.parts.length - 1,
      part: partView(part),
    })
    return part
  }

  const takeLogprobs = (part: TextPart): ReadonlyArray<JsonObject> => {
    const taken = heldLogprobs
    heldLogprobs = []
    for (const one of taken) part.logprobs.push(one)
    return taken
  }

  const closePart = (message: Message): void => {
    const part = message.parts.at(-1)
    if (part === undefined) return
    const place = { ...placeOf(message), content_index: message.parts.length - 1 }
    if (part.type === "refusal") send("response.refusal.done", { ...place, refusal: part.text })
    else {
      takeLogprobs(part)
      send("response.output_text.done", {
        ...place,
        text: part.text,
        logprobs: [...part.logprobs],
      })
    }
    send("response.content_part.done", { ...place, part: partView(part) })
  }

  const closeThought = (item: Reasoning): void => {
    const place = { ...placeOf(item), ...partPlace(item) }
    send(`${thoughtEvent(item)}.done`, { ...place, text: item.text })
    send(isSummary ? "response.reasoning_summary_part.done" : "response.content_part.done", {
      ...place,
      part: reasoningPart(item, item.text),
    })
  }

  const closeText = (isCut: boolean): void => {
    const open = text
    if (open === undefined) return
    text = undefined
    if (open.type === "message") closePart(open)
    else closeThought(open)
    finish(open, isCut)
  }

  const addCall = (key: number, call: JsonObject): void => {
    const called = isObject(call["function"]) ? call["function"] : {}
    let open = calls.get(key)
    if (open === undefined) {
      open = { item: undefined, callId: "", name: "", untold: "" }
      calls.set(key, open)
    }
    open.callId ||= textOf(call["id"])
    open.name ||= textOf(called["name"])
    open.untold += textOf(called["arguments"])
    if (open.item === undefined && open.name !== "") showCall(open)
    if (open.item !== undefined) latest = open.item
    tellArguments(open)
  }

  const showCall = (open: OpenCall): void => {
    closeText(false)
    const { name } = open
    const type = customs.has(name) ? "custom_tool_call" : "function_call"
    const start = born(type)
    const callId = open.callId === "" ? `call_${suffix}_${start.index}` : open.callId
    open.item = show({ ...start, callId, name, given: "" } as FunctionCall | CustomCall)
  }

  /** The input of a custom tool is known only when its arguments are whole. */
  const tellArguments = (open: OpenCall): void => {
    const { item, untold } = open
    if (item?.type !== "function_call" || untold === "") return
    open.untold = ""
    item.given += untold
    send("response.function_call_arguments.delta", { ...placeOf(item), delta: untold })
  }

  const closeCall = (open: OpenCall, isCut: boolean): void => {
    if (open.item === undefined) showCall(open)
    tellArguments(open)
    const item = open.item as unknown as FunctionCall | CustomCall
    const place = placeOf(item)
    if (item.type === "function_call")
      send("response.function_call_arguments.done", {
        ...place,
        name: item.name,
        arguments: item.given,
      })
    else {
      item.given = customInput(open.untold)
      if (item.given !== "")
        send("response.custom_tool_call_input.delta", { ...place, delta: item.given })
      send("response.custom_tool_call_input.done", { ...place, input: item.given })
    }
    finish(item, isCut)
  }

  /** Those without a name come last, as they are shown last. */
  const byPlace = (a: OpenCall, b: OpenCall): number =>
    (a.item?.index ?? Infinity) - (b.item?.index ?? Infinity) || 0

  const addDelta = (delta: JsonObject): void => {
    const thought = thoughtOf(delta)
    if (thought !== "") addThought(thought)
    for (const [field, kind] of texts) {
      const said = textOf(delta[field])
      if (said !== "") addText(kind, said)
    }
    if (isObject(delta["function_call"])) addCall(-1, { function: delta["function_call"] })
    if (Array.isArray(delta["tool_calls"]))
      for (const call of delta["tool_calls"])
        if (isObject(call)) addCall(typeof call["index"] === "number" ? call["index"] : 0, call)
  }

  return {
    add: (chunk) => {
      begin()
      const choice = choiceIn(chunk)
      if (choice === undefined) return
      const { delta } = choice
      if (isObject(delta)) {
        if (hasLogprobs && isOfText(delta))
          for (const one of logprobsOf(choice)) heldLogprobs.push(one)
        addDelta(delta)
      }
      finishReason = textOf(choice["finish_reason"]) || finishReason
    },
    serve: (usage) => {
      begin()
      const reason = incompleteReasons.get(finishReason)
      const isCut = reason !== undefined
      closeText(isCut)
      for (const open of [...calls.values()].sort(byPlace)) closeCall(open, isCut)
      const whole = response(
        reason === undefined
          ? { status: "completed", usage }
          : { status: "incomplete", usage, reason },
      )
      send(isCut ? "response.incomplete" : "response.completed", { response: whole })
      return whole
    },
    fail: (error) => {
      begin()
      for (const item of output) if (item.status === "in_progress") item.status = "incomplete"
      const { error: told } = errorBody(error)
      const { code, message, param } = told
      // OpenAI's clients raise the error of the first; the second is what the protocol ends with.
      send("error", { code, message, param, error: told })
      const whole = response({ status: "failed", message })
      send("response.failed", { response: whole })
      return whole
    },
  }
}

/** A chunk has one, or none but the usage. */
const choiceIn = ({ choices }: JsonObject): JsonObject | undefined =>
  Array.isArray(choices) && isObject(choices[0]) ? choices[0] : undefined

const texts = [
  ["content", "output_text"],
  ["refusal", "refusal"],
] as const

const thoughtEvent = ({ isSummary }: Reasoning): string =>
  isSummary ? "response.reasoning_summary_text" : "response.reasoning_text"
const partPlace = ({ isSummary }: Reasoning): JsonObject =>
  isSummary ? { summary_index: 0 } : { content_index: 0 }

const thoughtOf = (delta: JsonObject): string =>
  textOf(delta["reasoning_content"] ?? delta["reasoning"])

/** Log probabilities come with thoughts and calls, too, and a response has no place for those. */
const isOfText = (delta: JsonObject): boolean =>
  typeof delta["content"] === "string" && thoughtOf(delta) === ""

const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

/**
 * A body of the Responses API as the body of a chat: what the call is counted, held and sent as. Every
 * text that goes to a host is in it.
 */
import { Either } from "effect"
import type { ChatBody } from "../request/bodies.ts"
import { bodyCheck } from "../request/bodies.ts"
import type { ResponsesBody } from "./body.ts"
import { settingsOfChat } from "./body.ts"
import type { SentItem } from "./items.ts"
import { messagesOf } from "./messages.ts"
import { chatTools } from "./tools.ts"

const checkChat = bodyCheck("chat")

/** Throws what the consumer is to be told, where the body is wrong in itself. `input`: its own. */
export const chatOf = (body: ResponsesBody, input: string | ReadonlyArray<SentItem>): ChatBody => {
  const chat = {
    ...settingsOfChat(body),
    model: body.model,
    messages: messagesOf(body.instructions, input),
    ...chatTools(body),
    ...set("parallel_tool_calls", body.parallel_tool_calls),
    ...set("response_format", responseFormat(body)),
    ...set("reasoning_effort", body.reasoning?.effort),
    ...set("verbosity", body.text?.verbosity),
    ...set("max_completion_tokens", body.max_output_tokens),
    ...set("temperature", body.temperature),
    ...set("top_p", body.top_p),
    ...(areLogprobsAsked(body) ? { logprobs: true, top_logprobs: body.top_logprobs ?? 0 } : {}),
  }
  // What a response does not know is judged as in a chat.
  const checked = checkChat(chat)
  if (Either.isLeft(checked)) throw checked.left
  return checked.right
}

export const areLogprobsAsked = ({ include, top_logprobs: top }: ResponsesBody): boolean =>
  (top ?? 0) > 0 || include?.includes("message.output_text.logprobs") === true

const set = (field: string, value: unknown): Readonly<Record<string, unknown>> =>
  value === undefined || value === null ? {} : { [field]: value }

const responseFormat = ({ text }: ResponsesBody): unknown => {
  const format = text?.format
  if (format === undefined || format === null || format.type === "text") return undefined
  if (format.type === "json_object") return { type: "json_object" }
  const { name, schema, description, strict } = format
  return {
    type: "json_schema",
    json_schema: { name, schema, ...set("description", description), ...set("strict", strict) },
  }
}

/**
 * The input of a response as the messages of a chat. What the model did in one turn, which a response
 * holds as items (reasoning, text, calls), is one message of a chat; an item that is left out here is
 * neither sent nor counted.
 */
import type { SentItem, Part } from "./items.ts"
import { customArguments } from "./tools.ts"

export type Message = Readonly<Record<string, unknown>> & { readonly role: Role }
type Role = "system" | "developer" | "user" | "assistant" | "tool"
type ChatPart = Readonly<Record<string, unknown>> & { readonly type: string }

export const messagesOf = (
  instructions: string | null | undefined,
  input: string | ReadonlyArray<SentItem>,
): Array<Message> => {
  const messages: Array<Message> = []
  if (typeof instructions === "string") messages.push({ role: "system", content: instructions })
  if (typeof input === "string") messages.push({ role: "user", content: input })
  else addItems(messages, input)
  return messages
}

const addItems = (messages: Array<Message>, items: ReadonlyArray<SentItem>): void => {
  const question = items.findLastIndex(isFromUser)
  let turn: Turn | undefined
  const close = (): void => {
    if (turn !== undefined) addTurn(messages, turn)
    turn = undefined
  }
  for (const [index, item] of items.entries()) {
    if (isOfModel(item)) {
      turn ??= { parts: [], thoughts: [], calls: [], hasSpoken: false }
      // Of turns that are over, a model's thoughts are not shown to it again.
      if (item.type !== "reasoning" || index > question) addToTurn(turn, item)
      continue
    }
    close()
    messages.push(
      item.type === "function_call_output" || item.type === "custom_tool_call_output"
        ? { role: "tool", tool_call_id: item.call_id, content: contentOf(item.output) }
        : { role: item.role, content: contentOf(item.content) },
    )
  }
  close()
}

type OfModel =
  | Extract<SentItem, { readonly type: "reasoning" | "function_call" | "custom_tool_call" }>
  | (Extract<SentItem, { readonly role: string }> & { readonly role: "assistant" })

const isOfModel = (item: SentItem): item is OfModel =>
  "role" in item
    ? item.role === "assistant"
    : item.type !== "function_call_output" && item.type !== "custom_tool_call_output"

const isFromUser = (item: SentItem): boolean => "role" in item && item.role === "user"

/** What a model did between what others said. */
interface Turn {
  readonly parts: Array<ChatPart>
  readonly thoughts: Array<string>
  readonly calls: Array<unknown>
  hasSpoken: boolean
}

const addToTurn = (turn: Turn, item: OfModel): void => {
  if (item.type === "reasoning")
    for (const { text } of [...(item.content ?? []), ...(item.summary ?? [])])
      turn.thoughts.push(text)
  else if (item.type === "function_call")
    turn.calls.push(toolCall(item.call_id, item.name, item.arguments))
  else if (item.type === "custom_tool_call")
    turn.calls.push(toolCall(item.call_id, item.name, customArguments(item.input)))
  else {
    turn.hasSpoken = true
    turn.parts.push(...partsOf(item.content))
  }
}

const toolCall = (id: string, name: string, given: string) => ({
  id,
  type: "function",
  function: { name, arguments: given },
})

/** Thoughts alone are no message. */
const addTurn = (messages: Array<Message>, turn: Turn): void => {
  const { parts, thoughts, calls, hasSpoken } = turn
  if (!hasSpoken && calls.length === 0) return
  messages.push({
    role: "assistant",
    content: hasSpoken ? plain(parts) : null,
    ...(thoughts.length === 0 ? {} : { reasoning_content: thoughts.join("\n\n") }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  })
}

const contentOf = (content: string | ReadonlyArray<Part>): string | ReadonlyArray<ChatPart> =>
  plain(partsOf(content))

const partsOf = (content: string | ReadonlyArray<Part>): ReadonlyArray<ChatPart> =>
  typeof content === "string" ? [{ type: "text", text: content }] : content.map(partOf)

/** Many model servers know a message as a text only: where it is one, it is sent as one. */
const plain = (parts: ReadonlyArray<ChatPart>): string | ReadonlyArray<ChatPart> => {
  if (parts.length === 0) return ""
  const [first] = parts
  return parts.length === 1 && typeof first["text"] === "string" ? first["text"] : parts
}

const partOf = (part: Part): ChatPart => {
  switch (part.type) {
    case "input_text":
    case "output_text":
      return { type: "text", text: part.text }
    case "refusal":
      return { type: "text", text: part.refusal }
    case "input_image": {
      const { image_url: url, detail } = part
      return { type: "image_url", image_url: { url, ...defined({ detail }) } }
    }
    case "input_file": {
      const { file_data, filename } = part
      return { type: "file", file: { file_data, ...defined({ filename }) } }
    }
    case "input_audio": {
      const { data, format } = part.input_audio
      return { type: "input_audio", input_audio: { data, format } }
    }
  }
}

/** Without what is not set. */
const defined = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  )

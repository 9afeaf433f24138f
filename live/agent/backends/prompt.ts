/** The text of a call, for backends that know less than the OpenAI API. */
import { isObject } from "../../../platform/json/json-object.ts"
import type { BackendJob } from "./backend.ts"

export interface Message {
  readonly role: string
  readonly content: string
}

/** Text of a message's content: a string, or parts of which the text ones count. */
export const contentText = (content: unknown): string => {
  if (typeof content === "string") return content
  if (!Array.isArray(content)) return ""
  return content
    .map((part: unknown) => {
      if (typeof part === "string") return part
      return isObject(part) && typeof part["text"] === "string" ? part["text"] : ""
    })
    .join("")
}

/** Messages of a chat; the prompt of a completion as one message of the user. */
export const messagesOf = ({ kind, body }: BackendJob): ReadonlyArray<Message> => {
  if (kind !== "chat") return [{ role: "user", content: contentText(body["prompt"]) }]
  const messages = body["messages"]
  if (!Array.isArray(messages)) return []
  return messages.flatMap((message: unknown) =>
    isObject(message)
      ? [{ role: String(message["role"] ?? "user"), content: contentText(message["content"]) }]
      : [],
  )
}

/** The whole text: a completion's prompt, or a chat with the speaker before each message. */
export const promptText = (job: BackendJob): string => {
  const messages = messagesOf(job)
  const only = messages.length === 1 ? messages[0] : undefined
  if (only?.role === "user") return only.content
  return messages.map(({ role, content }) => `${role}: ${content}`).join("\n\n")
}

/**
 * Tokens of a prompt, by the gateway's own count: what is written, a few tokens around each message,
 * and the definitions of tools. What is not text (images, audio, files) counts as a fixed number a
 * part: what a model makes of it only the host knows, and its word is not taken for it.
 */
import { isObject } from "../../platform/json-object.ts"
import type { BodyOf, ChatBody, CompletionBody, EmbeddingBody } from "./bodies.ts"
import type { JobKind } from "./delivery.ts"
import { countAll } from "./token-count.ts"

const tokensPerMessage = 3
const tokensPerAnswer = 3
const tokensPerOtherPart = 1024

/** Tokens of a prompt; `most + 1` where they are more than `most`. */
export const promptTokens = <K extends JobKind>(
  kind: K,
  body: BodyOf<K>,
  most: number,
): number | Promise<number> => {
  const texts: Array<string> = []
  const extra =
    kind === "chat"
      ? collectChat(body as ChatBody, texts)
      : kind === "completion"
        ? collectInput((body as CompletionBody).prompt, texts)
        : collectInput((body as EmbeddingBody).input, texts)
  if (extra > most) return most + 1
  const counted = countAll(texts, most)
  return typeof counted === "number" ? counted + extra : counted.then((tokens) => tokens + extra)
}

/** Gives the tokens that are not in `texts`. */
const collectChat = ({ messages, tools, ...rest }: ChatBody, texts: Array<string>): number => {
  let extra = tokensPerAnswer
  for (const message of messages) {
    extra += tokensPerMessage
    texts.push(message.role)
    const { content, tool_calls: calls, name } = message
    if (typeof content === "string") texts.push(content)
    else if (Array.isArray(content))
      for (const part of content)
        if (typeof part.text === "string") texts.push(part.text)
        else extra += tokensPerOtherPart
    if (Array.isArray(calls)) texts.push(JSON.stringify(calls))
    if (typeof name === "string") texts.push(name)
  }
  if (Array.isArray(tools)) texts.push(JSON.stringify(tools))
  if (isObject(rest["response_format"])) texts.push(JSON.stringify(rest["response_format"]))
  return extra
}

/** A text, token ids, or a list of either. */
const collectInput = (
  input: string | ReadonlyArray<string | number | ReadonlyArray<number>>,
  texts: Array<string>,
): number => {
  if (typeof input === "string") {
    texts.push(input)
    return 0
  }
  let ids = 0
  for (const one of input)
    if (typeof one === "string") texts.push(one)
    else ids += typeof one === "number" ? 1 : one.length
  return ids
}

/**
 * Tokens of a prompt, by the gateway's own count. What passes is counted: every text of the body that
 * goes to the host, whatever field it stands in, the names of fields that are the consumer's own, and
 * a few tokens around each message. JSON such as the definition of a tool counts as it is written. What
 * is no text (images, audio, video) counts a fixed number a part: what a model makes of it only the
 * host knows, and its word is not taken for it.
 */
import type { JsonObject } from "../../../platform/json/json-object.ts"
import { isObject } from "../../../platform/json/json-object.ts"
import type { JobKind } from "../../protocol/delivery.ts"
import { countAll } from "../answer/token-count.ts"

const tokensPerMessage = 3
const tokensPerAnswer = 3
const tokensPerOtherPart = 1024
/** A file may hold text that nobody here reads: a token for four of its bytes, three in base64's four. */
const tokensPerFileChar = 3 / 16

/** Fields without text: a name, numbers of tokens, how numbers are written. */
const unread = new Set(["model", "stop_token_ids", "logit_bias", "encoding_format"])

/** What was found so far: texts to count, and tokens that stand in none of them. */
interface Tally {
  readonly texts: Array<string>
  extra: number
  readonly most: number
}

/** Tokens of a body as it is forwarded; `most + 1` where they are more than `most`. */
export const promptTokens = (
  kind: JobKind,
  forwarded: JsonObject,
  most: number,
): number | Promise<number> => {
  const tally: Tally = { texts: [], extra: kind === "chat" ? tokensPerAnswer : 0, most }
  for (const [name, value] of Object.entries(forwarded)) {
    if (unread.has(name)) continue
    if (name === "messages") addMessages(tally, value as ReadonlyArray<JsonObject>)
    else if (name === "allowed_token_ids") tally.extra += (value as ReadonlyArray<number>).length
    else if (name === "prompt" || name === "input") addInput(tally, value as Input)
    else addField(tally, value)
  }
  const { texts, extra } = tally
  if (extra > most) return most + 1
  const counted = countAll(texts, most)
  if (typeof counted === "number") return Math.min(counted + extra, most + 1)
  return counted.then((tokens) => Math.min(tokens + extra, most + 1))
}

const addMessages = (tally: Tally, messages: ReadonlyArray<JsonObject>): void => {
  for (const { content, ...rest } of messages) {
    tally.extra += tokensPerMessage
    if (Array.isArray(content)) for (const part of content) addPart(tally, part as JsonObject)
    else addField(tally, content)
    for (const name in rest) addField(tally, rest[name])
  }
}

const addPart = (tally: Tally, { type, ...rest }: JsonObject): void => {
  if (type === "text" || type === "refusal" || type === "thinking") addField(tally, rest[type])
  else tally.extra += tokensPerOtherPart
  for (const field of mediaFields) addMedium(tally, rest[field])
  if (type === "file" && isObject(rest["file"])) {
    const { file_data: data, filename } = rest["file"]
    if (typeof data === "string") tally.extra += Math.ceil(data.length * tokensPerFileChar)
    addField(tally, filename)
  }
}

const mediaFields = ["image_url", "audio_url", "video_url", "input_audio"] as const
const address = /^https?:\/\//i
const inlined = /^data:(?:image|audio|video)\//i
const base64 = /^[A-Za-z0-9+/\r\n]*={0,2}\s*$/

/** Where it is, or its bytes: what is neither is text, which may be read. */
const addMedium = (tally: Tally, medium: unknown): void => {
  const { url, data } = isObject(medium) ? medium : { url: medium, data: undefined }
  if (typeof url === "string" && !address.test(url) && !inlined.test(url)) addField(tally, url)
  if (typeof data === "string" && !inlined.test(data) && !base64.test(data)) addField(tally, data)
}

/** Numbers and flags are settings, which no model reads. */
const addField = (tally: Tally, value: unknown): void => {
  if (typeof value === "string") tally.texts.push(value)
  else if (typeof value === "object" && value !== null) addJson(tally, value)
}

/** Every text in it, and a token for what is around each: `{"`, `": "`, `", "`. */
const addJson = (tally: Tally, value: unknown): void => {
  tally.extra += 1
  // Beyond that it does not matter how many.
  if (tally.extra > tally.most) return
  if (typeof value === "string") addQuoted(tally, value)
  else if (Array.isArray(value)) for (const one of value) addJson(tally, one)
  else if (isObject(value))
    for (const [name, one] of Object.entries(value)) {
      tally.extra += 1
      addQuoted(tally, name)
      addJson(tally, one)
    }
  else tally.texts.push(String(value))
}

/** What JSON writes before a character to escape it is read, too. */
const addQuoted = (tally: Tally, text: string): void => {
  tally.texts.push(text)
  if (/["\\\p{Cc}]/u.test(text)) tally.extra += JSON.stringify(text).length - 2 - text.length
}

type Input = string | ReadonlyArray<string | number | ReadonlyArray<number>>

/** A text, token ids, or a list of either. */
const addInput = (tally: Tally, input: Input): void => {
  if (typeof input === "string") tally.texts.push(input)
  else
    for (const one of input)
      if (typeof one === "string") tally.texts.push(one)
      else tally.extra += typeof one === "number" ? 1 : one.length
}

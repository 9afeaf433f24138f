/**
 * The texts of a delta or a message. OpenAI has one text in `content`; other servers send it as a list
 * of parts, and what the model thinks under half a dozen names. Here there are three: what is said, what
 * is thought, what is refused.
 */
import type { JsonObject } from "../json/json-object.ts"
import { isObject } from "../json/json-object.ts"

export interface DeltaTexts {
  content: string
  reasoning: string
  refusal: string
}

/** Parts within parts; deeper ones are none. */
const deepestPart = 8

/** Where a part keeps its text, whatever its type. */
const textFields = ["text", "content", "value"] as const
const thoughtFields = ["thinking", "text", "reasoning", "summary", "content", "value"] as const

const isHidden = (type: unknown): boolean =>
  typeof type === "string" && /redacted|encrypted/.test(type)
const isThought = (type: unknown): boolean => typeof type === "string" && /think|reason/.test(type)

const addPart = (
  texts: DeltaTexts,
  part: unknown,
  as: "content" | "reasoning",
  depth: number,
): void => {
  if (typeof part === "string") texts[as] += part
  else if (depth === 0) return
  else if (Array.isArray(part)) for (const one of part) addPart(texts, one, as, depth - 1)
  else if (isObject(part)) addTyped(texts, part, as, depth - 1)
}

const addTyped = (
  texts: DeltaTexts,
  part: JsonObject,
  as: "content" | "reasoning",
  depth: number,
): void => {
  const { type } = part
  if (isHidden(type)) return
  if (type === "refusal") {
    if (typeof part["refusal"] === "string") texts.refusal += part["refusal"]
    return
  }
  const isOfThought = as === "reasoning" || isThought(type) || part["thinking"] !== undefined
  const field = (isOfThought ? thoughtFields : textFields).find(
    (name) => part[name] !== undefined && part[name] !== null,
  )
  if (field !== undefined) addPart(texts, part[field], isOfThought ? "reasoning" : "content", depth)
}

/** Names of what is thought, the most common first: servers send the same text under several. */
const reasoningFields = [
  "reasoning_content",
  "reasoning",
  "reasoning_text",
  "thinking",
  "reasoning_details",
  "thinking_blocks",
] as const

/** All text that a delta or a message holds but that of its calls. */
export const textsOf = (delta: JsonObject): DeltaTexts => {
  const texts: DeltaTexts = { content: "", reasoning: "", refusal: "" }
  for (const field of reasoningFields) {
    if (delta[field] === undefined) continue
    addPart(texts, delta[field], "reasoning", deepestPart)
    if (texts.reasoning !== "") break
  }
  const { content, refusal, audio } = delta
  if (typeof content === "string") texts.content = content
  else addPart(texts, content, "content", deepestPart)
  if (typeof refusal === "string") texts.refusal += refusal
  // A spoken answer is not passed on; what it says is.
  const transcript = isObject(audio) ? audio["transcript"] : undefined
  if (texts.content === "" && typeof transcript === "string") texts.content = transcript
  return texts
}

/** Items of a response's input: messages, calls of tools and their outputs, reasoning, references. */
import { Schema } from "effect"
import { optional } from "../request/body-fields.ts"
import { byType, listOf, name, object, oneOf, text, textOr, worded } from "./fields.ts"

const maxParts = 10_000

const nothingKept = "the gateway keeps no files"
const url = (what: string) => worded(Schema.NonEmptyString, `${what}: ${nothingKept}`)

/** Of messages and of outputs; what a model has said comes back as `output_text` and `refusal`. */
const Part = byType({
  input_text: object({ type: Schema.Literal("input_text"), text }),
  output_text: object({ type: Schema.Literal("output_text"), text }),
  refusal: object({ type: Schema.Literal("refusal"), refusal: text }),
  input_image: object({
    type: Schema.Literal("input_image"),
    image_url: Schema.propertySignature(url("a URL or a data URL")).annotations({
      missingMessage: () => `must be a URL or a data URL: ${nothingKept}`,
    }),
    detail: optional(oneOf("auto", "low", "high", "original")),
  }),
  input_file: object({
    type: Schema.Literal("input_file"),
    file_data: Schema.propertySignature(url("the file itself, as a data URL")).annotations({
      missingMessage: () => `must be the file itself, as a data URL: ${nothingKept}`,
    }),
    filename: optional(text),
  }),
  input_audio: object({
    type: Schema.Literal("input_audio"),
    input_audio: object({
      data: text,
      format: oneOf("wav", "mp3", "flac", "ogg", "opus", "aac", "m4a", "webm"),
    }),
  }),
})
export type Part = typeof Part.Type

const Content = textOr(listOf(Part, maxParts), "parts")

const Thought = object({ text })

export const InputItem = byType(
  {
    message: object({
      type: optional(Schema.Literal("message")),
      role: oneOf("user", "assistant", "system", "developer"),
      content: Content,
    }),
    function_call: object({
      type: Schema.Literal("function_call"),
      call_id: name,
      name,
      arguments: text,
    }),
    function_call_output: object({
      type: Schema.Literal("function_call_output"),
      call_id: name,
      output: Content,
    }),
    custom_tool_call: object({
      type: Schema.Literal("custom_tool_call"),
      call_id: name,
      name,
      input: text,
    }),
    custom_tool_call_output: object({
      type: Schema.Literal("custom_tool_call_output"),
      call_id: name,
      output: Content,
    }),
    reasoning: object({
      type: Schema.Literal("reasoning"),
      summary: optional(listOf(Thought, maxParts)),
      content: optional(listOf(Thought, maxParts)),
    }),
    item_reference: object({ type: Schema.Literal("item_reference"), id: name }),
  },
  { untyped: "message" },
)
export type InputItem = typeof InputItem.Type
/** With the items themselves in place of references. */
export type SentItem = Exclude<InputItem, { readonly type: "item_reference" }>

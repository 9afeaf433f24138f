/** The messages of a chat: what each role may say, and the parts that it may say it in. */
import { Schema } from "effect"
import { FreeForm, optional } from "./body-fields.ts"

const text = Schema.String

const TextPart = Schema.Struct({ type: Schema.Literal("text"), text: optional(text) })

const Media = Schema.Union(
  text,
  Schema.Struct({
    url: optional(text),
    detail: optional(Schema.Literal("auto", "low", "high", "original")),
  }),
)

/** What is not text. Each counts a fixed number of tokens, see prompt.ts. */
const mediaParts = [
  Schema.Struct({ type: Schema.Literal("image_url"), image_url: optional(Media) }),
  Schema.Struct({ type: Schema.Literal("audio_url"), audio_url: optional(Media) }),
  Schema.Struct({ type: Schema.Literal("video_url"), video_url: optional(Media) }),
  Schema.Struct({
    type: Schema.Literal("input_audio"),
    input_audio: optional(
      Schema.Struct({
        data: optional(text),
        format: optional(Schema.Literal("wav", "mp3", "flac", "ogg", "opus", "aac", "m4a", "webm")),
      }),
    ),
  }),
  Schema.Struct({
    type: Schema.Literal("file"),
    file: optional(Schema.Struct({ file_data: optional(text), filename: optional(text) })),
  }),
] as const

const Part = Schema.Union(
  TextPart,
  Schema.Struct({ type: Schema.Literal("refusal"), refusal: optional(text) }),
  Schema.Struct({ type: Schema.Literal("thinking"), thinking: optional(text) }),
  ...mediaParts,
)
export type Part = typeof Part.Type

export const Texts = Schema.Union(text, Schema.Array(TextPart))

const said = {
  content: optional(Schema.Union(text, Schema.Array(Part))),
  name: optional(text),
}

const Called = Schema.Struct({
  name: optional(text),
  arguments: optional(Schema.Union(text, FreeForm)),
})

const ToolCall = Schema.Struct({
  id: optional(text),
  type: optional(Schema.Literal("function", "custom")),
  function: optional(Called),
  custom: optional(Schema.Struct({ name: optional(text), input: optional(text) })),
})

const plain = <const R extends string>(role: R) =>
  Schema.Struct({ role: Schema.Literal(role), ...said })

export const Message = Schema.Union(
  plain("system"),
  plain("developer"),
  plain("user"),
  plain("function"),
  Schema.Struct({
    role: Schema.Literal("assistant"),
    ...said,
    tool_calls: optional(Schema.Array(ToolCall)),
    function_call: optional(Called),
    refusal: optional(text),
    reasoning_content: optional(text),
    reasoning: optional(text),
    prefix: optional(Schema.Boolean),
  }),
  Schema.Struct({ role: Schema.Literal("tool"), ...said, tool_call_id: optional(text) }),
)

/**
 * The body of a call to the Responses API. What the gateway cannot do is refused, by name and with what
 * to do instead: nothing is stored, nothing runs in the background, no tool runs here.
 */
import { Either, Schema } from "effect"
import type { HttpError } from "../../http/http-error.ts"
import { badRequest } from "../../http/http-error.ts"
import { isObject } from "../../../platform/json/json-object.ts"
import { FreeForm, optional } from "../request/body-fields.ts"
import {
  byType,
  checkOf,
  flag,
  listOf,
  name,
  number,
  object,
  oneOf,
  text,
  textOr,
  whole,
  worded,
} from "./fields.ts"
import { InputItem } from "./items.ts"

const maxItems = 10_000
const maxTools = 1024

const anything = worded(FreeForm, "an object")

const foreignTools = "the gateway runs no tools itself: describe a function, and answer its calls"

const Tool = byType(
  {
    function: object({
      type: Schema.Literal("function"),
      name,
      description: optional(text),
      parameters: optional(anything),
      strict: optional(flag),
    }),
    custom: object({
      type: Schema.Literal("custom"),
      name,
      description: optional(text),
      format: optional(
        byType({
          text: object({ type: Schema.Literal("text") }),
          grammar: object({
            type: Schema.Literal("grammar"),
            syntax: oneOf("lark", "regex"),
            definition: text,
          }),
        }),
      ),
    }),
  },
  { why: foreignTools },
)
export type Tool = typeof Tool.Type

const namedTool = {
  function: object({ type: Schema.Literal("function"), name }),
  custom: object({ type: Schema.Literal("custom"), name }),
}

const modes = ["none", "auto", "required"] as const

const ToolChoice = Schema.Union(
  worded(Schema.Literal(...modes), '"none", "auto", "required", or an object'),
  byType(
    {
      ...namedTool,
      allowed_tools: object({
        type: Schema.Literal("allowed_tools"),
        mode: oneOf("auto", "required"),
        tools: listOf(byType(namedTool, { why: foreignTools }), maxTools),
      }),
    },
    { why: foreignTools },
  ),
)

const Text = object({
  format: optional(
    byType({
      text: object({ type: Schema.Literal("text") }),
      json_object: object({ type: Schema.Literal("json_object") }),
      json_schema: object({
        type: Schema.Literal("json_schema"),
        name,
        schema: anything,
        description: optional(text),
        strict: optional(flag),
      }),
    }),
  ),
  verbosity: optional(oneOf("low", "medium", "high")),
})

const summaries = oneOf("auto", "concise", "detailed")

const includable = [
  "message.output_text.logprobs",
  "reasoning.encrypted_content",
  "message.input_image.image_url",
  "file_search_call.results",
  "web_search_call.results",
  "web_search_call.action.sources",
  "code_interpreter_call.outputs",
  "computer_call_output.output.image_url",
] as const

const Metadata = Schema.Record({ key: Schema.String, value: text }).annotations({
  message: () => "must be an object of texts",
})

export const ResponsesBody = object({
  model: worded(Schema.NonEmptyString, "the name of a model of GET /v1/models"),
  input: textOr(
    listOf(InputItem, maxItems).pipe(Schema.minItems(1)),
    "one item or more",
  ).annotations({ description: "A text, or the conversation so far" }),
  instructions: optional(text),
  tools: optional(listOf(Tool, maxTools)),
  tool_choice: optional(ToolChoice),
  parallel_tool_calls: optional(flag),
  text: optional(Text),
  reasoning: optional(
    object({
      effort: optional(oneOf("none", "minimal", "low", "medium", "high", "xhigh", "max")),
      summary: optional(summaries),
      generate_summary: optional(summaries),
    }),
  ),
  max_output_tokens: optional(whole(1, 100_000_000)),
  max_tool_calls: optional(whole(1, 100_000_000)),
  temperature: optional(number(0, 2)),
  top_p: optional(number(0, 1)),
  top_logprobs: optional(whole(0, 20)),
  include: optional(listOf(oneOf(...includable), 100)),
  stream: optional(flag),
  stream_options: optional(anything),
  metadata: optional(Metadata),
  store: optional(
    flag,
    "False: the items of the answer are not remembered; else the latest are, in memory, for a while",
  ),
  truncation: optional(
    worded(Schema.Literal("disabled"), '"disabled": leave out yourself what is too much'),
  ),
  user: optional(text),
  safety_identifier: optional(text),
  prompt_cache_key: optional(text),
}).annotations({ title: "Response" })
export type ResponsesBody = typeof ResponsesBody.Type

const unstored = "the gateway stores no responses; send the whole conversation as `input`"
const here = (field: string) => `is a field of /v1/chat/completions; here it is \`${field}\``

/** What is not taken, unless it is null, and why. */
const refusals: Readonly<Record<string, string>> = {
  previous_response_id: `must be left out: ${unstored}`,
  conversation: `must be left out: ${unstored}`,
  prompt: "must be left out: the gateway stores no prompts; send `instructions` and `input`",
  background: "must be false: the gateway answers while the caller waits, or streams",
  context_management: "must be left out: send as `input` what the model is to see",
  moderation: "must be left out: the gateway does not moderate",
  messages: here("input"),
  max_tokens: here("max_output_tokens"),
  max_completion_tokens: here("max_output_tokens"),
  response_format: here("text.format"),
  reasoning_effort: here("reasoning.effort"),
  verbosity: here("text.verbosity"),
  functions: here("tools"),
  function_call: here("tool_choice"),
  logprobs: here("include"),
  n: "must be left out: one answer a call",
}

/** Taken and not used: who is asking, and what only OpenAI's own servers would do with it. */
const unused = [
  "background",
  "service_tier",
  "prompt_cache_options",
  "prompt_cache_retention",
  "client_metadata",
]

const checkFields = checkOf(ResponsesBody)

/** The body, or the error for the client. */
export const checkBody = (body: unknown): Either.Either<ResponsesBody, HttpError> => {
  if (isObject(body))
    for (const field in refusals) {
      const value = Object.hasOwn(body, field) ? body[field] : undefined
      if (value !== undefined && value !== null && value !== false)
        return Either.left(badRequest(`\`${field}\`: ${refusals[field]}`, field))
    }
  return checkFields(body)
}

const known = new Set([...Object.keys(ResponsesBody.fields), ...Object.keys(refusals), ...unused])

/** What the Responses API does not know, and a chat may: `seed`, `stop`, `top_k` and the like. */
export const settingsOfChat = (body: ResponsesBody): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body).filter(([field]) => !known.has(field)))

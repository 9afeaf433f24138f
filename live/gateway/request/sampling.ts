/**
 * How an answer is generated: OpenAI's settings and those of the common open servers (vLLM, SGLang,
 * TGI, llama.cpp, Ollama) that cost a host nothing that is not paid for.
 */
import { Schema } from "effect"
import { FreeForm, listOf, number, only, optional, whole, Word } from "./body-fields.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import { isObject } from "../../../platform/json/json-object.ts"

const mostTokenIds = 16_384
const mostBiases = 1024
const mostStops = 16
const mostChoices = 10_000

const tokenIdPattern = /^\d{1,9}$/
const isBias = ([token, bias]: [string, unknown]): boolean =>
  tokenIdPattern.test(token) && typeof bias === "number" && bias >= -100 && bias <= 100

const LogitBias = Schema.declare(
  (value): value is JsonObject => {
    if (!isObject(value)) return false
    const biases = Object.entries(value)
    return biases.length <= mostBiases && biases.every(isBias)
  },
  {
    description: `By token id, -100 to 100; at most ${mostBiases} of them`,
    jsonSchema: {
      type: "object",
      propertyNames: { pattern: tokenIdPattern.source },
      additionalProperties: { type: "number", minimum: -100, maximum: 100 },
      maxProperties: mostBiases,
    },
  },
)

const Stop = Schema.String.pipe(Schema.maxLength(1000))
const TokenId = whole(0, 1_000_000_000)
const factor = number(-1_000_000, 1_000_000)

const maxTokens = whole(1, 100_000_000)
const text = Schema.String

/** Structured output: how the answer has to look. All of its text is counted with the prompt. */
const structured = {
  guided_json: optional(Schema.Union(FreeForm, text), "vLLM: a JSON Schema of the answer"),
  guided_regex: optional(text, "vLLM: a regular expression of the answer"),
  guided_choice: optional(listOf(text, mostChoices), "vLLM: the answers that there are"),
  guided_grammar: optional(text, "vLLM: a grammar of the answer"),
  guided_whitespace_pattern: optional(text, "vLLM: the blanks within a JSON answer"),
  structured_outputs: optional(
    Schema.Struct({
      json: optional(Schema.Union(FreeForm, text)),
      regex: optional(text),
      choice: optional(listOf(text, mostChoices)),
      grammar: optional(text),
      json_object: optional(Schema.Boolean),
      structural_tag: optional(text),
      whitespace_pattern: optional(text),
      disable_any_whitespace: optional(Schema.Boolean),
      disable_additional_properties: optional(Schema.Boolean),
    }),
    "vLLM: the same in one",
  ),
  json_schema: optional(Schema.Union(FreeForm, text), "llama.cpp, SGLang: a JSON Schema"),
  grammar: optional(text, "llama.cpp: a grammar in GBNF"),
  regex: optional(text, "SGLang: a regular expression"),
  ebnf: optional(text, "SGLang: a grammar"),
  structural_tag: optional(Schema.Union(FreeForm, text), "SGLang: JSON within tags"),
}

const ResponseFormat = Schema.Struct({
  type: Schema.Literal(
    "text",
    "json_object",
    "json_schema",
    "structural_tag",
    "grammar",
    "json",
    "regex",
  ),
  json_schema: optional(FreeForm),
  schema: optional(FreeForm),
  grammar: optional(text),
  value: optional(Schema.Union(FreeForm, text)),
  structures: optional(listOf(FreeForm, mostChoices)),
  triggers: optional(listOf(text, mostChoices)),
  format: optional(FreeForm),
})

/** Settings that shape the distribution of the next token, or what of it is shown. */
const distribution = {
  temperature: optional(number(0, 2)),
  top_p: optional(number(0, 1)),
  top_k: optional(whole(-1, 1_000_000)),
  min_p: optional(number(0, 1)),
  top_n_sigma: optional(factor),
  typical_p: optional(number(0, 1)),
  presence_penalty: optional(number(-2, 2)),
  frequency_penalty: optional(number(-2, 2)),
  repetition_penalty: optional(number(0, 100)),
  repeat_penalty: optional(number(0, 100), "llama.cpp's repetition_penalty"),
  repeat_last_n: optional(whole(-1, 1_000_000)),
  dry_multiplier: optional(factor),
  dry_base: optional(factor),
  dry_allowed_length: optional(whole(0, 1_000_000)),
  dry_penalty_last_n: optional(whole(-1, 1_000_000)),
  dry_sequence_breakers: optional(listOf(Stop, 64)),
  xtc_probability: optional(number(0, 1)),
  xtc_threshold: optional(number(0, 1)),
  mirostat: optional(whole(0, 2)),
  mirostat_tau: optional(factor),
  mirostat_eta: optional(factor),
  dynatemp_range: optional(factor),
  dynatemp_exponent: optional(factor),
  smoothing_factor: optional(factor),
  seed: optional(whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)),
  logit_bias: optional(LogitBias),
  allowed_token_ids: optional(listOf(TokenId, mostTokenIds)),
  bad_words: optional(listOf(Stop, mostStops)),
}

/** Where an answer ends. */
const ending = {
  max_tokens: optional(maxTokens, "Longest answer; at most what the context leaves"),
  min_tokens: optional(whole(0, 100_000_000), "Shortest answer"),
  stop: optional(Schema.Union(Stop, listOf(Stop, mostStops)), "Where the answer ends"),
  stop_token_ids: optional(listOf(TokenId, mostTokenIds)),
  include_stop_str_in_output: optional(Schema.Boolean),
  no_stop_trim: optional(Schema.Boolean),
  ignore_eos: optional(Schema.Boolean),
  skip_special_tokens: optional(Schema.Boolean),
  spaces_between_special_tokens: optional(Schema.Boolean),
  add_special_tokens: optional(Schema.Boolean),
}

/** How the answer comes: the gateway's own business, of which a host is told nothing. */
const delivery = {
  stream: optional(Schema.Boolean, "As server-sent events"),
  stream_options: optional(Schema.Struct({ include_usage: optional(Schema.Boolean) })),
  n: optional(only(1, "one answer a call")),
}

/** What chats and completions have in common. */
export const generation = {
  ...ending,
  ...delivery,
  ...distribution,
  ...structured,
  response_format: optional(ResponseFormat, "How the answer has to look"),
}

const notHidden = "What a model thinks is paid for and shown; to have less, ask it to think less"

/** How much a model thinks before it answers, and how one sees it. */
export const reasoning = {
  reasoning_effort: optional(Word, "Such as low, medium or high"),
  reasoning: optional(
    Schema.Struct({
      effort: optional(Word),
      max_tokens: optional(maxTokens),
      enabled: optional(Schema.Boolean),
      exclude: optional(Schema.Boolean, notHidden),
    }),
  ),
  thinking: optional(
    Schema.Struct({ type: optional(Word), budget_tokens: optional(whole(0, 100_000_000)) }),
  ),
  enable_thinking: optional(Schema.Boolean),
  thinking_budget: optional(whole(-1, 100_000_000)),
  thinking_token_budget: optional(whole(-1, 100_000_000)),
  reasoning_budget: optional(whole(-1, 100_000_000)),
  reasoning_format: optional(Word, `"hidden" is not passed on: ${notHidden}`),
  include_reasoning: optional(Schema.Boolean, notHidden),
  separate_reasoning: optional(Schema.Boolean),
  verbosity: optional(Word),
}

/**
 * A body without what would have a host hide tokens that it generates: an honest one counts them, and looks
 * as if it claimed more than it delivers.
 */
export const withReasoningShown = (body: JsonObject): Record<string, unknown> => {
  const { include_reasoning, reasoning_format, reasoning: wished, ...others } = body
  const shown: Record<string, unknown> = others
  if (include_reasoning === true) shown["include_reasoning"] = true
  if (typeof reasoning_format === "string" && reasoning_format.toLowerCase() !== "hidden")
    shown["reasoning_format"] = reasoning_format
  if (isObject(wished)) {
    const { exclude: _hides, ...settings } = wished
    if (Object.keys(settings).length > 0) shown["reasoning"] = settings
  }
  return shown
}

/** `max_completion_tokens`, as newer clients call it. */
export const maxCompletionTokens = optional(maxTokens, "As `max_tokens`, which it goes before")

/**
 * The bodies of OpenAI calls. What the gateway itself uses is checked here; what only the host's
 * server understands is passed on as it is, but for fields that would tell a host who is asking, or
 * make it do more than is paid for.
 */
import { Either, ParseResult, Schema } from "effect"
import type { HttpError } from "../http/http-error.ts"
import { badRequest } from "../http/http-error.ts"
import type { JobKind } from "./delivery.ts"

/** OpenAI's clients send `null` for what is not set. */
const optional = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.NullOr(schema), { exact: true })
const between = (least: number, most: number) => Schema.Number.pipe(Schema.between(least, most))
const open = { key: Schema.String, value: Schema.Unknown }

/** The one value that is allowed, and why. */
const only = <const L extends number | boolean>(value: L, why: string) =>
  Schema.Literal(value).annotations({
    description: why,
    message: () => `must be ${value}: ${why}`,
  })

const maxMessages = 10_000
const maxInputs = 2048

const tokens = (meaning: string) =>
  Schema.Int.pipe(Schema.between(1, 100_000_000)).annotations({ description: meaning })

/** What chats and completions have in common. */
const generation = {
  model: Schema.NonEmptyString.annotations({ description: "A model of GET /v1/models" }),
  max_tokens: optional(tokens("Longest answer; at most what the context leaves")),
  stream: optional(Schema.Boolean),
  stream_options: optional(Schema.Struct({ include_usage: optional(Schema.Boolean) }, open)),
  stop: optional(
    Schema.Union(Schema.String, Schema.Array(Schema.String).pipe(Schema.maxItems(16))),
  ),
  n: optional(only(1, "one answer a call")),
  temperature: optional(between(0, 2)),
  top_p: optional(between(0, 1)),
  presence_penalty: optional(between(-2, 2)),
  frequency_penalty: optional(between(-2, 2)),
}

const Part = Schema.Struct({ type: Schema.String, text: optional(Schema.String) }, open)

const roles = ["system", "developer", "user", "assistant", "tool", "function"] as const
const Role = Schema.Literal(...roles).annotations({
  message: () => `must be one of ${roles.join(", ")}`,
})

const Message = Schema.Struct(
  {
    role: Role,
    content: optional(Schema.Union(Schema.String, Schema.Array(Part))),
    tool_calls: optional(Schema.Array(Schema.Struct({}, open))),
  },
  open,
)

export const ChatBody = Schema.Struct(
  {
    ...generation,
    messages: Schema.Array(Message).pipe(Schema.minItems(1), Schema.maxItems(maxMessages)),
    max_completion_tokens: optional(tokens("As `max_tokens`, which it goes before")),
    tools: optional(Schema.Array(Schema.Struct({}, open))),
  },
  open,
).annotations({ title: "Chat completion" })
export type ChatBody = typeof ChatBody.Type

const TokenIds = Schema.Array(Schema.NonNegativeInt)

export const CompletionBody = Schema.Struct(
  {
    ...generation,
    prompt: Schema.Union(
      Schema.String,
      Schema.Array(Schema.String).pipe(Schema.itemsCount(1)),
      TokenIds.pipe(Schema.minItems(1)),
    ).annotations({
      description: "One prompt a call",
      message: () => ({
        message: "must be one prompt: a text, a list of one text, or token ids",
        override: true,
      }),
    }),
    best_of: optional(only(1, "one answer a call")),
    echo: optional(only(false, "the prompt is not sent back")),
  },
  open,
).annotations({ title: "Completion" })
export type CompletionBody = typeof CompletionBody.Type

export const EmbeddingBody = Schema.Struct(
  {
    model: generation.model,
    input: Schema.Union(
      Schema.String,
      Schema.Array(Schema.String).pipe(Schema.minItems(1), Schema.maxItems(maxInputs)),
      TokenIds.pipe(Schema.minItems(1)),
      Schema.Array(TokenIds).pipe(Schema.minItems(1), Schema.maxItems(maxInputs)),
    ),
    encoding_format: optional(Schema.Literal("float", "base64")),
    dimensions: optional(Schema.Int.pipe(Schema.between(1, 65_536))),
  },
  open,
).annotations({ title: "Embeddings" })
export type EmbeddingBody = typeof EmbeddingBody.Type

export const bodySchemas = {
  chat: ChatBody,
  completion: CompletionBody,
  embedding: EmbeddingBody,
} as const satisfies Record<JobKind, Schema.Schema.All>

export type BodyOf<K extends JobKind> = (typeof bodySchemas)[K]["Type"]

/**
 * Not for the host: who is asking and what OpenAI alone would do with it; settings of the host's own
 * server that are its operator's; what multiplies the work of a call.
 */
const withheld = new Set([
  "user",
  "metadata",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_retention",
  "store",
  "service_tier",
  "priority",
  "request_id",
  "cache_salt",
  "chat_template",
  "kv_transfer_params",
  "lora_request",
  "n",
  "best_of",
  "use_beam_search",
  "prompt_logprobs",
  "return_token_ids",
  "stream",
  "stream_options",
])

/** The body for a host, but for its model, its limit of tokens and its streaming. */
export const forwarded = (body: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const kept: Record<string, unknown> = {}
  for (const name in body) if (!withheld.has(name) && body[name] !== null) kept[name] = body[name]
  return kept
}

/** Checks bodies of one kind. */
export const bodyCheck = <K extends JobKind>(
  kind: K,
): ((body: unknown) => Either.Either<BodyOf<K>, HttpError>) => {
  const decode = Schema.decodeUnknownEither(
    bodySchemas[kind] as unknown as Schema.Schema<BodyOf<K>>,
  )
  return (body) => Either.mapLeft(decode(body), asBadRequest)
}

/** The deepest issue says most: of a union's members it is the one that nearly fits. */
const asBadRequest = (error: ParseResult.ParseError): HttpError => {
  const issues = ParseResult.ArrayFormatter.formatErrorSync(error)
  const issue = issues.reduce((best, one) => (one.path.length > best.path.length ? one : best))
  const param = issue.path.map(String).join(".")
  if (param === "") return badRequest(`The body must be a JSON object: ${issue.message}`)
  return badRequest(`\`${param}\`: ${issue.message}`, param)
}

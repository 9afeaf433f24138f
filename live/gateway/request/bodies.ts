/**
 * The bodies of OpenAI calls. Their schemas are the list of what a host is told: a field that stands
 * in none is left out. That is what would tell a host who is asking, what is a setting of its
 * operator's own server, what would multiply the work of a call, and whatever nobody here has heard
 * of yet.
 */
import { Either, ParseResult, Schema } from "effect"
import { missing, notAllowed } from "../../http/allowed.ts"
import type { HttpError } from "../../http/http-error.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import { isObject } from "../../../platform/json/json-object.ts"
import { jsonSchemaOf } from "../../http/json-schema.ts"
import { FreeForm, listOf, only, optional, whole, Word } from "./body-fields.ts"
import type { JobKind } from "../../protocol/delivery.ts"
import { Message, Texts } from "./messages.ts"
import { generation, maxCompletionTokens, reasoning, withReasoningShown } from "./sampling.ts"
import { tooling } from "./tools.ts"

const maxMessages = 10_000
const maxInputs = 2048
const maxDocuments = 10_000
const maxLogprobs = 20

const model = Schema.NonEmptyString.annotations({ description: "A model of GET /v1/models" })

const leftOut = "What is not named here is left out: no host is told it"

export const ChatBody = Schema.Struct({
  model,
  messages: Schema.Array(Message).pipe(Schema.minItems(1), Schema.maxItems(maxMessages)),
  max_completion_tokens: maxCompletionTokens,
  ...generation,
  logprobs: optional(Schema.Boolean),
  top_logprobs: optional(whole(0, maxLogprobs)),
  ...tooling,
  ...reasoning,
  prediction: optional(
    Schema.Struct({ type: Schema.Literal("content"), content: Texts }),
    "What most of the answer will be",
  ),
  documents: optional(
    listOf(Schema.Union(FreeForm, Schema.String), maxDocuments),
    "What the answer can draw on",
  ),
  chat_template_kwargs: optional(FreeForm, "Variables of the model's own chat template"),
  add_generation_prompt: optional(Schema.Boolean),
  continue_final_message: optional(Schema.Boolean),
}).annotations({ title: "Chat completion", description: leftOut })
export type ChatBody = typeof ChatBody.Type

const TokenIds = Schema.Array(Schema.NonNegativeInt)

const CompletionBody = Schema.Struct({
  model,
  prompt: Schema.Union(
    Schema.String,
    Schema.Array(Schema.String).pipe(Schema.itemsCount(1)),
    TokenIds.pipe(Schema.minItems(1)),
  ).annotations({
    description: "One prompt a call",
    // A second prompt is no wrong text within the first.
    message: () => ({ message: "one prompt a call", override: true }),
  }),
  suffix: optional(Schema.String, "What comes behind the answer"),
  ...generation,
  logprobs: optional(Schema.Union(whole(0, maxLogprobs), Schema.Boolean)),
  best_of: optional(only(1, "one answer a call")),
  echo: optional(only(false, "the prompt is not sent back")),
}).annotations({ title: "Completion", description: leftOut })

const EmbeddingBody = Schema.Struct({
  model,
  input: Schema.Union(
    Schema.String,
    Schema.Array(Schema.String).pipe(Schema.minItems(1), Schema.maxItems(maxInputs)),
    TokenIds.pipe(Schema.minItems(1)),
    Schema.Array(TokenIds).pipe(Schema.minItems(1), Schema.maxItems(maxInputs)),
  ),
  encoding_format: optional(Schema.Literal("float", "base64")),
  dimensions: optional(whole(1, 65_536)),
  input_type: optional(Word, "Such as query or passage, where the model knows it"),
}).annotations({ title: "Embeddings", description: leftOut })

export const bodySchemas = {
  chat: ChatBody,
  completion: CompletionBody,
  embedding: EmbeddingBody,
} as const satisfies Record<JobKind, Schema.Schema.All>

export type BodyOf<K extends JobKind> = (typeof bodySchemas)[K]["Type"]

/** Checks bodies of one kind, and leaves out of them what no host is told. */
export const bodyCheck = <K extends JobKind>(
  kind: K,
): ((body: unknown) => Either.Either<BodyOf<K>, HttpError>) =>
  checkOf(bodySchemas[kind] as unknown as Schema.Schema<BodyOf<K>>)

/** A check by a schema, which says what is allowed where something is not. */
const checkOf = <A>(schema: Schema.Schema<A>): ((body: unknown) => Either.Either<A, HttpError>) => {
  const decode = Schema.decodeUnknownEither(schema)
  const described = jsonSchemaOf(schema)
  return (body) => Either.mapLeft(decode(body), (error) => asBadRequest(error, described))
}

/** The deepest issue says most: of a union's members it is the one that nearly fits. */
const asBadRequest = (error: ParseResult.ParseError, schema: JsonObject): HttpError => {
  const issues = ParseResult.ArrayFormatter.formatErrorSync(error)
  const { _tag, path } = issues.reduce((best, one) =>
    one.path.length > best.path.length ||
    (one.path.length === best.path.length && one._tag === "Missing" && best._tag !== "Missing")
      ? one
      : best,
  )
  const place = path.map(String)
  return _tag === "Missing" ? missing(schema, place) : notAllowed(schema, place)
}

/** What the gateway itself does, each in its own way. */
const ours = new Set(["max_completion_tokens", "n", "best_of", "echo", "stream", "stream_options"])

/** A template that a consumer writes would run on the host; these are the template's own. */
const notVariables = new Set(["chat_template", "tokenize", "return_dict"])

/** The body for a host, but for its model, its limit of tokens and its streaming. */
export const forwarded = (body: JsonObject): Record<string, unknown> => {
  const kept: Record<string, unknown> = {}
  for (const name in body) if (!ours.has(name) && body[name] !== null) kept[name] = body[name]
  const variables = kept["chat_template_kwargs"]
  if (isObject(variables))
    kept["chat_template_kwargs"] = Object.fromEntries(
      Object.entries(variables).filter(([name]) => !notVariables.has(name)),
    )
  return withReasoningShown(kept)
}

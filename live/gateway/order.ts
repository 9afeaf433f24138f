/** The order of a call: of a body that is valid, what is held, and what a host is asked for. */
import type { FastifyRequest } from "fastify"
import type { Market } from "../../engine/index.ts"
import { parsePricePerToken } from "../accounts/credits.ts"
import { badRequest } from "../http/http-error.ts"
import type { JsonObject } from "../http/json-object.ts"
import type { LiveServices } from "../services.ts"
import type { ModelRecord } from "../store/records.ts"
import type { BodyOf } from "./bodies.ts"
import { forwarded } from "./bodies.ts"
import type { CallOrder } from "./call.ts"
import type { JobKind } from "./delivery.ts"
import { unknownModel } from "./failures.ts"
import { promptTokens } from "./prompt.ts"

export const paths = {
  chat: "/v1/chat/completions",
  completion: "/v1/completions",
  embedding: "/v1/embeddings",
} as const satisfies Record<JobKind, string>

/** Highest acceptable price of output tokens: credits per token, as a decimal. */
export const maxPriceHeader = "x-evenkeel-max-price"

/** The order of a valid body. Throws, or rejects with, what the consumer is to be told. */
export const orderOf = <K extends JobKind>(
  { config, directory, driver }: LiveServices,
  account: number,
  kind: K,
  body: BodyOf<K>,
  headers: FastifyRequest["headers"],
): CallOrder | Promise<CallOrder> => {
  const model = directory.modelByName(body.model)
  if (model === undefined) throw unknownModel(body.model)
  if ((model.kind === "embedding") !== (kind === "embedding"))
    throw badRequest(
      `${model.name} is a model for ${model.kind === "embedding" ? paths.embedding : paths.chat}`,
      "model",
    )
  const maxPricePerMtok = maxPriceOf(headers, driver.market)
  const base = {
    account,
    model,
    kind,
    ...(maxPricePerMtok === undefined ? {} : { maxPricePerMtok }),
  }
  const made = (inputTokens: number): CallOrder => {
    const maxTokens = maxTokensOf(kind, body, model, inputTokens, config.limits.defaultMaxTokens)
    return { ...base, body: jobBody(kind, body, maxTokens), inputTokens, maxTokens }
  }
  const counted = promptTokens(kind, body, model.contextTokens)
  return typeof counted === "number" ? made(counted) : counted.then(made)
}

const maxPriceOf = (headers: FastifyRequest["headers"], market: Market): number | undefined => {
  const given = headers[maxPriceHeader]
  if (given === undefined) return undefined
  const price = typeof given === "string" ? parsePricePerToken(market, given) : undefined
  if (price === undefined)
    throw badRequest(
      `The header ${maxPriceHeader} must be credits per token as a decimal, such as 0.0000004`,
      maxPriceHeader,
    )
  return price
}

/** What the call asks for, at most what the context leaves. An embedding generates nothing. */
const maxTokensOf = (
  kind: JobKind,
  body: JsonObject,
  { name, contextTokens }: ModelRecord,
  inputTokens: number,
  byDefault: number,
): number => {
  const left = contextTokens - inputTokens
  if (left < 0 || (left === 0 && kind !== "embedding"))
    throw badRequest(
      `The input is longer than the context of ${name}, which holds ${contextTokens} tokens with the answer`,
      kind === "chat" ? "messages" : kind === "completion" ? "prompt" : "input",
    )
  if (kind === "embedding") return 0
  const asked = body["max_completion_tokens"] ?? body["max_tokens"] ?? byDefault
  return Math.min(left, asked as number)
}

/** Hosts stream always, and count always; their answers are bounded in the way they all know. */
const jobBody = (kind: JobKind, body: JsonObject, maxTokens: number): JsonObject => {
  const kept = forwarded(body)
  if (kind === "embedding") return kept
  delete kept["max_completion_tokens"]
  kept["max_tokens"] = maxTokens
  kept["stream"] = true
  kept["stream_options"] = { include_usage: true }
  return kept
}

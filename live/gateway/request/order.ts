/** The order of a call: of a body that is valid, what is held, and what a host is asked for. */
import type { FastifyRequest } from "fastify"
import type { AccountId, BookingId, Market } from "../../../engine/index.ts"
import { priorities, priorityNamed } from "../../../engine/index.ts"
import { isChargedByTime, parseCredits, parsePricePerToken } from "../../views/credits.ts"
import { badRequest } from "../../http/http-error.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import type { Directory } from "../../directory/directory.ts"
import type { LiveServices } from "../../directory/services.ts"
import type { ModelRecord } from "../../directory/records.ts"
import type { BodyOf, ChatBody } from "./bodies.ts"
import { forwarded } from "./bodies.ts"
import type { CallOrder } from "../call/call.ts"
import type { JobKind } from "../../protocol/delivery.ts"
import { unknownModel } from "../call/failures.ts"
import { promptTokens } from "./prompt.ts"

export const paths = {
  chat: "/v1/chat/completions",
  completion: "/v1/completions",
  embedding: "/v1/embeddings",
} as const satisfies Record<JobKind, string>

/** Highest acceptable price: credits per token, or credits an hour where calls cost their time; a decimal. */
export const maxPriceHeader = "x-evenkeel-max-price"

/** The caller's own hours that a call is part of: then it costs nothing more, and their machine serves it. */
const bookingHeader = "x-evenkeel-booking"

/** The tier that a call is of: a priority, or what hosts call theirs. */
const tierHeader = "x-evenkeel-tier"

/** The order of a valid body of that kind. Throws, or rejects with, what the consumer is to be told. */
export const orderOf = <K extends JobKind>(
  { config, directory, driver }: LiveServices,
  account: AccountId,
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
  const most = maxPriceOf(headers, driver.market)
  const booking = bookingOf(headers, directory, account)
  const base = {
    account,
    model,
    kind,
    ...most,
    ...(booking === undefined ? {} : { booking }),
    ...tierOf(headers, driver.market),
  }
  const kept = forModel(model, forwarded(body))
  const made = (inputTokens: number): CallOrder => {
    const left = leftBy(kind, model, inputTokens)
    if (kind === "embedding") return { ...base, body: kept, inputTokens, maxTokens: 0 }
    const asked = askedTokens(body) ?? config.limits.defaultMaxTokens
    const mostTokens = Math.max(1, left - templateRoom(kept, model, inputTokens))
    return {
      ...base,
      body: generating(kept, Math.min(asked, mostTokens)),
      inputTokens,
      maxTokens: Math.min(asked, left),
    }
  }
  const counted = promptTokens(kind, kept, model.contextTokens)
  return typeof counted === "number" ? made(counted) : counted.then(made)
}

const maxPriceOf = (
  headers: FastifyRequest["headers"],
  market: Market,
): Pick<CallOrder, "maxPricePerMtok" | "maxRatePerHour"> => {
  const given = headers[maxPriceHeader]
  if (given === undefined) return {}
  const isByTime = isChargedByTime(market)
  const parse = isByTime ? parseCredits : parsePricePerToken
  const price = typeof given === "string" ? parse(market, given) : undefined
  if (price === undefined)
    throw badRequest(
      isByTime
        ? `The header ${maxPriceHeader} must be credits an hour as a decimal, such as 0.15: calls cost their time here`
        : `The header ${maxPriceHeader} must be credits per token as a decimal, such as 0.00006`,
      maxPriceHeader,
    )
  return isByTime ? { maxRatePerHour: price } : { maxPricePerMtok: price }
}

/** Names mean what hosts say now; a priority that nobody offers is the market's to refuse. */
const tierOf = (headers: FastifyRequest["headers"], market: Market): Pick<CallOrder, "tier"> => {
  const given = headers[tierHeader]
  if (given === undefined) return {}
  if (!market.economy.tiers.areOffered || !isChargedByTime(market))
    throw badRequest(
      `The header ${tierHeader} means nothing here: calls have tiers where they cost their time`,
      tierHeader,
    )
  const tier =
    typeof given === "string"
      ? (priorities.find((one) => one === given.toLowerCase()) ?? priorityNamed(market, given))
      : undefined
  if (tier === undefined)
    throw badRequest(
      `The header ${tierHeader} must be one of ${priorities.join(", ")}, or what a host calls a tier of its own`,
      tierHeader,
    )
  return { tier }
}

const bookingOf = (
  headers: FastifyRequest["headers"],
  directory: Directory,
  account: AccountId,
): BookingId | undefined => {
  const given = headers[bookingHeader]
  if (given === undefined) return undefined
  const booking = typeof given === "string" ? directory.bookingByPublicId(given) : undefined
  // Whether there is one of somebody else is nobody's business.
  if (booking?.account !== account)
    throw badRequest(
      `The header ${bookingHeader} must be one of your bookings, as GET /marketplace/bookings lists them`,
      bookingHeader,
    )
  return booking.id
}

/**
 * `developer` is OpenAI's newer name of `system`. The chat templates of most models know no such role:
 * they refuse it, or leave the message out.
 */
const forModel = ({ developerRole }: ModelRecord, kept: JsonObject): JsonObject => {
  const messages = kept["messages"] as ChatBody["messages"] | undefined
  if (developerRole === "keep" || messages?.some(isDeveloper) !== true) return kept
  return {
    ...kept,
    messages: messages.map((one) => (isDeveloper(one) ? { ...one, role: "system" } : one)),
  }
}

const isDeveloper = ({ role }: ChatBody["messages"][number]): boolean => role === "developer"

const askedTokens = (body: JsonObject): number | undefined =>
  (body["max_completion_tokens"] ?? body["max_tokens"] ?? undefined) as number | undefined

/** Tokens that the context leaves for an answer. An embedding generates none. */
const leftBy = (
  kind: JobKind,
  { name, contextTokens }: ModelRecord,
  inputTokens: number,
): number => {
  const left = contextTokens - inputTokens
  if (left < 0 || (left === 0 && kind !== "embedding"))
    throw badRequest(
      `The input is longer than the context of ${name}, which holds ${contextTokens} tokens with the answer`,
      kind === "chat" ? "messages" : kind === "completion" ? "prompt" : "input",
    )
  return left
}

const roomTokens = 64
const roomShareOfContext = 1 / 16
const roomShareOfPrompt = 0.03
const roomTokensPerMessage = 8
const roomTokensForTools = 256

/**
 * A server counts with its own tokenizer and template, and refuses a call whose prompt and longest
 * answer are one token more than its context. So where an answer is bounded by what the context
 * leaves, some of that is left free: for the template's beginning, around each message, for how it
 * introduces tools, and for the tokenizers' difference. What is held is what was asked for.
 */
const templateRoom = (
  { messages, tools, functions }: JsonObject,
  { contextTokens }: ModelRecord,
  inputTokens: number,
): number =>
  Math.ceil(Math.min(roomTokens, contextTokens * roomShareOfContext)) +
  Math.ceil(inputTokens * roomShareOfPrompt) +
  (Array.isArray(messages) ? messages.length * roomTokensPerMessage : 0) +
  (tools === undefined && functions === undefined ? 0 : roomTokensForTools)

/** Hosts stream always, and count always; their answers are bounded in the way they all know. */
const generating = (kept: JsonObject, maxTokens: number): JsonObject => {
  const { min_tokens: least } = kept
  return {
    ...kept,
    max_tokens: maxTokens,
    ...(typeof least === "number" ? { min_tokens: Math.min(least, maxTokens) } : {}),
    stream: true,
    stream_options: { include_usage: true },
  }
}

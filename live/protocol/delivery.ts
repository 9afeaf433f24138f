/**
 * What the gateway and the ways to a host agree on: one attempt of a job, delivered by push (the
 * gateway calls the host's endpoint) or by pull (the host polls for jobs). Same attempts, same
 * outcomes.
 */
import { Context } from "effect"
import type { Outcome } from "../../engine/index.ts"
import type { AnswerKind } from "../../platform/model-server/endpoint.ts"

export type JobKind = AnswerKind

/** One attempt: what a host is asked to do. */
export interface Job {
  readonly request: number
  readonly attempt: number
  readonly instance: number
  readonly kind: JobKind
  /**
   * The body of the OpenAI call, validated, its `model` the one that the host knows it by. Chats and
   * completions always stream (`stream: true`, `stream_options.include_usage: true`): the gateway
   * makes one answer of the chunks where the consumer did not ask for a stream.
   */
  readonly body: Readonly<Record<string, unknown>>
  readonly inputTokens: number
  readonly maxTokens: number
}

/** How an attempt ended, as the delivery saw it. */
export interface DeliveryEnd {
  readonly outcome: Outcome
  /** Tokens that the host says it generated; absent: it did not say. */
  readonly reportedTokens?: number
  /** Retry-After of a 429 or 503, µs. */
  readonly retryAfterMicros?: number
  /** HTTP status of the host where that is what ended it, for a 4xx that goes to the consumer. */
  readonly status?: number
  /** The host's message to the consumer for a 4xx; for anybody else a line for the log. */
  readonly detail?: string
}

/** Where a delivery leaves what comes. Calls come in order; none comes after `end`. */
export interface DeliverySink {
  /** A chunk of the OpenAI stream, parsed; for an embedding the whole answer, once. */
  readonly chunk: (chunk: Readonly<Record<string, unknown>>) => void
  /** A sign of life that is no text: the host is at work, and has nothing to show yet. */
  readonly alive: () => void
  readonly end: (end: DeliveryEnd) => void
}

/** A delivery under way. */
export interface Delivery {
  /** Stops it, at the host too. The sink hears nothing more. Idempotent. */
  readonly cancel: () => void
  /** The consumer reads slower than the host writes: holds back what comes, until `resume`. */
  readonly pause: () => void
  readonly resume: () => void
}

/** A way to a host. `sink` is never called before `deliver` has returned. */
export interface Courier {
  readonly deliver: (job: Job, sink: DeliverySink) => Delivery
}

/** The ways to hosts of each kind of delivery; cloud nodes are called like any pushed host. */
export interface Couriers {
  readonly pull: Courier
  readonly push: Courier
}

export class HostCouriers extends Context.Tag("evenkeel/Couriers")<HostCouriers, Couriers>() {}

const megabyte = 1_048_576
/** A chunk of one token names its answer and its model again: some hundred bytes. */
const bytesPerToken = 2048
/** With the likeliest alternatives to each token spelled out. */
const bytesPerTokenWithLogprobs = 16_384

/** In one document nothing is named but the text. */
const documentBytesPerToken = 32
const documentBytesPerTokenWithLogprobs = 4096
const mostDocumentMegabytes = 64

/** Without log probabilities. */
const isBare = ({ logprobs }: Job["body"]): boolean =>
  logprobs === undefined || logprobs === null || logprobs === false

/**
 * More bytes than any honest answer to a job takes, which is what a host can make the gateway hold:
 * no more than a string can be.
 */
export const mostAnswerBytes = ({ kind, body, maxTokens }: Job): number => {
  if (kind === "embedding") return Math.min(64, 2 + 2 * embeddingsOf(body["input"])) * megabyte
  const perToken = isBare(body) ? bytesPerToken : bytesPerTokenWithLogprobs
  return Math.min(256 * megabyte, 2 * megabyte + maxTokens * perToken)
}

/** The same of an answer that comes as one JSON document, which is held and parsed at once. */
export const mostDocumentBytes = (job: Job): number => {
  if (job.kind === "embedding") return mostAnswerBytes(job)
  const perToken = isBare(job.body) ? documentBytesPerToken : documentBytesPerTokenWithLogprobs
  return Math.min(mostDocumentMegabytes * megabyte, megabyte + job.maxTokens * perToken)
}

/** How many embeddings an input asks for. */
export const embeddingsOf = (input: unknown): number =>
  Array.isArray(input) && typeof input[0] !== "number" ? input.length : 1

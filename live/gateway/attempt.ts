/**
 * One attempt on one instance: watches what a courier brings, counts it, keeps the time, and names
 * the outcome as rule 3's table does. It knows nothing of the market or of the consumer.
 *
 * Every attempt ends once: by the host, by a timeout here, or by `stop`.
 */
import type { Outcome } from "../../engine/index.ts"
import type { Clock } from "../driver/clock.ts"
import { isDeeper } from "../http/json-depth.ts"
import { errorText } from "../../platform/error-text.ts"
import type { JsonObject } from "../../platform/json-object.ts"
import { isObject } from "../../platform/json-object.ts"
import type { TextMeter } from "./chunk.ts"
import {
  asStreamed,
  choiceOf,
  finishReasonOf,
  makeMeter,
  meterChoice,
  meteredTokens,
  reportedTokensOf,
  roughlyMetered,
} from "./chunk.ts"
import type { Courier, DeliveryEnd, Job } from "./delivery.ts"
import { embeddingsOf } from "./delivery.ts"

/**
 * How long a host may show nothing. A sign of life (`DeliverySink.alive`, an event without text) grants
 * it the same time again; the time for the whole call is its caller's to keep.
 */
export interface AttemptTimeouts {
  readonly firstTokenMicros: number
  /** More until the first token, for each token of the prompt, which has to be read first. */
  readonly promptTokenMicros?: number
  readonly betweenTokensMicros: number
}

export interface AttemptEnd {
  readonly outcome: Outcome
  /** Counted here; at most the job's `maxTokens`. */
  readonly outputTokens: number
  /** By the host's word, in the gateway's measure; what is counted, where it says nothing. */
  readonly reportedTokens: number
  /** From the first token to the last, less the time in which the consumer held it back. */
  readonly decodeMicros: number
  readonly retryAfterMicros: number
  /** Status and message of a host that refused the request. */
  readonly status?: number
  readonly detail?: string
}

export interface AttemptSink {
  /**
   * One choice of the stream, or the whole answer of an embedding. `isText`: a token came with it or
   * before it.
   */
  readonly chunk: (chunk: JsonObject, isText: boolean) => void
  readonly end: (end: AttemptEnd) => void
}

export interface Attempt {
  /** Ends it at once, at the host too; gives what was delivered. The sink hears nothing more. */
  readonly stop: (outcome: Outcome) => AttemptEnd
  readonly pause: () => void
  readonly resume: () => void
  /** Tokens so far, roughly. */
  readonly tokens: () => number
}

/**
 * Tokenizers differ: a host's own count of an honest answer may be half as high again as the
 * gateway's, and so may the text that it makes of `max_tokens`. Within these bounds the gateway's
 * count stands and nobody is blamed.
 */
const honestRatio = 1.5
const honestExtraTokens = 16
const overlongRatio = 1.25

/** No answer is nested deeper: what is passed on has to be written as JSON again. */
const deepestChunk = 64

export const startAttempt = (
  clock: Clock,
  timeouts: AttemptTimeouts,
  courier: Courier,
  job: Job,
  sink: AttemptSink,
): Attempt => {
  const meter: TextMeter = makeMeter()
  const mostTokens = job.maxTokens * overlongRatio + honestExtraTokens
  let firstMicros = -1
  let lastMicros = -1
  let pausedMicros = 0
  /** Held back since the latest token: counts only if another comes. */
  let latestPauseMicros = 0
  let pausedSince = -1
  let reported: number | undefined
  let isFinished = false
  let isOver = false

  const firstTokenMicros =
    timeouts.firstTokenMicros + job.inputTokens * (timeouts.promptTokenMicros ?? 0)
  let deadline = clock.nowMicros() + firstTokenMicros
  let armedFor = Infinity
  let disarm = (): void => {}
  /** One timer, moved only when it fires or would fire too late: a token costs no timer. */
  const expectBy = (at: number): void => {
    deadline = at
    if (deadline >= armedFor) return
    disarm()
    armedFor = deadline
    disarm = clock.wakeAt(deadline, onWake)
  }
  const onWake = (): void => {
    armedFor = Infinity
    if (isOver || deadline === Infinity) return
    if (clock.nowMicros() < deadline) return expectBy(deadline)
    delivery.cancel()
    close(meter.hasText ? "stalled" : "firstTokenTimeout")
  }

  const ended = (outcome: Outcome, end?: DeliveryEnd): AttemptEnd => {
    isOver = true
    disarm()
    const counted = meteredTokens(meter)
    const outputTokens = Math.min(counted, job.maxTokens)
    return {
      outcome,
      outputTokens,
      reportedTokens: fairReport(end?.reportedTokens ?? reported, counted, outputTokens),
      decodeMicros: Math.max(0, lastMicros - firstMicros - pausedMicros),
      retryAfterMicros: end?.retryAfterMicros ?? 0,
      ...(end?.status === undefined ? {} : { status: end.status }),
      ...(end?.detail === undefined ? {} : { detail: end.detail }),
    }
  }
  const close = (outcome: Outcome, end?: DeliveryEnd): void => sink.end(ended(outcome, end))
  const breakOff = (outcome: Outcome, detail: string): void => {
    delivery.cancel()
    close(outcome, { outcome, detail })
  }

  const takeChunk = (given: JsonObject): void => {
    if (isOver) return
    if (isDeeper(given, deepestChunk))
      return breakOff("malformed", "a chunk that is nested too deep")
    const chunk = job.kind === "chat" ? asStreamed(given) : given
    reported = reportedTokensOf(chunk) ?? reported
    if (isObject(chunk["error"]))
      return breakOff("upstreamError", errorText(chunk)?.slice(0, 500) ?? "an error in the stream")
    if (job.kind === "embedding") return takeAnswer(chunk)
    const choice = choiceOf(chunk)
    if (choice === null) return breakOff("malformed", "a chunk without choices")
    // What comes behind the finish is no part of the answer.
    if (choice === undefined || isFinished) return
    const isText = meterChoice(meter, choice)
    const now = clock.nowMicros()
    if (isText) {
      if (firstMicros < 0) firstMicros = now
      lastMicros = now
      pausedMicros += latestPauseMicros
      latestPauseMicros = 0
    }
    isFinished = finishReasonOf(choice) !== undefined
    if ((isText || isFinished) && pausedSince < 0) expectBy(now + timeouts.betweenTokensMicros)
    sink.chunk(chunk, meter.hasText)
    if (isOver || isFinished || roughlyMetered(meter) <= mostTokens) return
    if (meteredTokens(meter) > mostTokens) cutShort(choice)
  }

  /** The host does not keep to `max_tokens`: enough is enough. */
  const cutShort = (choice: JsonObject): void => {
    delivery.cancel()
    sink.chunk({ choices: [{ ...emptied(choice), finish_reason: "length" }] }, true)
    if (!isOver) close("completed")
  }

  const takeAlive = (): void => {
    if (isOver || isFinished || pausedSince >= 0) return
    const period = meter.hasText ? timeouts.betweenTokensMicros : firstTokenMicros
    expectBy(clock.nowMicros() + period)
  }

  const takeAnswer = (chunk: JsonObject): void => {
    const { data } = chunk
    if (!Array.isArray(data) || data.length !== embeddingsOf(job.body["input"]))
      return breakOff("malformed", "an embedding whose data does not match the input")
    if (!data.every(isEmbedding)) return breakOff("malformed", "an embedding that is no vector")
    isFinished = true
    sink.chunk(chunk, true)
  }

  const takeEnd = (end: DeliveryEnd): void => {
    if (isOver) return
    const isCut = end.outcome === "completed" && !isFinished
    close(isCut ? "truncated" : end.outcome, end)
  }

  const delivery = courier.deliver(job, { chunk: takeChunk, alive: takeAlive, end: takeEnd })
  expectBy(deadline)
  return {
    stop: (outcome) => {
      if (!isOver) delivery.cancel()
      return ended(outcome)
    },
    pause: () => {
      if (isOver || pausedSince >= 0) return
      pausedSince = clock.nowMicros()
      deadline = Infinity
      delivery.pause()
    },
    resume: () => {
      if (isOver || pausedSince < 0) return
      const now = clock.nowMicros()
      if (firstMicros >= 0) latestPauseMicros += now - Math.max(pausedSince, firstMicros)
      pausedSince = -1
      expectBy(now + timeouts.betweenTokensMicros)
      delivery.resume()
    },
    tokens: () => Math.min(job.maxTokens, roughlyMetered(meter)),
  }
}

const fairReport = (
  reported: number | undefined,
  counted: number,
  outputTokens: number,
): number => {
  if (reported === undefined) return outputTokens
  return reported <= counted * honestRatio + honestExtraTokens
    ? Math.min(reported, outputTokens)
    : reported
}

/** A choice of the same form with nothing in it. */
const emptied = (choice: JsonObject): JsonObject =>
  choice["delta"] === undefined ? { index: 0, text: "" } : { index: 0, delta: {} }

/** Numbers, or the bytes of numbers as base64. */
const isEmbedding = (one: unknown): boolean => {
  const vector = isObject(one) ? one["embedding"] : undefined
  return typeof vector === "string" || (Array.isArray(vector) && vector.every(Number.isFinite))
}

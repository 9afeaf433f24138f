/**
 * One attempt on one instance: watches what a courier brings, counts it, keeps the time, and names the
 * outcome as the table of outcomes does (docs/rules.md#outcomes). It knows nothing of the market or of
 * the consumer.
 *
 * Every attempt ends once: by the host, by a timeout here, or by `stop`.
 */
import type { Outcome } from "../../../engine/index.ts"
import { microsPerSecond } from "../../../engine/index.ts"
import type { Clock } from "../../driver/clock.ts"
import { choiceOf } from "../../../platform/model-server/choices.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import { isObject } from "../../../platform/json/json-object.ts"
import { choiceWith, makeNormaliser } from "../../../platform/normaliser/normaliser.ts"
import type { TextMeter } from "../answer/chunk.ts"
import {
  makeMeter,
  meterChoice,
  meteredReasoning,
  meteredTokens,
  roughlyMetered,
} from "../answer/chunk.ts"
import type { Courier, DeliveryEnd, Job } from "../../protocol/delivery.ts"
import { embeddingsOf } from "../../protocol/delivery.ts"

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
  /** From its start to the first token, or to an embedding; absent: nothing came. */
  readonly firstTokenMicros?: number
  readonly retryAfterMicros: number
  /** Status and message of a host that refused the request. */
  readonly status?: number
  readonly detail?: string
}

export interface AttemptSink {
  /**
   * A chunk in OpenAI's form with the one choice of the stream, or the whole answer of an embedding.
   * `isText`: a token came with it or before it.
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
  /** How it would have ended by now, had the host not shown signs of life. */
  readonly overdue: () => Outcome | undefined
}

/**
 * Tokenizers differ: a host's own count of an honest answer may be half as high again as the
 * gateway's, and so may the text that it makes of `max_tokens`. Within these bounds the gateway's
 * count stands and nobody is blamed.
 */
const honestRatio = 1.5
const honestExtraTokens = 16
const overlongRatio = 1.25
/** For the last events of an answer that has its finish reason. */
const mostEndMicros = 5 * microsPerSecond

export const startAttempt = (
  clock: Clock,
  timeouts: AttemptTimeouts,
  courier: Courier,
  job: Job,
  sink: AttemptSink,
): Attempt => {
  const meter: TextMeter = makeMeter()
  const normaliser = makeNormaliser(job.kind, job.body)
  const mostTokens = job.maxTokens * overlongRatio + honestExtraTokens
  let firstMicros = -1
  let lastMicros = -1
  let pausedMicros = 0
  /** Held back since the latest token: counts only if another comes. */
  let latestPauseMicros = 0
  let pausedSince = -1
  let reported: number | undefined
  let reportedReasoning = 0
  let isFinished = false
  let isOver = false

  const firstTokenMicros =
    timeouts.firstTokenMicros + job.inputTokens * (timeouts.promptTokenMicros ?? 0)
  const startedMicros = clock.nowMicros()
  let deadline = startedMicros + firstTokenMicros
  /** Since when the host has shown nothing, signs of life apart. */
  let shownMicros = startedMicros
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
    close(isFinished ? "completed" : meter.hasText ? "stalled" : "firstTokenTimeout")
  }

  const ended = (outcome: Outcome, end?: DeliveryEnd): AttemptEnd => {
    isOver = true
    disarm()
    const counted = meteredTokens(meter)
    const outputTokens = Math.min(counted, job.maxTokens)
    return {
      outcome,
      outputTokens,
      reportedTokens: fairReport(
        end?.reportedTokens ?? reported,
        Math.max(0, reportedReasoning - meteredReasoning(meter)),
        counted,
        outputTokens,
      ),
      decodeMicros: Math.max(0, lastMicros - firstMicros - pausedMicros),
      ...(firstMicros < 0 ? {} : { firstTokenMicros: firstMicros - startedMicros }),
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
    const { chunk, isText, usage, failure } = normaliser.take(given)
    reported = usage?.completion_tokens ?? reported
    reportedReasoning = usage?.completion_tokens_details?.reasoning_tokens ?? reportedReasoning
    isFinished = normaliser.isFinished()
    if (chunk !== undefined) {
      if (job.kind === "embedding") takeEmbedding(chunk)
      else takeText(chunk, isText)
    } else takeAlive()
    if (failure === undefined || isOver) return
    delivery.cancel()
    close(failure.outcome, failure)
  }

  const takeText = (chunk: JsonObject, isText: boolean): void => {
    const choice = choiceOf(chunk)
    if (!isObject(choice)) return
    meterChoice(meter, choice)
    const now = clock.nowMicros()
    if (isText) {
      if (firstMicros < 0) firstMicros = now
      lastMicros = now
      shownMicros = now
      pausedMicros += latestPauseMicros
      latestPauseMicros = 0
    }
    if (isFinished) expectEnd(now)
    else if (!isText) takeAlive()
    else if (pausedSince < 0) expectBy(now + timeouts.betweenTokensMicros)
    sink.chunk(chunk, meter.hasText)
    if (isOver || isFinished || roughlyMetered(meter) <= mostTokens) return
    if (meteredTokens(meter) > mostTokens) cutShort(choice)
  }

  /** The answer is there; what the host counted may still come. */
  const expectEnd = (now: number): void => {
    if (pausedSince < 0) expectBy(now + Math.min(timeouts.betweenTokensMicros, mostEndMicros))
  }

  /** The host does not keep to `max_tokens`: enough is enough. */
  const cutShort = (choice: JsonObject): void => {
    delivery.cancel()
    const nothing = choice["delta"] === undefined ? { text: "" } : { delta: {} }
    sink.chunk({ choices: [choiceWith(nothing, undefined, "length")] }, true)
    if (!isOver) close("completed")
  }

  const patienceMicros = (): number =>
    meter.hasText ? timeouts.betweenTokensMicros : firstTokenMicros

  const takeAlive = (): void => {
    if (isOver || isFinished || pausedSince >= 0) return
    expectBy(clock.nowMicros() + patienceMicros())
  }

  const takeEmbedding = (answer: JsonObject): void => {
    const { data } = answer
    const asked = embeddingsOf(job.body["input"])
    if (Array.isArray(data) && data.length === asked) {
      firstMicros = lastMicros = clock.nowMicros()
      return sink.chunk(answer, true)
    }
    breakOff("malformed", "an embedding whose data does not match the input")
  }

  const takeEnd = (end: DeliveryEnd): void => {
    if (isOver) return
    if (!isFinished) return close(end.outcome === "completed" ? "truncated" : end.outcome, end)
    // Whatever becomes of the connection now, the answer is there.
    const { reportedTokens } = end
    const note = normaliser.note()
    close("completed", {
      outcome: "completed",
      ...(reportedTokens === undefined ? {} : { reportedTokens }),
      ...(note === undefined ? {} : { detail: note }),
    })
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
      shownMicros = now
      expectBy(now + timeouts.betweenTokensMicros)
      delivery.resume()
    },
    overdue: () => {
      if (isFinished || pausedSince >= 0) return undefined
      if (clock.nowMicros() - shownMicros < patienceMicros()) return undefined
      return meter.hasText ? "stalled" : "firstTokenTimeout"
    },
    tokens: () => Math.min(job.maxTokens, roughlyMetered(meter)),
  }
}

/**
 * What a host says that it generated, as far as that is to be judged. `hidden`: reasoning that it counts
 * and nobody was shown, which is no text that it could have been paid for.
 */
const fairReport = (
  reported: number | undefined,
  hidden: number,
  counted: number,
  outputTokens: number,
): number => {
  if (reported === undefined) return outputTokens
  const shown = reported - hidden
  return shown <= counted * honestRatio + honestExtraTokens
    ? Math.min(reported, outputTokens)
    : shown
}

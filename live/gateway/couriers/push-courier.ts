/**
 * Delivery by push: the gateway calls a host's OpenAI endpoint itself. One request an attempt; what
 * the host answers becomes chunks, or an outcome by the table of outcomes (docs/rules.md#outcomes).
 *
 * Nothing that a host sends is trusted: redirects are not followed, compressed bodies are not
 * unpacked, and an answer has a size that follows from what was asked.
 */
import { causeText } from "../../../platform/cause.ts"
import { Redacted } from "effect"
import type { buildConnector } from "undici"
import { Agent } from "undici"
import { microsPerSecond } from "../../../engine/index.ts"
import { makeAnswerReader } from "../../../platform/model-server/answer-reader.ts"
import { generationUrl } from "../../../platform/model-server/endpoint.ts"
import { errorText } from "../../../platform/model-server/error-text.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import { isObject, parseObject } from "../../../platform/json/json-object.ts"
import { retryAfterSeconds } from "../../http/retry-after.ts"
import type { HostRecord } from "../../directory/records.ts"
import type { Courier, Delivery, DeliveryEnd, DeliverySink, Job } from "../../protocol/delivery.ts"
import { mostAnswerBytes, mostDocumentBytes } from "../../protocol/delivery.ts"
import { loopMark } from "./loop.ts"
import { outcomeOfStatus } from "../../../platform/model-server/status.ts"
import { errorIn } from "../../../platform/model-server/stream-error.ts"

/** Makes the connections to hosts: where endpoints are guarded, this is where. */
export type HostConnector = buildConnector.connector

export interface PushOptions {
  /** The host of an instance; `undefined` where there is none, or none with an endpoint. */
  readonly hostOf: (instance: number) => HostRecord | undefined
  /** The provider's token of a cloud host; throws where it is there and cannot be opened. */
  readonly tokenOf: (host: HostRecord) => Redacted.Redacted | undefined
  readonly connect: HostConnector
}

export interface PushCourier extends Courier {
  /** Ends the connections. */
  readonly close: () => Promise<void>
}

/** A line may hold the log probabilities of many candidates, hardly more. */
const maxEventChars = 1_048_576
const maxErrorBytes = 65_536
const maxDetailChars = 1000
/** For the response to end after its last event, so that the connection can serve again. */
const lingerMillis = 1000
const maxRetryAfterSeconds = 3600

export const makePushCourier = (options: PushOptions): PushCourier => {
  const agent = new Agent({
    connect: options.connect,
    // The attempt keeps the time.
    headersTimeout: 0,
    bodyTimeout: 0,
    pipelining: 1,
    maxRedirections: 0,
  } as Agent.Options)
  return {
    deliver: (job, sink) => push(agent, options, job, sink),
    close: () => agent.destroy(),
  }
}

type Controller = Parameters<NonNullable<Parameters<Agent["dispatch"]>[1]["onRequestStart"]>>[0]

const aborted = new Error("the gateway ended the attempt")

const push = (agent: Agent, options: PushOptions, job: Job, sink: DeliverySink): Delivery => {
  let controller: Controller | undefined
  let isOver = false
  let isPaused = false
  let linger: NodeJS.Timeout | undefined

  const end = (how: DeliveryEnd): void => {
    if (isOver) return
    isOver = true
    sink.end(how)
  }
  /** Ends it, and the connection with it: what else the host sends is not wanted. */
  const breakOff = (how: DeliveryEnd): void => {
    if (isOver) return
    isOver = true
    controller?.abort(aborted)
    sink.end(how)
  }
  const delivery: Delivery = {
    cancel: () => {
      isOver = true
      controller?.abort(aborted)
    },
    pause: () => {
      isPaused = true
      if (!isOver) controller?.pause()
    },
    resume: () => {
      isPaused = false
      if (!isOver) controller?.resume()
    },
  }

  const host = options.hostOf(job.instance)
  const asked =
    host === undefined
      ? ({ outcome: "connectFailed", detail: "the gateway does not know the host" } as const)
      : requestTo(host, options, job)
  if (host === undefined || "outcome" in asked) {
    queueMicrotask(() => end(asked as DeliveryEnd))
    return delivery
  }

  let reader: BodyReader | undefined
  agent.dispatch(asked, {
    onRequestStart: (given) => {
      controller = given
      if (isOver) given.abort(aborted)
    },
    onResponseStart: (_controller, status, headers) => {
      if (isOver || status < 200) return
      if (isPaused) controller?.pause()
      const finish = (): void => {
        end({ outcome: "completed" })
        // The connection can serve again once the response has ended, which it may never do.
        linger = setTimeout(() => controller?.abort(aborted), lingerMillis)
        linger.unref()
      }
      if (status >= 300) reader = refusalReader(status, headers, host.delivery === "cloud")
      else if (isEncoded(headers))
        breakOff(malformed("a compressed answer, which nobody asked for"))
      else reader = answerReader(job, host.delivery === "cloud", sink, finish, breakOff)
    },
    onResponseData: (_controller, bytes) => {
      if (isOver || reader === undefined) return
      const how = reader.take(bytes)
      if (how !== undefined) breakOff(how)
    },
    onResponseEnd: () => {
      if (!isOver && reader !== undefined) end(reader.end())
      clearTimeout(linger)
    },
    onResponseError: (_controller, error) => {
      clearTimeout(linger)
      if (reader === undefined) end({ outcome: "connectFailed", detail: reasonOf(error) })
      else end({ outcome: "truncated", detail: reasonOf(error) })
    },
  })
  return delivery
}

interface HostRequest extends Agent.DispatchOptions {
  readonly origin: string
}

const requestTo = (
  host: HostRecord,
  { tokenOf }: PushOptions,
  job: Job,
): HostRequest | DeliveryEnd => {
  if (host.endpoint === undefined)
    return { outcome: "connectFailed", detail: "the host has no endpoint" }
  const headers: Record<string, string> = {
    "content-type": "application/json",
    accept: job.kind === "embedding" ? "application/json" : "text/event-stream",
    "accept-encoding": "identity",
    via: loopMark,
  }
  if (host.delivery === "cloud")
    try {
      const token = tokenOf(host)
      if (token !== undefined) headers["authorization"] = `Bearer ${Redacted.value(token)}`
    } catch (error) {
      // As good as refused: only its operator can mend it, with a new token.
      return { outcome: "credentialRefused", detail: reasonOf(error) }
    }
  const url = generationUrl(new URL(host.endpoint), job.kind)
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: "POST",
    headers,
    body: JSON.stringify(job.body),
  }
}

const isEncoded = (headers: Readonly<Record<string, unknown>>): boolean => {
  const encoding = headers["content-encoding"]
  return encoding !== undefined && encoding !== "" && encoding !== "identity"
}

const reasonOf = (error: unknown): string => {
  const code = isObject(error) ? (error as { readonly code?: unknown }).code : undefined
  const message = causeText(error)
  return typeof code === "string" && !message.includes(code) ? `${code}: ${message}` : message
}

/** Takes the body of a response. */
interface BodyReader {
  /** Gives the end, where the body has brought it about. */
  readonly take: (bytes: Buffer) => DeliveryEnd | undefined
  /** The body is whole. */
  readonly end: () => DeliveryEnd
}

const malformed = (detail: string): DeliveryEnd => ({ outcome: "malformed", detail })

const answerReader = (
  job: Job,
  isCloud: boolean,
  sink: DeliverySink,
  finish: () => void,
  breakOff: (how: DeliveryEnd) => void,
): BodyReader => {
  let bytesLeft = mostAnswerBytes(job)
  let isOver = false
  const limits = { eventChars: maxEventChars, documentBytes: mostDocumentBytes(job) }
  const reader = makeAnswerReader(job.kind, limits, {
    event: (event) => {
      const refused = isCloud ? undefined : tokenRefusal(event)
      if (refused === undefined || isOver) return sink.chunk(event)
      isOver = true
      breakOff(refused)
    },
    alive: sink.alive,
    done: finish,
    malformed: (detail) => breakOff(malformed(detail)),
  })
  return {
    take: (bytes) => {
      bytesLeft -= bytes.length
      if (bytesLeft < 0) return malformed("more bytes than any answer of this length has")
      reader.take(bytes)
      return undefined
    },
    // Whether it is the whole answer is told by its finish reason, with or without `[DONE]`.
    end: () => {
      reader.end()
      return { outcome: "completed" }
    },
  }
}

/** A response that is no answer: its status names the outcome, its body says why. */
const refusalReader = (
  status: number,
  headers: Readonly<Record<string, unknown>>,
  isCloud: boolean,
): BodyReader => {
  const parts: Array<Buffer> = []
  let size = 0
  const ended = (): DeliveryEnd => {
    const body = isEncoded(headers) ? "" : Buffer.concat(parts).toString("utf8")
    return refusal(status, headers["retry-after"], isCloud, detailOf(body, status))
  }
  return {
    take: (bytes) => {
      parts.push(Buffer.from(bytes))
      size += bytes.length
      return size > maxErrorBytes ? ended() : undefined
    },
    end: ended,
  }
}

const refusal = (
  status: number,
  retryAfter: unknown,
  isCloud: boolean,
  detail: string,
): DeliveryEnd => {
  const outcome = outcomeOfStatus(status, retryAfter !== undefined)
  if (outcome === "backpressure") {
    const seconds = retryAfterSeconds(retryAfter)
    return {
      outcome,
      status,
      detail,
      ...(seconds === undefined
        ? {}
        : {
            retryAfterMicros: Math.ceil(Math.min(maxRetryAfterSeconds, seconds) * microsPerSecond),
          }),
    }
  }
  // Whoever asks for a token that was never given has a fault.
  if (outcome === "credentialRefused" && !isCloud)
    return { outcome: "upstreamError", status, detail }
  if (status >= 300 && status < 400)
    return { outcome, status, detail: "a redirect, which is not followed" }
  return { outcome, status, detail }
}

/** A token asked for inside a stream, of a gateway that was never given one. */
const tokenRefusal = (event: JsonObject): DeliveryEnd | undefined => {
  const error = errorIn(event)
  return error?.outcome === "credentialRefused" ? { ...error, outcome: "upstreamError" } : undefined
}

/** The host's own words. */
const detailOf = (body: string, status: number): string => {
  const text = errorText(parseObject(body) ?? body) ?? ""
  return text.trim().slice(0, maxDetailChars) || `the host answered with status ${status}`
}

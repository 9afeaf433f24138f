/**
 * An answer as server-sent events. The status goes out with the first event: what fails before it is
 * an error with a status of its own, what fails after it an event that says so; of a chat
 * `{"error": …}`, and no `[DONE]`.
 *
 * Where a stream says nothing for long, a comment goes out, so that nothing between here and the consumer
 * takes it for dead; the status with it, if it comes before the first event.
 */
import type { FastifyReply, FastifyRequest } from "fastify"
import { microsPerSecond } from "../../../engine/index.ts"
import type { HttpError } from "../../http/http-error.ts"
import type { Clock } from "../../driver/clock.ts"
import { errorBody } from "../../http/http-error.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import type { Envelope, Usage } from "../answer/answer.ts"
import { chunkBody, usageChunk } from "../answer/answer.ts"
import type { Call, Consumer } from "../call/call.ts"
import type { JobKind } from "../../protocol/delivery.ts"
import type { LiveServices } from "../../directory/services.ts"

/** An answer written as server-sent events, each with its empty line; a text may hold several. */
export interface EventText {
  /** Its end tells what the call cost. */
  readonly tellsCharge: boolean
  readonly chunk: (chunk: JsonObject) => string
  /** The end of a whole answer. */
  readonly served: (usage: Usage) => string
  /** The end of an answer that broke off after its first event. */
  readonly failed: (error: HttpError) => string
}

/** As OpenAI writes chats and completions. */
export const chunkEvents = (
  kind: JobKind,
  envelope: Envelope,
  isUsageAsked: boolean,
): EventText => ({
  tellsCharge: isUsageAsked,
  chunk: (chunk) => event(chunkBody(kind, envelope, chunk)),
  served: (usage) =>
    (isUsageAsked ? event(usageChunk(kind, envelope, usage)) : "") + "data: [DONE]\n\n",
  failed: (error) => event(errorBody(error)),
})

const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`

export interface KeepAlive {
  readonly clock: Clock
  /** Longest silence; 0: any. */
  readonly micros: number
}

/** As the settings say. */
export const keepAliveOf = ({
  config,
  driver,
}: Pick<LiveServices, "config" | "driver">): KeepAlive => ({
  clock: driver.clock,
  micros: config.timeouts.keepAliveSeconds * microsPerSecond,
})

/** Events for one consumer. What it leaves unread is bounded by Node: then the host is held back. */
export const streamTo = (
  request: FastifyRequest,
  reply: FastifyReply,
  events: EventText,
  keepAlive: KeepAlive,
  callOf: () => Call | undefined,
): Consumer => {
  const { raw } = reply
  const { clock, micros: mostSilentMicros } = keepAlive
  let isBegun = false
  let wroteMicros = clock.nowMicros()
  let disarm = (): void => {}

  const begin = (): void => {
    isBegun = true
    reply.hijack()
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      "x-request-id": request.id,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      // Proxies that gather an answer before they pass it on are asked not to.
      "x-accel-buffering": "no",
    })
    raw.on("drain", () => callOf()?.resume())
  }
  const send = (text: string): void => {
    if (text === "") return
    if (!isBegun) begin()
    wroteMicros = clock.nowMicros()
    if (!raw.write(text) && raw.writableNeedDrain) callOf()?.pause()
  }

  /** One timer, which moves when it fires: a token costs none. */
  const watch = (): void => {
    disarm = clock.wakeAt(wroteMicros + mostSilentMicros, () => {
      const now = clock.nowMicros()
      if (now - wroteMicros >= mostSilentMicros) {
        wroteMicros = now
        if (!isBegun) begin()
        if (!raw.writableNeedDrain) raw.write(": keep-alive\n\n")
      }
      watch()
    })
  }
  if (mostSilentMicros > 0) {
    watch()
    raw.once("close", () => disarm())
  }

  return {
    isStreaming: true,
    hearsCharge: events.tellsCharge,
    chunk: (chunk) => send(events.chunk(chunk)),
    end: (end) => {
      disarm()
      if (end._tag === "Served") {
        send(events.served(end.usage))
        raw.end()
      } else if (isBegun) {
        send(events.failed(end.error))
        // Who does not read would not read this either, and keep its connection for nothing.
        if (raw.writableNeedDrain) raw.destroy()
        else raw.end()
      } else void reply.send(end.error)
    },
  }
}

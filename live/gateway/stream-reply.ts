/**
 * An answer as server-sent events. The status goes out with the first event: what fails before it is
 * an error with a status of its own, what fails after it an event `{"error": …}` and no `[DONE]`.
 *
 * Where a stream says nothing for long, a comment goes out, so that nothing between here and the consumer
 * takes it for dead; the status with it, if it comes before the first event.
 */
import type { FastifyReply, FastifyRequest } from "fastify"
import type { Clock } from "../driver/clock.ts"
import { errorBody } from "../http/http-error.ts"
import type { Envelope } from "./answer.ts"
import { chunkBody, usageChunk } from "./answer.ts"
import type { Call, Consumer } from "./call.ts"
import type { JobKind } from "./delivery.ts"

export interface KeepAlive {
  readonly clock: Clock
  /** Longest silence; 0: any. */
  readonly micros: number
}

/** Events for one consumer. What it leaves unread is bounded by Node: then the host is held back. */
export const streamTo = (
  request: FastifyRequest,
  reply: FastifyReply,
  kind: JobKind,
  envelope: Envelope,
  isUsageAsked: boolean,
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
  const send = (data: string): void => {
    if (!isBegun) begin()
    wroteMicros = clock.nowMicros()
    if (!raw.write(`data: ${data}\n\n`) && raw.writableNeedDrain) callOf()?.pause()
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
    chunk: (chunk) => send(JSON.stringify(chunkBody(kind, envelope, chunk))),
    end: (end) => {
      disarm()
      if (end._tag === "Served") {
        if (isUsageAsked) send(JSON.stringify(usageChunk(kind, envelope, end.usage)))
        send("[DONE]")
        raw.end()
      } else if (isBegun) {
        send(JSON.stringify(errorBody(end.error)))
        // Who does not read would not read this either, and keep its connection for nothing.
        if (raw.writableNeedDrain) raw.destroy()
        else raw.end()
      } else void reply.send(end.error)
    },
  }
}

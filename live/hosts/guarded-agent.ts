/** Calls of the gateway's own to addresses that a host or a consumer gave: only where the guard allows. */
import type { Readable } from "node:stream"
import { Agent } from "undici"
import type { NetworkGuard } from "./network-guard.ts"
import { guardedConnector } from "./network-guard.ts"

export const guardedAgent = (
  guard: NetworkGuard,
  timeoutMillis: number,
  mostAnswerBytes: number,
): Agent =>
  new Agent({
    connect: guardedConnector(guard, { timeout: timeoutMillis }),
    headersTimeout: timeoutMillis,
    bodyTimeout: timeoutMillis,
    maxResponseSize: mostAnswerBytes,
  })

/** Ends an answer of which nothing more is of use: where it has not come whole, that is an error of its own. */
export const leaveUnread = (body: Readable): void => void body.on("error", () => {}).destroy()

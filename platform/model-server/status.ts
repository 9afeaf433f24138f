/**
 * What the HTTP status of a model server says of an attempt (docs/rules.md#outcomes). An error inside a
 * stream that has begun with a 200 carries a status of its own, and means the same.
 *
 * 400, 413 and 422 speak of the request. Every other 4xx is the server's own trouble, a 404 above all:
 * whoever calls it has checked the model and knows the route, so a server that no longer knows either of
 * them is out of order. A 402 may depend on how long an answer the call asks for.
 */
import type { Outcome } from "../../engine/index.ts"

/** The call itself is at fault, by the server's word. */
export const consumerStatuses: ReadonlyArray<number> = [400, 413, 422]

/** How a request is refused. */
export type RefusalOutcome = Extract<
  Outcome,
  "backpressure" | "consumerError" | "credentialRefused" | "notServed" | "upstreamError"
>

/** What is asked for is not there: the model, or the route. */
const absentStatuses: ReadonlyArray<number> = [404, 405, 410]

/** Of a status that is no 2xx. `hasRetryAfter`: whether the answer says when to come again. */
export const outcomeOfStatus = (status: number, hasRetryAfter: boolean): RefusalOutcome => {
  if (status === 429 || (status === 503 && hasRetryAfter)) return "backpressure"
  if (status === 401 || status === 403) return "credentialRefused"
  if (absentStatuses.includes(status)) return "notServed"
  return consumerStatuses.includes(status) ? "consumerError" : "upstreamError"
}

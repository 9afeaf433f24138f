/** What the HTTP status of a model server says of an attempt: rule 3's table, however it is reached. */
import type { Outcome } from "../../engine/index.ts"

/** The call itself is at fault: any other host would refuse it, too. */
export const consumerStatuses: ReadonlyArray<number> = [400, 404, 413, 422]

/** Of a status that is no 2xx. `hasRetryAfter`: whether the answer says when to come again. */
export const outcomeOfStatus = (
  status: number,
  hasRetryAfter: boolean,
): Extract<Outcome, "backpressure" | "consumerError" | "credentialRefused" | "upstreamError"> => {
  if (status === 429 || (status === 503 && hasRetryAfter)) return "backpressure"
  if (status === 401 || status === 403) return "credentialRefused"
  return consumerStatuses.includes(status) ? "consumerError" : "upstreamError"
}

/**
 * The table of outcomes (docs/rules.md#outcomes): whose fault each was. "4xx user errors are neutral —
 * your reputation is untouched when consumers send bad input" (002).
 */
import type { Outcome } from "../protocol/event.ts"

export type Verdict = "success" | "failure" | "neutral"

export const verdictOf: Readonly<Record<Outcome, Verdict>> = {
  completed: "success",
  connectFailed: "failure",
  upstreamError: "failure",
  firstTokenTimeout: "failure",
  stalled: "failure",
  truncated: "failure",
  malformed: "failure",
  consumerError: "neutral",
  consumerGone: "neutral",
  // The node is busy, not broken: no new attempt until Retry-After.
  backpressure: "neutral",
  // A cloud node's own upstream refused its token: suspended until the operator replaces it.
  credentialRefused: "neutral",
  // Our own downtime is nobody's fault.
  gatewayFault: "neutral",
  // The host does not know the model that it has registered.
  notServed: "failure",
  // The host does not stand by its own result; soon and seldom, it is excused (`quality.ts`).
  qualityFailed: "failure",
}

/** Is it beyond doubt whose fault a failure was, since no call can bring it about? */
export const isHostsOwn = (outcome: Outcome): boolean => outcome === "notServed"

/** May another instance be tried, as long as no byte has reached the consumer? */
export const isRetryable = (outcome: Outcome): boolean =>
  verdictOf[outcome] === "failure" || outcome === "backpressure" || outcome === "credentialRefused"

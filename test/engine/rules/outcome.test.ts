import { describe, expect, it } from "vitest"
import { outcomes } from "../../../engine/protocol/event.ts"
import { isRetryable, verdictOf } from "../../../engine/rules/outcome.ts"

describe("whose fault an outcome was", () => {
  it("is rule 3's table", () => {
    const by = (verdict: string) => outcomes.filter((outcome) => verdictOf[outcome] === verdict)
    expect(by("success")).toEqual(["completed"])
    expect(by("failure")).toEqual([
      "connectFailed",
      "upstreamError",
      "firstTokenTimeout",
      "stalled",
      "truncated",
      "malformed",
      "notServed",
      "qualityFailed",
    ])
    expect(by("neutral")).toEqual([
      "consumerError",
      "consumerGone",
      "backpressure",
      "credentialRefused",
      "gatewayFault",
    ])
  })

  it("decides whether another instance is tried: not for the consumer's own faults", () => {
    expect(outcomes.filter((outcome) => !isRetryable(outcome))).toEqual([
      "completed",
      "consumerError",
      "consumerGone",
      "gatewayFault",
    ])
  })
})

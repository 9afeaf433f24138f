/**
 * Invariant 12: taking every consumer's error out of an instance's history, or putting more in,
 * changes nothing of where its breaker stands, of its score, or of what happens to it next.
 */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { hardened } from "../../engine/economy/presets/hardened.ts"
import { pooled } from "../../engine/economy/presets/pooled.ts"
import type { Outcome } from "../../engine/protocol/event.ts"
import { call, commandsOf, economyWith, openSmallMarket, viewOf } from "../support/market.ts"
import type { Trial } from "../support/market.ts"
import { assertProperty } from "../support/property.ts"

const neutral = fc.constantFrom<Outcome>("consumerError", "consumerGone", "gatewayFault")
const telling = fc.constantFrom<Outcome>(
  "completed",
  "completed",
  "stalled",
  "upstreamError",
  "truncated",
)
const deed = fc.record({
  outcome: fc.oneof(neutral, telling, telling),
  pause: fc.oneof(fc.nat(3_000_000), fc.nat(40_000_000)),
})

const answerProbes = (trial: Trial, pause: number): void => {
  for (const { instance, probe } of commandsOf(trial.wait(pause), "Probe"))
    trial.send({
      _tag: "ProbeEnded",
      instance,
      probe,
      outcome: "completed",
      outputTokens: 32,
      decodeMicros: 1,
      retryAfterMicros: 0,
    })
}

describe("consumers' errors", () => {
  it("might as well not have been, for breaker and score", async () => {
    const economy = fc
      .constantFrom(pooled, hardened)
      .map((base) => economyWith({ ramp: { start: 1 }, routing: { maxRetries: 0 } }, base))
    await assertProperty(
      fc.property(economy, fc.array(deed, { maxLength: 60, size: "max" }), (rules, deeds) => {
        const trials = [true, false].map((isTold) => {
          const trial = openSmallMarket({ economy: rules, tokensPerSecond: 1e6 })
          let request = 0
          const seen = deeds.map(({ outcome, pause }) => {
            request++
            const isNeutral = outcome.startsWith("consumer") || outcome === "gatewayFault"
            if (isTold || !isNeutral) call(trial, request, outcome)
            answerProbes(trial, pause)
            const { reason, breaker, health, parks } = viewOf(trial, 1)
            return { reason, breaker, health, parks }
          })
          return seen
        })
        expect(trials[1]).toEqual(trials[0])
      }),
    )
  })
})

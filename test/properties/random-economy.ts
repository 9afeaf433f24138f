/**
 * Random economies: every knob that a rule of the kernel reads, turned at will, and small enough in
 * time and number for a short random life of a market to reach every rule.
 */
import fc from "fast-check"
import { economyWith } from "../support/market.ts"
import type { EconomyPatch } from "../../engine/economy/derive.ts"
import type { Economy } from "../../engine/economy/schema.ts"

const tier = fc.record({
  name: fc.constant("tier"),
  onlineDays: fc.constantFrom(0, 0.1, 1),
  minHealth: fc.constantFrom(0, 0.9, 0.95),
  maxMultiplier: fc.constantFrom(1, 1.13, 2, 5),
})

const groups = {
  feeBps: fc.constantFrom(0, 1, 1200, 3333, 10_000),
  pricing: fc.record({
    tokens: fc.constantFrom("model", "host"),
    inputTokens: fc.constantFrom("charged", "free"),
    leastPerMtok: fc.constantFrom(0, 0.5),
    changesPerHour: fc.constantFrom(1, 4),
    maxRaisePerDay: fc.constantFrom(0, 0.25, 10),
  }),
  routing: fc.record({
    selection: fc.constantFrom(
      "leastLoaded",
      "operatorFirst",
      "spareLottery",
      "priceLottery",
      "twoChoices",
    ),
    utilisation: fc.constantFrom("ignored", "heeded"),
    tieBreak: fc.constantFrom("lottery", "random", "strict"),
    load: fc.constantFrom("fraction", "slots"),
    capacity: fc.constantFrom("declared", "verified"),
    measureLeaseSeconds: fc.constantFrom(20, 300),
    maxRetries: fc.constantFrom(0, 1, 2, 7),
  }),
  breaker: fc.record({
    threshold: fc.constantFrom(1, 2, 3, 5),
    windowSeconds: fc.constantFrom(0.001, 7, 60),
    cooldownSeconds: fc.constantFrom(0.001, 15, 300),
    probe: fc.constantFrom("synthetic", "request"),
    probeTokens: fc.constantFrom(1, 32),
    probeLeaseSeconds: fc.constantFrom(3, 30, 1000),
    probeRetrySeconds: fc.constantFrom(1, 20),
    minFailureRatio: fc.constantFrom(0, 0.1, 0.6, 1),
  }),
  backpressure: fc.record({
    retryAfterSeconds: fc.constantFrom(0, 1, 60),
    maxRetryAfterSeconds: fc.constantFrom(0, 2, 60),
    isFailure: fc.boolean(),
  }),
  blame: fc.record({
    secondOpinion: fc.boolean(),
    excuseShared: fc.boolean(),
    minWitnesses: fc.constantFrom(1, 2),
    refusalDeviations: fc.constantFrom(0, 0.1, 4),
  }),
  floor: fc.record({
    tokensPerSecond: fc.constantFrom(0, 5),
    readmitTokensPerSecond: fc.constantFrom(5.5, 8),
    minStreamTokens: fc.constantFrom(2, 8, 32, 400),
    windowSeconds: fc.constantFrom(5, 600),
    minSamples: fc.constantFrom(1, 2, 5),
    maxSamples: fc.constantFrom(1, 3, 32),
    probeSeconds: fc.constantFrom(10, 300),
  }),
  ramp: fc.record({
    start: fc.constantFrom(0.001, 0.1, 0.5, 1),
    onlineHours: fc.constantFrom(0, 0.5, 3, 168),
    successes: fc.constantFrom(0, 3, 20),
    burstSeconds: fc.constantFrom(0.5, 10),
    weighsLottery: fc.boolean(),
  }),
  health: fc.record({
    windowHours: fc.constantFrom(1, 2, 336),
    uptimeWeight: fc.constantFrom(0, 0.25, 3),
    tieWeight: fc.constantFrom(0, 0.2, 1),
  }),
  trust: fc.record({
    tiers: fc
      .array(tier, { maxLength: 3 })
      .map((more) => [{ name: "new", onlineDays: 0, minHealth: 0, maxMultiplier: 1.13 }, ...more]),
  }),
  bounty: fc.record({
    poolFeeBps: fc.constantFrom(0, 5000, 10_000),
    target: fc.constantFrom(1.25, 100, 10_000),
    maxMultiplier: fc.constantFrom(2, 7.5, 1),
    averageHours: fc.constantFrom(0.5, 3, 24),
    form: fc.constantFrom("multiplier", "premium"),
    fixedHours: fc.constantFrom(0, 2, 168),
    excludeLinked: fc.boolean(),
    maxDemandShare: fc.constantFrom(0.2, 1),
    vestingDays: fc.constantFrom(0, 1, 3, 14),
    vestingAboveBps: fc.constantFrom(0, 1200, 10_000),
  }),
  flap: fc.record({
    initialReduction: fc.constantFrom(0, 0.5, 1),
    maxReduction: fc.constantFrom(0.3, 0.9, 1),
    decayHours: fc.constantFrom(0, 1, 72),
  }),
  promotion: fc.record({
    grantCredits: fc.constantFrom(0, 0.0005, 5),
    budgetCredits: fc.constantFrom(0, 12, 100_000),
    giftsPay: fc.constantFrom("earnings", "gifts"),
  }),
  withdrawal: fc.record({ minimumCredits: fc.constantFrom(0, 0.001, 10) }),
  metering: fc.record({ toleranceTokens: fc.constantFrom(0, 8) }),
  liveness: fc.record({
    heartbeatSeconds: fc.constantFrom(1, 30),
    missedHeartbeats: fc.constantFrom(1, 3),
  }),
}

/** Any economy, derived from the knobs. */
export const anyEconomy: fc.Arbitrary<Economy> = fc
  .record(groups)
  .map((patch) => economyWith(patch as unknown as EconomyPatch))

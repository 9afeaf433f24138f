import { describe, expect, it } from "vitest"
import { compileRules } from "../../../engine/economy/rules.ts"
import { pooled } from "../../../engine/economy/presets/pooled.ts"
import { economyWith } from "../../support/market.ts"

describe("compiled rules", () => {
  it("of `pooled` are its document's numbers", () => {
    expect(compileRules(pooled)).toMatchObject({
      feeBps: 1200,
      selection: "leastLoaded",
      maxAttempts: 3,
      breakerThreshold: 3,
      breakerWindowMicros: 60_000_000,
      cooldownMicros: 15_000_000,
      floorMilliTokensPerSecond: 5000,
      readmitMilliTokensPerSecond: 5500,
      rampStart: 0.1,
      rampMicros: 604_800_000_000,
      healthHours: 336,
      flapMicros: 259_200_000_000,
      grantMinor: 5_000_000,
      minWithdrawalMinor: 10_000_000,
      heartbeatTimeoutMicros: 90_000_000,
    })
  })

  it("hold whole microseconds and minor units whatever the knobs", () => {
    const rules = compileRules(
      economyWith({
        money: { scale: 2 },
        breaker: { cooldownSeconds: 0.1234567, windowSeconds: 1 / 3 },
        ramp: { onlineHours: 0.3333 },
        flap: { decayHours: 1 / 7 },
        promotion: { grantCredits: 0.129 },
        trust: { tiers: [{ name: "a", onlineDays: 0, minHealth: 0, maxMultiplier: 1.13 }] },
      }),
    )
    const { cooldownMicros, breakerWindowMicros, rampMicros, flapMicros, grantMinor } = rules
    for (const value of [cooldownMicros, breakerWindowMicros, rampMicros, flapMicros, grantMinor])
      expect(Number.isSafeInteger(value)).toBe(true)
    expect(grantMinor).toBe(13)
    expect(rules.trustTiers[0]?.capHundredths).toBe(113)
  })

  it("keep room for as many floor samples as are asked for", () => {
    expect(
      compileRules(economyWith({ floor: { minSamples: 32, maxSamples: 4 } })).floorMaxSamples,
    ).toBe(32)
  })
})

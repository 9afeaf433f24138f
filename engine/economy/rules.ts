/**
 * An economy made ready for the hot path: every duration in microseconds, every choice a number or
 * a flag, every derived constant computed once.
 */
import { microsPerHour, microsPerSecond } from "../units.ts"
import type { Economy } from "./schema.ts"

export interface TrustTier {
  readonly onlineMicros: number
  readonly minHealthHundredths: number
  /** Multiplier × 100. */
  readonly capHundredths: number
}

export type Rules = ReturnType<typeof compileRules>

export const compileRules = (economy: Economy) => {
  const { routing, breaker, floor, ramp, health, bounty, flap, promotion, withdrawal } = economy
  const minor = 10 ** economy.money.scale
  const rampMicros = Math.round(ramp.onlineHours * microsPerHour)
  const probeLeaseMicros = micros(breaker.probeLeaseSeconds)
  // As many tokens as a stream needs to be measured, with the time that the further ones take.
  const floorProbeTokens = Math.max(breaker.probeTokens, floor.minStreamTokens)
  const furtherTokens = floorProbeTokens - breaker.probeTokens
  const furtherSeconds = furtherTokens / Math.max(1, floor.readmitTokensPerSecond)
  return {
    scale: economy.money.scale,
    feeBps: economy.feeBps,
    selection: routing.selection,
    tieBreak: routing.tieBreak,
    loadIsFraction: routing.load === "fraction",
    isCapacityVerified: routing.capacity === "verified",
    measureLeaseMicros: micros(routing.measureLeaseSeconds),
    maxAttempts: 1 + routing.maxRetries,
    breakerThreshold: breaker.threshold,
    breakerWindowMicros: micros(breaker.windowSeconds),
    cooldownMicros: micros(breaker.cooldownSeconds),
    isProbeSynthetic: breaker.probe === "synthetic",
    probeTokens: breaker.probeTokens,
    probeLeaseMicros,
    probeRetryMicros: micros(breaker.probeRetrySeconds),
    minFailureRatio: breaker.minFailureRatio,
    retryAfterMicros: micros(economy.backpressure.retryAfterSeconds),
    maxRetryAfterMicros: micros(economy.backpressure.maxRetryAfterSeconds),
    isBackpressureFailure: economy.backpressure.isFailure,
    isSecondOpinionAsked: economy.blame.secondOpinion,
    isSharedExcused: economy.blame.excuseShared,
    minWitnesses: economy.blame.minWitnesses,
    refusalDeviations: economy.blame.refusalDeviations,
    floorMilliTokensPerSecond: floor.tokensPerSecond * 1000,
    readmitMilliTokensPerSecond: floor.readmitTokensPerSecond * 1000,
    floorMinStreamTokens: floor.minStreamTokens,
    floorWindowMicros: micros(floor.windowSeconds),
    floorMinSamples: floor.minSamples,
    floorMaxSamples: Math.max(floor.maxSamples, floor.minSamples),
    floorProbeMicros: micros(floor.probeSeconds),
    floorProbeTokens,
    floorProbeLeaseMicros: probeLeaseMicros + micros(furtherSeconds),
    rampStart: ramp.start,
    rampMicros,
    // How long ago something may be and still make one hour unlike the next.
    memoryHours: Math.max(health.windowHours, Math.ceil(rampMicros / microsPerHour)),
    rampSuccesses: ramp.successes,
    burstSeconds: ramp.burstSeconds,
    isLotteryRamped: ramp.weighsLottery,
    healthHours: health.windowHours,
    priorSuccesses: health.priorSuccesses,
    priorFailures: health.priorFailures,
    uptimeWeight: health.uptimeWeight,
    tieWeight: health.tieWeight,
    trustTiers: economy.trust.tiers.map((tier): TrustTier => ({
      onlineMicros: Math.round(tier.onlineDays * 24 * microsPerHour),
      minHealthHundredths: Math.round(tier.minHealth * 100),
      capHundredths: Math.round(tier.maxMultiplier * 100),
    })),
    poolFeeBps: bounty.poolFeeBps,
    bountyTarget: bounty.target,
    bountyMaxMultiplier: bounty.maxMultiplier,
    // The span convention of an N-period average; plain arithmetic, the same on every engine. A span
    // below one hour is one hour: a factor above 1 would overshoot what was asked.
    demandSmoothing: Math.min(1, 2 / (bounty.averageHours + 1)),
    isBountyPremium: bounty.form === "premium",
    bountyFixedMicros: Math.round(bounty.fixedHours * microsPerHour),
    isLinkedExcluded: bounty.excludeLinked,
    maxDemandShare: bounty.maxDemandShare,
    vestingDays: bounty.vestingDays,
    vestingAboveBps: bounty.vestingAboveBps,
    flapInitial: flap.initialReduction,
    flapMax: flap.maxReduction,
    flapMicros: Math.round(flap.decayHours * microsPerHour),
    grantMinor: Math.round(promotion.grantCredits * minor),
    promotionMinor: Math.round(promotion.budgetCredits * minor),
    doGiftsStayGifts: promotion.giftsPay === "gifts",
    minWithdrawalMinor: Math.round(withdrawal.minimumCredits * minor),
    meteringToleranceTokens: economy.metering.toleranceTokens,
    heartbeatTimeoutMicros: micros(
      economy.liveness.heartbeatSeconds * economy.liveness.missedHeartbeats,
    ),
  } as const
}

const micros = (seconds: number): number => Math.round(seconds * microsPerSecond)

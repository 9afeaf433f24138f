/**
 * An economy made ready for the hot path: every duration in microseconds, every choice a number or
 * a flag, every derived constant computed once. Each rule compiles its own knobs.
 */
import { invariant } from "../core/invariant.ts"
import { microsPerHour } from "../core/units.ts"
import { compileBatch, idleHoursKept } from "../rules/batch.ts"
import { compileBackpressure } from "../rules/backpressure.ts"
import { compileBlame } from "../rules/blame.ts"
import { compileBounty } from "../rules/bounty.ts"
import { compileBreaker } from "../rules/breaker.ts"
import { compileFlap } from "../rules/flap.ts"
import { compileFloor } from "../rules/floor.ts"
import { compileContracts } from "../rules/hours/contracts.ts"
import { compileDisputes } from "../rules/hours/disputes.ts"
import { compileEscrow } from "../rules/hours/escrow.ts"
import { compileHours } from "../rules/hours/hourly-price.ts"
import { compileListings } from "../rules/hours/listings.ts"
import { compileReservations } from "../rules/hours/reservations.ts"
import { compileSla } from "../rules/hours/sla.ts"
import { compileStrategies } from "../rules/hours/strategies.ts"
import { compileHealth } from "../rules/health.ts"
import { compileLiveness } from "../rules/liveness.ts"
import { compileMetering } from "../rules/metering.ts"
import { compileMoney } from "../rules/money.ts"
import { compilePricing } from "../rules/pricing/index.ts"
import { compilePromotion } from "../rules/promotion.ts"
import { compileQuality } from "../rules/quality.ts"
import { compileQueue, weightUnit } from "../rules/queue/fair-queue.ts"
import { compilePreemption } from "../rules/queue/preemption.ts"
import { compileRamp } from "../rules/ramp.ts"
import { compileRatings } from "../rules/ratings.ts"
import { compileRouting } from "../rules/routing.ts"
import { compileSwarms } from "../rules/swarms.ts"
import { compileTrust } from "../rules/trust.ts"
import { compileWithdrawal } from "../rules/withdrawal.ts"
import type { Economy } from "./schema.ts"

export type Rules = ReturnType<typeof compiled>

/** Throws where the economy is one that its schema would not have let through. */
export const compileRules = (economy: Economy): Rules => {
  const rules = compiled(economy)
  auditRules(rules)
  return rules
}

const compiled = (economy: Economy) => {
  const health = compileHealth(economy)
  const ramp = compileRamp(economy)
  const batch = compileBatch(economy)
  return {
    ...compileMoney(economy),
    ...compilePricing(economy),
    ...compileRouting(economy),
    ...compileBreaker(economy),
    ...compileBackpressure(economy),
    ...compileBlame(economy),
    ...compileFloor(economy),
    ...ramp,
    ...health,
    ...compileTrust(economy),
    ...compileBounty(economy),
    ...compileFlap(economy),
    ...compilePromotion(economy),
    ...compileWithdrawal(economy),
    ...compileMetering(economy),
    ...compileLiveness(economy),
    ...compileHours(economy),
    ...compileListings(economy),
    ...compileStrategies(economy),
    ...compileEscrow(economy),
    ...compileDisputes(economy),
    ...compileRatings(economy),
    ...compileQuality(economy),
    ...compileSwarms(economy),
    ...batch,
    ...compileQueue(economy),
    ...compilePreemption(economy),
    ...compileSla(economy),
    ...compileContracts(economy),
    ...compileReservations(economy),
    // How long ago something may be and still make one hour unlike the next.
    memoryHours: Math.max(
      health.healthHours,
      Math.ceil(ramp.rampMicros / microsPerHour),
      batch.batchMostIdleShare > 0 ? idleHoursKept : 0,
    ),
  } as const
}

const isShare = (value: number): boolean => value >= 0 && value <= 1
const isBps = (value: number): boolean => value >= 0 && value <= 10_000

/** Asserts that what the hot path relies on is within its range. */
const auditRules = (rules: Rules): void => {
  for (const [name, value] of Object.entries(rules))
    if (name.endsWith("Micros")) invariant(Number(value) >= 0, "a length of time is at least 0")
  invariant(isBps(rules.feeBps), "the fee is a part of the charge")
  invariant(isBps(rules.poolFeeBps), "the pool's part is a part of the fee")
  invariant(rules.maxAttempts >= 1, "a request has an attempt or more")
  invariant(rules.maxAttempts <= 255, "the number of an attempt fits a byte")
  invariant(rules.breakerThreshold >= 1, "a breaker trips by a failure or more")
  invariant(isShare(rules.minFailureRatio), "the failures that trip are a share of outcomes")
  invariant(rules.floorMinStreamTokens >= 2, "a rate is measured between two tokens or more")
  invariant(
    rules.floorMaxSamples >= rules.floorMinSamples,
    "the floor keeps as many streams as its median asks for",
  )
  invariant(rules.rampStart > 0 && rules.rampStart <= 1, "a ramp starts above 0, at 1 at most")
  invariant(rules.burstSeconds > 0, "a ramping instance may owe something")
  invariant(
    rules.priorSuccesses > 0 && rules.priorFailures >= 0,
    "a newcomer is credited with a success of sorts",
  )
  invariant(isShare(rules.tieWeight), "health decides over a share of a lottery's weight")
  invariant(rules.memoryHours >= rules.healthHours, "the rules remember the window of health")
  invariant(
    rules.trustTiers.some((tier) => tier.onlineMicros === 0 && tier.minHealthHundredths === 0),
    "everybody has a tier of trust",
  )
  invariant(
    rules.trustTiers.every((tier) => tier.capHundredths >= 100),
    "trust takes no part of a payout away",
  )
  invariant(rules.bountyMaxMultiplier >= 1, "a bounty takes nothing away")
  invariant(
    rules.demandSmoothing > 0 && rules.demandSmoothing <= 1,
    "an average of demand overshoots nothing",
  )
  invariant(
    rules.maxDemandShare > 0 && rules.maxDemandShare <= 1,
    "a party's share of demand is above 0, to 1",
  )
  invariant(
    rules.weights.every((weight) => weightUnit % weight === 0),
    "what a flow is charged is whole",
  )
  invariant(Number.isSafeInteger(rules.vestingDays), "bounties vest over whole days")
  invariant(isShare(rules.flapInitial), "a switch withholds a share of the payout")
  invariant(isShare(rules.flapMax), "switches withhold the whole payout at most")
  invariant(rules.grantMinor >= 0, "a gift on a new account is at least 0")
}

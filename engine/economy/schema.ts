/**
 * The economy: every knob of the rules, in groups that follow the rules' own modules.
 *
 * "000" … "003" name the documents that the rules were taken from (docs/rules.md#sources); "ours" marks a
 * choice that they leave open.
 */
import { Schema } from "effect"
import { expectingKnobs, structOf } from "../core/knob.ts"
import { batchKnobs } from "../rules/batch.ts"
import { backpressureKnobs } from "../rules/backpressure.ts"
import { blameKnobs } from "../rules/blame.ts"
import { bountyKnobs } from "../rules/bounty.ts"
import { breakerKnobs } from "../rules/breaker.ts"
import { flapKnobs } from "../rules/flap.ts"
import { floorKnobs } from "../rules/floor.ts"
import { contractKnobs } from "../rules/hours/contracts.ts"
import { disputeKnobs } from "../rules/hours/disputes.ts"
import { escrowKnobs } from "../rules/hours/escrow.ts"
import { hoursKnobs } from "../rules/hours/hourly-price.ts"
import { listingKnobs } from "../rules/hours/listings.ts"
import { reservationKnobs } from "../rules/hours/reservations.ts"
import { slaKnobs } from "../rules/hours/sla.ts"
import { strategyKnobs } from "../rules/hours/strategies.ts"
import { healthKnobs } from "../rules/health.ts"
import { livenessKnobs } from "../rules/liveness.ts"
import { meteringKnobs } from "../rules/metering.ts"
import { feeBpsKnob, moneyKnobs } from "../rules/money.ts"
import { pricingKnobs } from "../rules/pricing/index.ts"
import { promotionKnobs } from "../rules/promotion.ts"
import { qualityKnobs, specialisedKnobs } from "../rules/quality.ts"
import { queueKnobs, tierKnobs } from "../rules/queue/fair-queue.ts"
import { preemptKnobs } from "../rules/queue/preemption.ts"
import { rampKnobs } from "../rules/ramp.ts"
import { ratingKnobs } from "../rules/ratings.ts"
import { routingKnobs } from "../rules/routing.ts"
import { swarmKnobs } from "../rules/swarms.ts"
import { trustKnobs } from "../rules/trust.ts"
import { withdrawalKnobs } from "../rules/withdrawal.ts"

/** The knobs of each rule, by the group that they form in an economy. */
export const economyKnobs = {
  money: moneyKnobs,
  pricing: pricingKnobs,
  routing: routingKnobs,
  breaker: breakerKnobs,
  backpressure: backpressureKnobs,
  blame: blameKnobs,
  floor: floorKnobs,
  ramp: rampKnobs,
  health: healthKnobs,
  trust: trustKnobs,
  bounty: bountyKnobs,
  flap: flapKnobs,
  promotion: promotionKnobs,
  withdrawal: withdrawalKnobs,
  metering: meteringKnobs,
  liveness: livenessKnobs,
  hours: hoursKnobs,
  listings: listingKnobs,
  strategies: strategyKnobs,
  escrow: escrowKnobs,
  disputes: disputeKnobs,
  ratings: ratingKnobs,
  quality: qualityKnobs,
  specialised: specialisedKnobs,
  swarms: swarmKnobs,
  batches: batchKnobs,
  queue: queueKnobs,
  tiers: tierKnobs,
  preempt: preemptKnobs,
  sla: slaKnobs,
  contracts: contractKnobs,
  reservation: reservationKnobs,
} as const

type Groups = typeof economyKnobs
const group = <G extends keyof Groups>(name: G) => structOf<Groups[G]>(economyKnobs[name])

export const Economy = Schema.Struct({
  name: Schema.NonEmptyString,
  meaning: Schema.String,
  feeBps: feeBpsKnob.schema,
  money: group("money"),
  pricing: group("pricing"),
  routing: group("routing"),
  breaker: group("breaker"),
  backpressure: group("backpressure"),
  blame: group("blame"),
  floor: group("floor"),
  ramp: group("ramp"),
  health: group("health"),
  trust: group("trust"),
  bounty: group("bounty"),
  flap: group("flap"),
  promotion: group("promotion"),
  withdrawal: group("withdrawal"),
  metering: group("metering"),
  liveness: group("liveness"),
  hours: group("hours"),
  listings: group("listings"),
  strategies: group("strategies"),
  escrow: group("escrow"),
  disputes: group("disputes"),
  ratings: group("ratings"),
  quality: group("quality"),
  specialised: group("specialised"),
  swarms: group("swarms"),
  batches: group("batches"),
  queue: group("queue"),
  tiers: group("tiers"),
  preempt: group("preempt"),
  sla: group("sla"),
  contracts: group("contracts"),
  reservation: group("reservation"),
}).annotations(expectingKnobs)
export type Economy = typeof Economy.Type

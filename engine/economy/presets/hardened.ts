/**
 * Ours: the credit economy with its holes closed. Every difference from `pooled` is a knob, and
 * each one stands here with the hole that it closes.
 */
import type { Economy } from "../schema.ts"
import { pooled } from "./pooled.ts"

export const hardened: Economy = {
  ...pooled,
  name: "hardened",
  meaning:
    "The credit economy with its holes closed: measured capacity, neutral splits, no washing.",
  routing: {
    ...pooled.routing,
    // Only shares linear in verified capacity leave nothing to gain from splitting a machine.
    selection: "spareLottery",
    // Declaring eight times one's slots wins four times the traffic unless slots are measured.
    capacity: "verified",
  },
  // Three failures in a minute park a fast node for being fast: ask for a failure rate as well.
  breaker: { ...pooled.breaker, minFailureRatio: 0.1 },
  // An instance gets calls only while it has verified room: to say that it is busy is to pick calls.
  backpressure: { ...pooled.backpressure, isFailure: true },
  // A host's word alone makes no consumer's error, and a consumer's calls alone make no host's failure:
  // otherwise calls can be picked by refusing the others, and one malformed call parks a market.
  blame: { secondOpinion: true, excuseShared: true, minWitnesses: 2, refusalDeviations: 4 },
  // Idle time alone must not ripen a Sybil, and a cap alone is no ramp at low load.
  // A call is worth tens of seconds of a machine's tokens: with a burst of 10 s a newcomer stands idle
  // after each, and gets less than the ramp promises.
  ramp: { ...pooled.ramp, successes: 200, weighsLottery: true, burstSeconds: 120 },
  bounty: {
    ...pooled.bounty,
    // A premium announced for a week cannot be chased from day to day.
    form: "premium",
    fixedHours: 168,
    // A sole supplier that buys from itself profits as soon as the bounty exceeds the fee.
    excludeLinked: true,
    maxDemandShare: 0.2,
    vestingDays: 14,
    // Whoever is the only supplier of a model gets back (1 - fee) · m of what it pays itself, through
    // whatever accounts: below 1 ÷ 0.88 = 1.136 washing cannot pay, linked or not.
    maxMultiplier: 1.13,
  },
  // A gift that paid a node stays a gift: to farm sign-ups brings nothing that could be taken out.
  promotion: { ...pooled.promotion, giftsPay: "gifts" },
}

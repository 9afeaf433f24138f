/**
 * Service levels (docs/rules.md#service-levels): what of a period's price goes back where its host has not kept what
 * it promised. Three figures are held against their targets, and the greatest of their refunds counts.
 *
 *   availability  up ÷ expected, the time expected without what is excused
 *   completion    successes ÷ (successes + failures)
 *   response      the mean time to the first token, or the share of answers that began in time
 *
 *   cliff   A · penalty                                where the figure is below its target
 *   tiers   A · the share of the lowest row above it   (as EC2's for single instances)
 *   linear  A · penalty · min(1, (T − a) ÷ (1 − T))
 *
 * for a period's price A, a figure a and its target T. Refunds are rounded down.
 */
import { Schema } from "effect"
import { invariant } from "../../core/invariant.ts"
import type { KnobValues } from "../../core/knob.ts"
import { knob } from "../../core/knob.ts"
import { oneOf, share, shareAbove0, wholeBetween } from "../../core/setting.ts"

export const slaKnobs = {
  form: knob(oneOf("cliff", "tiers", "linear"), {
    default: "cliff",
    unit: "rule",
    meaning:
      "What goes back where a figure is below its target: the listing's penalty at once, what a table says, or the more the further it is below.",
    source:
      "003: penalty_rate, refund multiplier for SLA breaches; hardened: linear, or a host has nothing left to lose once it is below",
  }),
  tiers: knob(Schema.NonEmptyArray(Schema.Struct({ below: shareAbove0, refund: share })), {
    default: [
      { below: 0.995, refund: 0.1 },
      { below: 0.99, refund: 0.3 },
      { below: 0.95, refund: 1 },
    ],
    unit: "share, share of the price",
    meaning:
      "Where the form is tiers: what of a period's price goes back below which figure; the greatest of the rows that apply.",
    source: "Amazon EC2's agreement for single instances",
  }),
  minSamples: knob(wholeBetween("requests", 1, 1_000_000), {
    default: 20,
    unit: "requests",
    meaning: "With fewer requests in a period nothing is said of completion and response.",
    source: "ours",
  }),
  response: knob(oneOf("mean", "share"), {
    default: "mean",
    unit: "rule",
    meaning:
      "What is held against a response target: the mean time to the first token, or the share of answers that began in time.",
    source:
      "003: response_time_target 30, the mean in its plainest reading; hardened: share, or one slow answer outweighs twenty",
  }),
  responseShare: knob(share, {
    default: 0.95,
    unit: "share of answers",
    meaning: "Where the response is a share: how much of the answers has to begin in time.",
    source: "ours",
  }),
  excusedShare: knob(share, {
    default: 1,
    unit: "share of the period",
    meaning: "How much of a period may be excused as maintenance that was known at the order.",
    source: "003: maintenance_windows; hardened: 0.05, or maintenance stops the clock",
  }),
  penalty: knob(share, {
    default: 0.5,
    unit: "share of the period's price",
    meaning:
      "The penalty of a contract with penalties, where its listing has no service level of its own.",
    source: "003: penalty_rate 0.5",
  }),
} as const

export const compileSla = ({ sla }: { readonly sla: KnobValues<typeof slaKnobs> }) =>
  ({
    slaForm: sla.form,
    slaTiers: sla.tiers.map(({ below, refund }) => ({
      belowBps: Math.round(below * 10_000),
      refundBps: Math.round(refund * 10_000),
    })),
    slaMinSamples: sla.minSamples,
    isResponseShare: sla.response === "share",
    responseShareBps: Math.round(sla.responseShare * 10_000),
    excusedShare: sla.excusedShare,
    contractPenaltyBps: Math.round(sla.penalty * 10_000),
  }) as const
export type SlaRules = ReturnType<typeof compileSla>

/** What a host promises; 0: no promise. */
export interface SlaTerms {
  readonly availabilityBps: number
  readonly completionBps: number
  /** To the first token, µs. */
  readonly responseMicros: number
  /** Of a period's price, where a promise is not kept. */
  readonly penaltyBps: number
}

/** What was seen of a period. Times in µs; none counts twice. */
export interface Seen {
  /** Its length, and how much of it the market itself was away, maintenance left out. */
  readonly micros: number
  readonly awayMicros: number
  /** Maintenance that was known at the order. */
  readonly maintenanceMicros: number
  /** Not delivered, outside of maintenance and within. */
  readonly downMicros: number
  readonly downInMaintenanceMicros: number
  readonly successes: number
  readonly failures: number
  /** Answers whose first token was timed, how many were in time, and Σ of the times. */
  readonly responses: number
  readonly onTime: number
  readonly responseMicros: number
}

export interface Availability {
  readonly upMicros: number
  readonly expectedMicros: number
  readonly excusedMicros: number
}

/** Maintenance beyond what is excused counts as any other time. */
export const availabilityOf = (rules: SlaRules, seen: Seen): Availability => {
  const most = Math.floor(rules.excusedShare * seen.micros)
  const excusedMicros = Math.min(seen.maintenanceMicros, most)
  const beyond = Math.max(0, seen.downInMaintenanceMicros - excusedMicros)
  const expectedMicros = seen.micros - seen.awayMicros - excusedMicros
  const upMicros = expectedMicros - seen.downMicros - beyond
  invariant(
    upMicros >= 0 && upMicros <= expectedMicros,
    "a machine is up for a part of the time that it is expected to be",
  )
  return { upMicros, expectedMicros, excusedMicros }
}

const one = 10_000

/** The greatest of the refunds of a period's price, minor units. */
export const refundOf = (rules: SlaRules, terms: SlaTerms, seen: Seen, price: number): number => {
  const { upMicros, expectedMicros } = availabilityOf(rules, seen)
  const up = refundOn(rules, terms.penaltyBps, price, {
    part: upMicros,
    of: expectedMicros,
    targetBps: terms.availabilityBps,
  })
  const requests = seen.successes + seen.failures
  const completion =
    requests < rules.slaMinSamples
      ? 0
      : refundOn(rules, terms.penaltyBps, price, {
          part: seen.successes,
          of: requests,
          targetBps: terms.completionBps,
        })
  const refund = Math.max(up, completion, refundOnResponse(rules, terms, seen, price))
  invariant(refund >= 0 && refund <= price, "no more goes back of a period than its price")
  return refund
}

const refundOnResponse = (
  rules: SlaRules,
  terms: SlaTerms,
  { responses, onTime, responseMicros }: Seen,
  price: number,
): number => {
  if (terms.responseMicros === 0 || responses < rules.slaMinSamples) return 0
  if (rules.isResponseShare)
    return refundOn(rules, terms.penaltyBps, price, {
      part: onTime,
      of: responses,
      targetBps: rules.responseShareBps,
    })
  // A mean is no share of anything: it is kept, or it is not.
  const isLate = BigInt(responseMicros) > BigInt(terms.responseMicros) * BigInt(responses)
  return isLate ? shareOf(price, terms.penaltyBps) : 0
}

interface Figure {
  readonly part: number
  readonly of: number
  readonly targetBps: number
}

const refundOn = (
  rules: SlaRules,
  penaltyBps: number,
  price: number,
  { part, of, targetBps }: Figure,
): number => {
  if (of === 0 || !isBelow(part, of, targetBps)) return 0
  switch (rules.slaForm) {
    case "cliff":
      return shareOf(price, penaltyBps)
    case "tiers":
      return shareOf(price, tierFor(rules, part, of))
    case "linear":
      return linear(price, penaltyBps, part, of, Math.min(targetBps, one - 1))
  }
}

const isBelow = (part: number, of: number, bps: number): boolean =>
  BigInt(part) * BigInt(one) < BigInt(bps) * BigInt(of)

const tierFor = ({ slaTiers }: SlaRules, part: number, of: number): number =>
  slaTiers.reduce(
    (most, { belowBps, refundBps }) =>
      isBelow(part, of, belowBps) ? Math.max(most, refundBps) : most,
    0,
  )

const linear = (
  price: number,
  penaltyBps: number,
  part: number,
  of: number,
  targetBps: number,
): number => {
  const whole = BigInt(one - targetBps) * BigInt(of)
  const below = BigInt(targetBps) * BigInt(of) - BigInt(one) * BigInt(part)
  // Just below a target of 1, which counts as 0.9999.
  if (below <= 0n) return 0
  const counted = below < whole ? below : whole
  return Number((BigInt(price) * BigInt(penaltyBps) * counted) / (BigInt(one) * whole))
}

const shareOf = (price: number, bps: number): number =>
  Number((BigInt(price) * BigInt(bps)) / BigInt(one))

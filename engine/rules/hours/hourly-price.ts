/**
 * The price of hours (docs/rules.md#the-price-of-hours):
 *
 *   P = ⌈ jobs · rate · Σₖ mₖ·bₖ·µsₖ ÷ (3.6·10⁹ · 10⁸) ⌉
 *
 * with the peak's factor m and the discount b for long rentals, both in basis points, over spans of one
 * value each. What is paid until any moment of a booking is the same sum up to there, so a booking that ends
 * early is charged by the terms that it was ordered at, and its periods add up to its price.
 */
import type { KnobValues } from "../../core/knob.ts"
import { knob } from "../../core/knob.ts"
import { flag, nonNegative, number, oneOf, share } from "../../core/setting.ts"
import { microsOf, microsPerHour } from "../../core/units.ts"
import type { Spans } from "./spans.ts"
import { microsWithin } from "./spans.ts"

export const hoursKnobs = {
  areSold: knob(flag, {
    default: false,
    unit: "rule",
    meaning: "Whether hosts may sell hours of their machines beside requests.",
    source: "001 and 003 sell hours; 000 and 002 do not",
  }),
  peak: knob(oneOf("demand", "clock", "either"), {
    default: "demand",
    unit: "rule",
    meaning:
      "When a listing's peak multiplier applies: while its region is in demand at the time of the order, in the peak hours of the region's clock, or both.",
    source: "003: peak_multiplier 1.5 during high demand; 001: peak windows, local 9 AM to 9 PM",
  }),
  surcharge: knob(oneOf("whole", "firstHour"), {
    default: "whole",
    unit: "rule",
    meaning:
      "What demand at the time of the order makes dearer: the whole booking, or its first hour alone.",
    source:
      "ours: whole, the plainest reading of 003; hardened: additive surge is nearly incentive-compatible (Garg and Nazerzadeh, arXiv 1905.07544)",
  }),
  demandThreshold: knob(share, {
    default: 0.8,
    unit: "share of the region's capacity",
    meaning: "A region is in demand while so much of its capacity was in use of late.",
    source: "003: increase price when 80% utilized",
  }),
  peakFromHour: knob(number("an hour of the day", { isWhole: true, least: 0, most: 23 }), {
    default: 9,
    unit: "local hour",
    meaning: "When the peak hours of a region begin, by its own clock.",
    source: "001: peak windows (local 9 AM–9 PM)",
  }),
  peakUntilHour: knob(number("an hour of the day", { isWhole: true, least: 1, most: 24 }), {
    default: 21,
    unit: "local hour",
    meaning: "When the peak hours of a region end, by its own clock.",
    source: "001: peak windows (local 9 AM–9 PM)",
  }),
  bulkAfterHours: knob(nonNegative("hours"), {
    default: 10,
    unit: "h",
    meaning: "Rentals that are longer, strictly, have the listing's discount.",
    source: "003: bulk_discount 0.8 for rentals of more than 10 hours",
  }),
  bulk: knob(oneOf("cliff", "incremental"), {
    default: "cliff",
    unit: "rule",
    meaning:
      "What the discount for long rentals is on: all hours of such a rental, or those beyond the first ones alone.",
    source:
      "003 reads as a cliff; hardened: incremental, or 10 hours and a microsecond cost less than 10",
  }),
} as const

export const compileHours = ({ hours }: { readonly hours: KnobValues<typeof hoursKnobs> }) =>
  ({
    areHoursSold: hours.areSold,
    isPeakByDemand: hours.peak !== "clock",
    isPeakByClock: hours.peak !== "demand",
    isSurchargeWhole: hours.surcharge === "whole",
    demandThreshold: hours.demandThreshold,
    bulkAfterMicros: microsOf(hours.bulkAfterHours * 3600),
    isBulkCliff: hours.bulk === "cliff",
  }) as const
export type HoursRules = ReturnType<typeof compileHours>

/** What a booking was ordered at. Factors in basis points; money in minor units. */
export interface HourTerms {
  readonly startAt: number
  readonly endAt: number
  readonly jobs: number
  readonly ratePerHour: number
  /** The listing's peak multiplier and discount for long rentals. */
  readonly peakBps: number
  readonly bulkBps: number
  /** Was the region in demand at the time of the order? */
  readonly isInDemand: boolean
}

const one = 10_000

/**
 * What the hours until `until` cost, minor units, rounded up once. `peaks`: the peak hours of the region,
 * which are never changed once they are known. Exact at any size.
 */
export const costUntil = (
  rules: HoursRules,
  terms: HourTerms,
  peaks: Spans,
  until: number,
): number => {
  const { startAt, endAt, jobs, ratePerHour, bulkBps } = terms
  const end = Math.min(until, endAt)
  if (end <= startAt) return 0
  const bulkFrom = bulkStart(rules, terms)
  const before = weightOf(rules, terms, peaks, startAt, Math.min(end, bulkFrom))
  const after = end > bulkFrom ? weightOf(rules, terms, peaks, bulkFrom, end) : 0n
  const weighted = before * BigInt(one) + after * BigInt(bulkBps)
  const divisor = BigInt(microsPerHour) * BigInt(one) * BigInt(one)
  const total = BigInt(Math.max(1, jobs)) * BigInt(ratePerHour) * weighted
  return Number((total + divisor - 1n) / divisor)
}

/** From when on the discount applies: at once, later, or never. */
const bulkStart = (rules: HoursRules, { startAt, endAt }: HourTerms): number => {
  if (!rules.isBulkCliff) return startAt + rules.bulkAfterMicros
  return endAt - startAt > rules.bulkAfterMicros ? startAt : Infinity
}

/** Σ m·µs over an interval, m in basis points. */
const weightOf = (
  rules: HoursRules,
  { startAt, peakBps, isInDemand }: HourTerms,
  peaks: Spans,
  from: number,
  until: number,
): bigint => {
  const isWholePeak = rules.isPeakByDemand && isInDemand && rules.isSurchargeWhole
  const peakMicros = isWholePeak
    ? until - from
    : rules.isPeakByClock
      ? microsWithin(peaks, from, until)
      : 0
  const isSurcharged = rules.isPeakByDemand && isInDemand && !rules.isSurchargeWhole
  const surcharged = isSurcharged ? Math.max(0, Math.min(until, startAt + microsPerHour) - from) : 0
  return (
    BigInt(until - from) * BigInt(one) +
    BigInt(peakMicros + surcharged) * BigInt(Math.max(0, peakBps - one))
  )
}

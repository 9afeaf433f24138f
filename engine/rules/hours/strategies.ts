/**
 * Strategies of price (docs/rules.md#strategies): by what a listing's base rate is multiplied, set anew every
 * few minutes. Sold hours never move.
 *
 *   fixed             1
 *   dynamic           dearer the fuller the listing itself is, above a threshold
 *   marketBalance     dearer than usual where the region is fuller than usual, in small steps
 *   peakMaximizer     the peak multiplier in peak hours, and while the region is in demand
 *   utilizationGuard  cheaper step by step while idle, dearer again while booked
 *
 * Multipliers are whole basis points, rounded half up.
 */
import type { KnobValues } from "../../core/knob.ts"
import { knob } from "../../core/knob.ts"
import { nonNegative, oneOf, positive, share, wholeBetween } from "../../core/setting.ts"
import { microsOf } from "../../core/units.ts"
import type { PriceStrategy } from "../../protocol/event.ts"

export const strategyKnobs = {
  adjustMinutes: knob(wholeBetween("minutes", 1, 1440), {
    default: 15,
    unit: "min",
    meaning: "How often the rates of listings are set anew, by the use of this time.",
    source: "003: adjustment_frequency 15min",
  }),
  dynamic: knob(oneOf("line", "step"), {
    default: "line",
    unit: "rule",
    meaning:
      "How a dynamic rate follows the use of its listing: along a line from the threshold up, or by steps of an eighth at most.",
    source:
      "003: increase price when 80% utilized, up to max_multiplier; hardened: step, as Ethereum's EIP-1559, slower the longer hours are sold for",
  }),
  sensitivity: knob(nonNegative("of the rate"), {
    default: 0.5,
    unit: "of the rate per unit of use",
    meaning:
      "By how much a market-balance rate moves with the use of its region above or below the mean of a week.",
    source: "AITBC's implementation: its sensitivity",
  }),
  balanceStep: knob(share, {
    default: 0.05,
    unit: "of the rate",
    meaning: "The most that a market-balance rate moves at once.",
    source: "001: stable earnings; the figure is ours",
  }),
  guardIdleHours: knob(positive("hours"), {
    default: 2,
    unit: "h",
    meaning: "How long a listing is idle before its utilization guard lowers the rate.",
    source: "001: lowers price when idle; the figure is ours",
  }),
  guardStep: knob(share, {
    default: 0.05,
    unit: "of the rate",
    meaning: "By how much a utilization guard lowers or raises the rate at once.",
    source: "ours",
  }),
  guardFloor: knob(share, {
    default: 0.5,
    unit: "of the base rate",
    meaning: "The least that a utilization guard goes down to.",
    source: "ours",
  }),
} as const

export const compileStrategies = ({
  strategies,
}: {
  readonly strategies: KnobValues<typeof strategyKnobs>
}) =>
  ({
    adjustMicros: microsOf(strategies.adjustMinutes * 60),
    isDynamicStepped: strategies.dynamic === "step",
    balanceSensitivity: strategies.sensitivity,
    balanceStepBps: Math.round(strategies.balanceStep * 10_000),
    guardIdleMicros: microsOf(strategies.guardIdleHours * 3600),
    guardStep: strategies.guardStep,
    guardFloorBps: Math.round(strategies.guardFloor * 10_000),
  }) as const
export type StrategyRules = ReturnType<typeof compileStrategies>

/** What a strategy goes by. Use is 0 … 1. */
export interface Situation {
  readonly multiplierBps: number
  /** Of the listing, since its rate was last set. */
  readonly use: number
  /** Of its region, over the same time and on average over a week. */
  readonly regionUse: number
  readonly regionMeanUse: number
  readonly isPeak: boolean
  readonly isInDemand: boolean
  readonly isBooked: boolean
  readonly idleMicros: number
  /** Mean length of the bookings that it sold, µs; 0: it has sold none. */
  readonly soldMicros: number
  /** The listing's own: above which use it is dearer, and by how much at most. */
  readonly threshold: number
  readonly mostBps: number
  readonly peakBps: number
}

const one = 10_000
/** One side of the region's use moves a market-balance rate no further than this. */
const balanceLeastBps = 8000
const balanceMostBps = 12_500
/** An eighth: EIP-1559's bound on one step. */
const largestStep = 1 / 8

const clamp = (value: number, least: number, most: number): number =>
  Math.min(most, Math.max(least, value))
const halfUp = (value: number): number => Math.floor(value + 0.5)

export const nextMultiplier = (
  rules: StrategyRules,
  strategy: PriceStrategy,
  situation: Situation,
): number => {
  switch (strategy) {
    case "fixed":
      return one
    case "dynamic":
      return rules.isDynamicStepped ? stepped(rules, situation) : lined(situation)
    case "marketBalance":
      return balanced(rules, situation)
    case "peakMaximizer":
      return situation.isPeak || situation.isInDemand ? Math.max(one, situation.peakBps) : one
    case "utilizationGuard":
      return guarded(rules, situation)
  }
}

const lined = ({ use, threshold, mostBps }: Situation): number =>
  halfUp(one + (mostBps - one) * clamp((use - threshold) / (1 - threshold), 0, 1))

/**
 * Sold hours keep the use up long after the rate has risen: where they are long against the time between two
 * steps, the steps are smaller by as much.
 */
const stepped = (rules: StrategyRules, situation: Situation): number => {
  const { multiplierBps, use, threshold, mostBps, soldMicros } = situation
  const distance =
    use >= threshold ? (use - threshold) / (1 - threshold) : (use - threshold) / threshold
  const pace = soldMicros > rules.adjustMicros ? rules.adjustMicros / soldMicros : 1
  return clamp(halfUp(multiplierBps * (1 + largestStep * pace * distance)), one, mostBps)
}

const balanced = (rules: StrategyRules, situation: Situation): number => {
  const { multiplierBps, regionUse, regionMeanUse } = situation
  const wanted = halfUp(one * (1 + rules.balanceSensitivity * (regionUse - regionMeanUse)))
  const { balanceStepBps } = rules
  return clamp(
    clamp(wanted, balanceLeastBps, balanceMostBps),
    multiplierBps - balanceStepBps,
    multiplierBps + balanceStepBps,
  )
}

const guarded = (rules: StrategyRules, situation: Situation): number => {
  const { multiplierBps, isBooked, idleMicros } = situation
  if (isBooked) return Math.min(one, halfUp(multiplierBps * (1 + rules.guardStep)))
  if (idleMicros < rules.guardIdleMicros) return multiplierBps
  return Math.max(
    Math.min(multiplierBps, rules.guardFloorBps),
    halfUp(multiplierBps * (1 - rules.guardStep)),
  )
}

/**
 * Ramp-up (docs/rules.md#ramp). "New nodes are admitted at a fraction of their declared rate and scale
 * to 100% over the first week. A Sybil deterrent — not a tax on real operators" (002).
 *
 * r = start + (1 − start) · progress, progress = min(1, online / 168 h); hardened also asks for
 * successes: progress = min(online / 168 h, successes / 200, 1). r is monotone in both and exactly 1
 * at the end.
 */
import { invariant } from "../core/invariant.ts"
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { between, flag, nonNegative, positive, wholeBetween } from "../core/setting.ts"
import { microsPerHour, microsPerSecond } from "../core/units.ts"

export const rampKnobs = {
  start: knob(between("a share", 0.001, 1), {
    default: 0.1,
    unit: "share",
    meaning: "Share of its declared rate that a new instance is admitted at.",
    source: "002: admitted at a fraction of their declared rate",
  }),
  onlineHours: knob(nonNegative("hours"), {
    default: 168,
    unit: "h",
    meaning: "Online time until an instance has its full rate.",
    source: "002: scale to 100% over the first week",
  }),
  successes: knob(wholeBetween("requests", 0, 1_000_000), {
    default: 0,
    unit: "requests",
    meaning: "Successes also needed for the full rate; 0 is off.",
    source: "002 asks for time only; hardened: idling must not ripen a Sybil",
  }),
  burstSeconds: knob(positive("seconds"), {
    default: 10,
    unit: "s",
    meaning: "Tokens that a ramping instance may owe, as seconds of its ramped rate.",
    source: "ours: a post-paid token bucket",
  }),
  weighsLottery: knob(flag, {
    default: false,
    unit: "yes/no",
    meaning: "Whether the ramp also weighs the lottery among equally loaded instances.",
    source: "ours: at 2% load a cap alone leaves a newcomer with a veteran's traffic",
  }),
} as const

export const compileRamp = ({ ramp }: { readonly ramp: KnobValues<typeof rampKnobs> }) =>
  ({
    rampStart: ramp.start,
    rampMicros: Math.round(ramp.onlineHours * microsPerHour),
    rampSuccesses: ramp.successes,
    burstSeconds: ramp.burstSeconds,
    isLotteryRamped: ramp.weighsLottery,
  }) as const

export type RampRules = ReturnType<typeof compileRamp>

/** The ramp r, start…1. */
export const rampOf = (rules: RampRules, onlineMicros: number, successes: number): number => {
  const byTime = onlineMicros >= rules.rampMicros ? 1 : onlineMicros / rules.rampMicros
  const bySuccess = successes >= rules.rampSuccesses ? 1 : successes / rules.rampSuccesses
  const progress = byTime < bySuccess ? byTime : bySuccess
  const ramp = progress === 1 ? 1 : rules.rampStart + (1 - rules.rampStart) * progress
  invariant(ramp > 0 && ramp <= 1, "a ramp is above 0, to 1")
  return ramp
}

/** Slots in use at ramp r: C = max(1, floor(r · slots)). */
export const rampedSlots = (ramp: number, slots: number): number => {
  const inUse = Math.max(1, Math.floor(ramp * slots))
  invariant(inUse <= slots, "no more slots are in use than there are")
  return inUse
}

/**
 * Online time at which time alone allows one slot more than now, µs; +Infinity at full slots. One
 * microsecond late, so that rounding cannot leave the slot just out of reach.
 */
export const nextSlotOnline = (rules: RampRules, slots: number, slotsNow: number): number => {
  if (slotsNow >= slots || rules.rampStart >= 1) return Infinity
  const ramp = (slotsNow + 1) / slots
  invariant(ramp >= rules.rampStart, "a slot that is still to come is beyond the ramp's start")
  return Math.ceil(((ramp - rules.rampStart) / (1 - rules.rampStart)) * rules.rampMicros) + 1
}

/**
 * The token bucket that caps the rate: each attempt's tokens add to the debt, which drains at
 * r × declared tokens/s; no new attempt while it exceeds `burstSeconds` worth.
 */
export const debtAfter = (
  debtTokens: number,
  elapsedMicros: number,
  drainTokensPerSecond: number,
): number => {
  invariant(elapsedMicros >= 0, "a debt is worked off as time goes on")
  invariant(drainTokensPerSecond >= 0, "a debt does not grow by itself")
  return Math.max(0, debtTokens - (elapsedMicros / microsPerSecond) * drainTokensPerSecond)
}

/** Time until the debt is within the burst, µs, rounded up; 0 where it is already. */
export const debtWaitMicros = (
  debtTokens: number,
  drainTokensPerSecond: number,
  burstSeconds: number,
): number => {
  invariant(debtTokens >= 0, "a debt is at least 0")
  const excess = debtTokens - burstSeconds * drainTokensPerSecond
  if (excess <= 0) return 0
  return Math.ceil((excess / drainTokensPerSecond) * microsPerSecond)
}

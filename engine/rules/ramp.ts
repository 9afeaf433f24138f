/**
 * Ramp-up (docs/rules.md#ramp). "New nodes are admitted at a fraction of their declared rate and scale
 * to 100% over the first week. A Sybil deterrent — not a tax on real operators" (002).
 *
 * r = start + (1 − start) · progress, progress = min(1, online / 168 h); hardened also asks for
 * successes: progress = min(online / 168 h, successes / 200, 1). r is monotone in both and exactly 1
 * at the end.
 *
 * A deterrent needs somebody to protect: while hosts whose ramp is over have less than `bootstrapShare`
 * of a model's supply, its ramp starts higher, at 1 where there are none of them (`bootstrapStart`).
 */
import { invariant } from "../core/invariant.ts"
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { between, flag, nonNegative, positive, share, wholeBetween } from "../core/setting.ts"
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
  bootstrapShare: knob(share, {
    default: 0,
    unit: "share",
    meaning:
      "Share of a model's supply that hosts past their ramp need to have; with less, new ones start above `start`; 0 is off.",
    source: "ours: where everybody is new, a ramp protects nobody and refuses nearly every call",
  }),
} as const

export const compileRamp = ({ ramp }: { readonly ramp: KnobValues<typeof rampKnobs> }) =>
  ({
    rampStart: ramp.start,
    rampMicros: Math.round(ramp.onlineHours * microsPerHour),
    rampSuccesses: ramp.successes,
    burstSeconds: ramp.burstSeconds,
    isLotteryRamped: ramp.weighsLottery,
    bootstrapShare: ramp.bootstrapShare,
  }) as const

export type RampRules = ReturnType<typeof compileRamp>

/**
 * Where the ramp of a model starts: at `start` where `established` of its `supply` (tokens/s) is
 * `bootstrapShare` or more, at 1 where nothing is, and in proportion between the two.
 */
export const bootstrapStart = (rules: RampRules, established: number, supply: number): number => {
  invariant(
    established >= 0 && established <= supply,
    "what is established is a part of the supply",
  )
  const wanted = rules.bootstrapShare * supply
  if (rules.bootstrapShare === 0 || (supply > 0 && established >= wanted)) return rules.rampStart
  if (established === 0) return 1
  return rules.rampStart + (1 - rules.rampStart) * (1 - established / wanted)
}

/** How much of the ramp is behind an instance, 0…1. */
export const rampProgress = (rules: RampRules, onlineMicros: number, successes: number): number => {
  const byTime = onlineMicros >= rules.rampMicros ? 1 : onlineMicros / rules.rampMicros
  const bySuccess = successes >= rules.rampSuccesses ? 1 : successes / rules.rampSuccesses
  return byTime < bySuccess ? byTime : bySuccess
}

/** The ramp r at some progress, of a ramp that starts at `start`: start…1. */
export const rampOf = (start: number, progress: number): number => {
  const ramp = progress === 1 ? 1 : start + (1 - start) * progress
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
 * Online time at which time alone allows one slot more than now, µs, of a ramp that starts at `start`;
 * +Infinity at full slots. One microsecond late, so that rounding cannot leave the slot just out of reach.
 */
export const nextSlotOnline = (
  rules: RampRules,
  start: number,
  slots: number,
  slotsNow: number,
): number => {
  if (slotsNow >= slots || start >= 1) return Infinity
  const ramp = (slotsNow + 1) / slots
  invariant(ramp >= start, "a slot that is still to come is beyond the ramp's start")
  return Math.ceil(((ramp - start) / (1 - start)) * rules.rampMicros) + 1
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

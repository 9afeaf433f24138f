/**
 * Anti-flapping (docs/rules.md#anti-flapping). "Switching the model an instance serves triggers a
 * temporary payout reduction that decays over 72 hours" (002).
 *
 * φ(t) = φ₀ · (1 − t / 72 h), 0 from 72 h on; a further switch: φ ← min(φmax, φ(now) + φ₀).
 */
import { invariant } from "../core/invariant.ts"
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { between, nonNegative } from "../core/setting.ts"
import { microsPerHour } from "../core/units.ts"

export const flapKnobs = {
  initialReduction: knob(between("a share", 0, 1), {
    default: 0.5,
    unit: "share",
    meaning: "Part of the payout withheld right after a model switch.",
    source: "002: a temporary payout reduction",
  }),
  maxReduction: knob(between("a share", 0, 1), {
    default: 0.9,
    unit: "share",
    meaning: "Most that repeated switches can add up to.",
    source: "ours",
  }),
  decayHours: knob(nonNegative("hours"), {
    default: 72,
    unit: "h",
    meaning: "Time until the reduction has decayed to nothing, linearly.",
    source: "002: decays over 72 hours",
  }),
} as const

export const compileFlap = ({ flap }: { readonly flap: KnobValues<typeof flapKnobs> }) =>
  ({
    flapInitial: flap.initialReduction,
    flapMax: flap.maxReduction,
    flapMicros: Math.round(flap.decayHours * microsPerHour),
  }) as const

export type FlapRules = ReturnType<typeof compileFlap>

/** A place on a node that an instance has left (`lifecycle/seats.ts`). */
export interface VacantSeat {
  /** Model slot. */
  readonly model: number
  /** When the seat was taken, and when it was left, µs. */
  readonly since: number
  readonly vacantSince: number
}

/** The reduction `elapsedMicros` after it stood at `reduction`, 0…1. Never rises with time. */
export const reductionAfter = (
  rules: FlapRules,
  reduction: number,
  elapsedMicros: number,
): number => {
  invariant(elapsedMicros >= 0, "a reduction decays as time goes on")
  invariant(reduction >= 0 && reduction <= 1, "a reduction is a share")
  return elapsedMicros >= rules.flapMicros ? 0 : reduction * (1 - elapsedMicros / rules.flapMicros)
}

/** The reduction right after one more switch. */
export const reductionOnSwitch = (rules: FlapRules, reductionNow: number): number =>
  Math.min(rules.flapMax, reductionNow + rules.flapInitial)

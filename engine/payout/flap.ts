/**
 * Anti-flapping (rule 10). "Switching the model an instance serves triggers a temporary payout
 * reduction that decays over 72 hours" (002).
 *
 * φ(t) = φ₀ · (1 − t / 72 h), 0 from 72 h on; a further switch: φ ← min(φmax, φ(now) + φ₀).
 */
import type { Rules } from "../economy/rules.ts"

/** A place on a node that an instance has left (`lifecycle/seats.ts`). */
export interface VacantSeat {
  /** Model slot. */
  readonly model: number
  /** When the seat was taken, and when it was left, µs. */
  readonly since: number
  readonly vacantSince: number
}

/** The reduction `elapsedMicros` after it stood at `reduction`, 0…1. Never rises with time. */
export const reductionAfter = (rules: Rules, reduction: number, elapsedMicros: number): number =>
  elapsedMicros >= rules.flapMicros ? 0 : reduction * (1 - elapsedMicros / rules.flapMicros)

/** The reduction right after one more switch. */
export const reductionOnSwitch = (rules: Rules, reductionNow: number): number =>
  Math.min(rules.flapMax, reductionNow + rules.flapInitial)

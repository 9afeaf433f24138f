/** Backpressure: a host that answers 429 or 503 is busy, and is left alone for a while. */
import { invariant } from "../core/invariant.ts"
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { flag, nonNegative } from "../core/setting.ts"
import { microsOf } from "../core/units.ts"

export const backpressureKnobs = {
  retryAfterSeconds: knob(nonNegative("seconds"), {
    default: 1,
    unit: "s",
    meaning: "Pause after a 429 or 503 that names no Retry-After of its own.",
    source: "ours",
  }),
  maxRetryAfterSeconds: knob(nonNegative("seconds"), {
    default: 60,
    unit: "s",
    meaning: "A longer Retry-After counts as this long.",
    source: "ours: one answer must not take an instance out for hours, whoever provoked it",
  }),
  isFailure: knob(flag, {
    default: false,
    unit: "yes/no",
    meaning:
      "Whether a 429 or 503 to a call counts as a failure: the call was sent because there was room.",
    source: "ours: neutral; hardened: yes, or refusing all but the best calls costs nothing",
  }),
} as const

export const compileBackpressure = ({
  backpressure,
}: {
  readonly backpressure: KnobValues<typeof backpressureKnobs>
}) =>
  ({
    retryAfterMicros: microsOf(backpressure.retryAfterSeconds),
    maxRetryAfterMicros: microsOf(backpressure.maxRetryAfterSeconds),
    isBackpressureFailure: backpressure.isFailure,
  }) as const

export type BackpressureRules = ReturnType<typeof compileBackpressure>

/** How long a busy instance is left alone: as it says (0: it says nothing), within the rules' bound. */
export const pauseMicros = (
  { retryAfterMicros, maxRetryAfterMicros }: BackpressureRules,
  saidMicros: number,
): number => {
  invariant(saidMicros >= 0, "a busy instance is left alone from now on")
  return saidMicros === 0 ? retryAfterMicros : Math.min(saidMicros, maxRetryAfterMicros)
}

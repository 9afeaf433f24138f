/**
 * Preemption (docs/rules.md#preemption): "preemption_policy="graceful"" (003). Only work that can wait is preempted, by
 * whoever has a strictly higher priority and has had strictly less, so that no two can preempt each other.
 */
import type { KnobValues } from "../../core/knob.ts"
import { knob } from "../../core/knob.ts"
import { nonNegative, oneOf, wholeBetween } from "../../core/setting.ts"
import { microsOf } from "../../core/units.ts"

export const preemptKnobs = {
  policy: knob(oneOf("none", "graceful"), {
    default: "none",
    unit: "rule",
    meaning: "Whether a call that waits may have the place of an item of a batch.",
    source: '003: preemption_policy "graceful"',
  }),
  exemptMinutes: knob(nonNegative("minutes"), {
    default: 5,
    unit: "min",
    meaning: "For how long an item is left alone once it has begun.",
    source: "ours: or what has just been dispatched is thrown away",
  }),
  graceSeconds: knob(nonNegative("seconds"), {
    default: 120,
    unit: "s",
    meaning: "How long an item that is preempted may go on, to end by itself.",
    source: "Slurm's GraceTime; EC2 announces the end of spot instances two minutes ahead",
  }),
  most: knob(wholeBetween("times", 0, 255), {
    default: 2,
    unit: "times",
    meaning: "How often one item may be preempted.",
    source: "ours: or it is never done",
  }),
} as const

export const compilePreemption = ({
  preempt,
}: {
  readonly preempt: KnobValues<typeof preemptKnobs>
}) =>
  ({
    isPreempted: preempt.policy === "graceful",
    preemptExemptMicros: microsOf(preempt.exemptMinutes * 60),
    preemptGraceMicros: microsOf(preempt.graceSeconds),
    preemptMost: preempt.most,
  }) as const

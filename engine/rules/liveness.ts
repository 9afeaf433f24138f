/** Liveness: how long a host may be silent. */
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { positive, wholeBetween } from "../core/setting.ts"
import { microsOf } from "../core/units.ts"

export const livenessKnobs = {
  heartbeatSeconds: knob(positive("seconds"), {
    default: 30,
    unit: "s",
    meaning: "Interval that hosts are told to send heartbeats at.",
    source: "000: sends heartbeats every 30 seconds",
  }),
  missedHeartbeats: knob(wholeBetween("heartbeats", 1, 1000), {
    default: 3,
    unit: "heartbeats",
    meaning: "A host that misses so many is inactive until its next one.",
    source: "000: missed heartbeats mark your host as inactive; the number is ours",
  }),
} as const

export const compileLiveness = ({
  liveness,
}: {
  readonly liveness: KnobValues<typeof livenessKnobs>
}) =>
  ({
    heartbeatTimeoutMicros: microsOf(liveness.heartbeatSeconds * liveness.missedHeartbeats),
  }) as const

/** Admission: which instances may be given a call. Measurements and probes find out. */
import { ofInstances } from "../state/market-state.ts"
import type { Mechanism } from "../state/mechanism.ts"
import { auditAdmission } from "./audit.ts"
import { setRampStarts } from "./bootstrap.ts"
import { onCapacityMeasured } from "./measurements.ts"
import { lookAgain, onProbeEnded } from "./probes.ts"

export const admission: Mechanism = {
  name: "admission",
  takes: { CapacityMeasured: onCapacityMeasured, ProbeEnded: onProbeEnded },
  timers: [{ queue: ofInstances, fire: lookAgain }],
  turnHour: setRampStarts,
  audit: auditAdmission,
}

/** Quality: refusals, answers that are run again, accuracy. */
import { countOf } from "../../core/table.ts"
import type { Mechanism } from "../state/mechanism.ts"
import { onAccuracyMeasured } from "./accuracy.ts"
import { auditQuality } from "./audit.ts"
import { dropRechecks, onQualityAudited } from "./rechecks.ts"

export const quality: Mechanism = {
  name: "quality",
  takes: { AccuracyMeasured: onAccuracyMeasured, QualityAudited: onQualityAudited },
  turnHour: dropRechecks,
  isAtRest: ({ rechecks }) => countOf(rechecks) === 0,
  audit: auditQuality,
}

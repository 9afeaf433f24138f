/** Service levels: what a listing promises, what was seen of it, and what goes back. */
import type { Mechanism } from "../state/mechanism.ts"
import { auditLevels } from "./audit.ts"
import { onSlaSet } from "./levels.ts"

export const sla: Mechanism = {
  name: "sla",
  takes: { SlaSet: onSlaSet },
  audit: auditLevels,
}

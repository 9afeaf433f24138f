/** The queue: flows in turn, and the tiers that give them their weights. */
import type { Mechanism } from "../state/mechanism.ts"
import { auditQueue } from "./audit.ts"
import { settleFlows } from "./flows.ts"
import { onQueueSet } from "./terms.ts"
import { onTiersSet } from "./tiers.ts"

export const queue: Mechanism = {
  name: "queue",
  takes: { TiersSet: onTiersSet, QueueSet: onQueueSet },
  turnHour: settleFlows,
  audit: auditQueue,
}

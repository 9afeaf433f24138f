/** Batches: requests that can wait, taken together, given out where there is room, and paid for as they end. */
import { ofBatches } from "../state/market-state.ts"
import type { Mechanism } from "../state/mechanism.ts"
import { auditBatches } from "./audit.ts"
import { expireOverdue, fireDeadline, onBatchCancelled, onBatchOpened } from "./orders.ts"
import { noteIdle } from "./room.ts"

export const batches: Mechanism = {
  name: "batches",
  takes: { BatchOpened: onBatchOpened, BatchCancelled: onBatchCancelled },
  timers: [{ queue: ofBatches, fire: fireDeadline }],
  resume: expireOverdue,
  turnHour: noteIdle,
  audit: auditBatches,
}

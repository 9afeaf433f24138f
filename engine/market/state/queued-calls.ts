/**
 * What is kept of a request under way where calls have flows or tiers, by its slot. Beside the table of requests, as most
 * markets know neither, and a call costs the more the more columns its row has.
 */
import type { Rules } from "../../economy/rules.ts"
import { noTier } from "../../rules/queue/fair-queue.ts"

export interface QueuedCalls {
  /** Its class. */
  tier: Uint8Array<ArrayBuffer>
  /** The flow + 1 that its attempt is of, and what that was charged; 0: none. */
  flow: Int32Array<ArrayBuffer>
  costCharged: Float64Array<ArrayBuffer>
  /** The call + 1 that is to have its place; 0: none. */
  preemptor: Float64Array<ArrayBuffer>
}

export const makeQueuedCalls = (requests = 0): QueuedCalls => ({
  tier: new Uint8Array(requests),
  flow: new Int32Array(requests),
  costCharged: new Float64Array(requests),
  preemptor: new Float64Array(requests),
})

const areKept = (rules: Rules): boolean => rules.isQueued || rules.areTiersOffered

/** Makes room for a request that begins, of as many as there may be. Its flow and its claim have ended with whoever had the slot before. */
export const keepQueued = (
  queued: QueuedCalls,
  rules: Rules,
  request: number,
  requests: number,
): void => {
  if (!areKept(rules)) return
  if (request >= queued.tier.length) {
    const wider = makeQueuedCalls(requests)
    for (const name of ["tier", "flow", "costCharged", "preemptor"] as const)
      wider[name].set(queued[name])
    Object.assign(queued, wider)
  }
  queued.tier[request] = noTier
}

/** The class of a request under way. */
export const tierOf = (queued: QueuedCalls, rules: Rules, request: number): number =>
  rules.areTiersOffered ? queued.tier[request] : noTier

/** Answers that are to be run again, and how accurate instances are (docs/rules.md#quality). */
import type { InstanceId, RequestId } from "../../core/ids.ts"
import { slotOf } from "../../core/table.ts"
import type { MarketHandle } from "../state/market-state.ts"
import { open } from "../state/market-state.ts"

export interface RecheckView {
  readonly request: RequestId
  readonly instance: InstanceId
  /** Then it is not waited for any more. */
  readonly untilMicros: number
}

/** Answers that are waited for to be compared, by request. O(those). */
export const openRechecks = (handle: MarketHandle): ReadonlyArray<RecheckView> => {
  const { now, rechecks } = open(handle)
  const { instance, until } = rechecks.columns
  const found: Array<RecheckView> = []
  for (let slot = 0; slot < rechecks.used; slot++)
    if (rechecks.ids[slot] !== -1 && until[slot] > now)
      found.push({
        request: rechecks.ids[slot],
        instance: instance[slot],
        untilMicros: until[slot],
      })
  return found.toSorted((a, b) => a.request - b.request)
}

/** What an instance was measured at with its model, 0 … 10,000; `undefined`: it was not, or is not there. */
export const accuracyOf = (handle: MarketHandle, id: InstanceId): number | undefined => {
  const { instances } = open(handle)
  const slot = slotOf(instances, id)
  // What was measured at nothing is as one that was not: it serves nothing either.
  const measured = slot < 0 ? 0 : instances.columns.accuracyBps[slot]
  return measured === 0 ? undefined : measured
}

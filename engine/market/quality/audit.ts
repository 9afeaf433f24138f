/** What holds of quality between steps. */
import { invariant } from "../../core/invariant.ts"
import { auditTable, isPresent } from "../../core/table.ts"
import { provenFake } from "../../rules/quality.ts"
import type { Market } from "../state/market-state.ts"

/** Asserts it of every answer that is run again, every instance and model. O(all three). */
export const auditQuality = ({ accounts, instances, models, rechecks, requests }: Market): void => {
  auditTable(rechecks)
  for (let slot = 0; slot < rechecks.used; slot++) {
    if (rechecks.ids[slot] === -1) continue
    invariant(
      !isPresent(requests, rechecks.ids[slot]),
      "an answer is run again when it is paid for",
    )
    invariant(
      accounts.ids[rechecks.columns.account[slot]] >= 0,
      "an answer that is run again was an account's",
    )
  }
  for (let instance = 0; instance < instances.used; instance++) {
    const accuracy = instances.columns.accuracyBps[instance]
    invariant(
      accuracy <= 10_000 || accuracy === provenFake,
      "an instance is accurate in all answers at most",
    )
  }
  for (let model = 0; model < models.used; model++)
    invariant(
      models.columns.accuracyBps[model] <= 10_000,
      "a model asks for accuracy in all answers at most",
    )
}

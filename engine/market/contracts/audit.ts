/** What holds of offers between steps; what they keep of calendars is audited with what is sold. */
import { invariant } from "../../core/invariant.ts"
import { auditTable } from "../../core/table.ts"
import { auditWakeQueue } from "../../core/wake-queue.ts"
import type { Market } from "../state/market-state.ts"
import { ofContracts } from "../state/market-state.ts"

/** Asserts it of every offer. O(offers). */
export const auditOffers = (market: Market): void => {
  const { contracts, listings, wakes } = market
  auditTable(contracts)
  auditWakeQueue(wakes[ofContracts])
  for (let contract = 0; contract < contracts.used; contract++) {
    if (contracts.ids[contract] === -1) continue
    const { columns } = contracts
    const listing = columns.listing[contract]
    invariant(
      listing < listings.used && listings.ids[listing] !== -1,
      "an offer is of a listing that is there",
    )
    invariant(columns.phase[contract] === 0, "an offer that was answered is gone")
    invariant(wakes[ofContracts].position[contract] >= 0, "every offer runs out by itself")
    invariant(
      columns.keptUntil[contract] - columns.keptFrom[contract] >= columns.micros[contract],
      "an offer keeps the calendar for all of its hours",
    )
  }
}

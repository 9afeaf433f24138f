/** Listings: hours on offer, their schedules, and their rates. */
import { wakeAt } from "../../core/wake-queue.ts"
import type { Market } from "../state/market-state.ts"
import { ofListings, ofRegions } from "../state/market-state.ts"
import type { Mechanism } from "../state/mechanism.ts"
import { auditListings } from "./audit.ts"
import { onBalanceSet, onListingMeasured, onListingPhaseSet, onListingSet } from "./listings.ts"
import { onRegionSet } from "./regions.ts"
import { nextTurnOf, turnRegion } from "./repricing.ts"
import { followSchedule, onScheduleCleared, onScheduleSet } from "./schedules.ts"
import { skipUse } from "./use.ts"

export const listings: Mechanism = {
  name: "listings",
  takes: {
    RegionSet: onRegionSet,
    ListingSet: onListingSet,
    ListingPhaseSet: onListingPhaseSet,
    ListingMeasured: onListingMeasured,
    BalanceSet: onBalanceSet,
    ScheduleSet: onScheduleSet,
    ScheduleCleared: onScheduleCleared,
  },
  timers: [
    { queue: ofRegions, fire: turnRegion },
    { queue: ofListings, fire: followSchedule },
  ],
  resume: (market) => {
    for (const region of slotsOf(market.regions))
      wakeAt(market.wakes[ofRegions], region, nextTurnOf(market))
    skipUse(market)
    for (const listing of slotsOf(market.listings)) followSchedule(market, listing)
  },
  audit: auditListings,
}

const slotsOf = ({ ids, used }: Market["listings"] | Market["regions"]): ReadonlyArray<number> =>
  Array.from({ length: used }, (_, slot) => slot).filter((slot) => ids[slot] !== -1)

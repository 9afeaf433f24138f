/** What holds of listings and regions between steps. */
import { invariant } from "../../core/invariant.ts"
import { auditTable } from "../../core/table.ts"
import { auditWakeQueue } from "../../core/wake-queue.ts"
import { listingColumn } from "../../machines/listing.ts"
import { auditCalendar } from "../../rules/hours/calendar.ts"
import type { Market } from "../state/market-state.ts"
import { ofListings, ofRegions } from "../state/market-state.ts"

/** Asserts it of every listing and region. O(listings + their calendars). */
export const auditListings = (market: Market): void => {
  const { listings, nodes, regions, wakes } = market
  auditTable(listings)
  auditTable(regions)
  auditWakeQueue(wakes[ofRegions])
  auditWakeQueue(wakes[ofListings])
  invariant(regions.free.length === 0, "no region is ever closed")
  for (let region = 0; region < regions.used; region++)
    invariant(
      wakes[ofRegions].position[region] >= 0,
      "rates are set in every region again and again",
    )
  for (let node = 0; node < nodes.used; node++) {
    const listing = nodes.columns.listing[node] - 1
    invariant(
      listing < 0 || listings.columns.node[listing] === node,
      "a node's listing is of that node",
    )
  }
  for (let listing = 0; listing < listings.used; listing++)
    if (listings.ids[listing] !== -1) auditListing(market, listing)
}

const auditListing = (market: Market, listing: number): void => {
  const { listings, nodes, now } = market
  const { columns } = listings
  const node = columns.node[listing]
  invariant(nodes.ids[node] === listings.ids[listing], "a listing has the number of its node")
  invariant(
    columns.account[listing] === nodes.columns.account[node],
    "a listing is of its node's account",
  )
  invariant(
    columns.phase[listing] < listingColumn.states.length,
    "a listing is in one of its phases",
  )
  const room = { jobs: columns.maxJobs[listing], memoryMib: columns.memoryMib[listing] }
  auditCalendar(market.calendars[listing], room)
  invariant(columns.countedAt[listing] <= now, "the use of a listing is counted up to now at most")
  invariant(
    columns.rate[listing] >= columns.leastRate[listing],
    "a listing asks no less than its host's least",
  )
}

/**
 * How much of a listing and of a region is in use: what strategies of price go by. Integrals of job·µs since
 * rates were last set, brought up to date before whatever changes them.
 */
import { invariant } from "../../core/invariant.ts"
import { open } from "../../machines/listing.ts"
import type { Market } from "../state/market-state.ts"
import { partyOf } from "../state/market-state.ts"
import { lookAgainAtNode } from "../admission/probes.ts"
import { noteUptimeOfNode } from "../sla/uptime.ts"

/** Brings a listing's integrals up to the present. */
export const countUse = (market: Market, listing: number): void => {
  const { columns } = market.listings
  const elapsed = market.now - columns.countedAt[listing]
  invariant(elapsed >= 0, "the use of a listing is counted as it goes by")
  columns.countedAt[listing] = market.now
  const { busyJobs, maxJobs } = columns
  columns.busyMicros[listing] += busyJobs[listing] * elapsed
  columns.offeredMicros[listing] +=
    (isOffered(market, listing) ? maxJobs[listing] : busyJobs[listing]) * elapsed
}

/** The same, before its node comes or goes. */
export const countUseOfNode = (market: Market, node: number): void => {
  const listing = market.nodes.columns.listing[node] - 1
  if (listing >= 0) countUse(market, listing)
}

/** Is what is not sold of a listing on offer now? */
export const isOffered = (market: Market, listing: number): boolean => {
  const { columns } = market.listings
  const node = columns.node[listing]
  const { isOffSchedule, isOnline } = market.nodes.columns
  return columns.phase[listing] === open && isOffSchedule[node] === 0 && isOnline[node] === 1
}

/** Hours of a listing come into use, or go out of it: `jobs` may be below 0. */
export const changeUse = (
  market: Market,
  listing: number,
  consumer: number,
  jobs: number,
): void => {
  countUse(market, listing)
  const { columns } = market.listings
  columns.busyJobs[listing] += jobs
  invariant(columns.busyJobs[listing] >= 0, "no more jobs of a listing end than began")
  if (columns.busyJobs[listing] === 0) columns.idleSince[listing] = market.now
  noteDemand(market, listing, consumer, jobs)
  // What is sold by the hour is not there for calls.
  lookAgainAtNode(market, columns.node[listing])
  noteUptimeOfNode(market, columns.node[listing])
}

/** While the gateway is away nothing is sold: that time is neither use nor idleness. */
export const skipUse = (market: Market): void => {
  const { columns, ids, used } = market.listings
  for (let listing = 0; listing < used; listing++)
    if (ids[listing] !== -1) columns.countedAt[listing] = market.now
  for (const demand of market.regionDemand)
    for (const [party, before] of demand) demand.set(party, { ...before, at: market.now })
}

/** What a party has in use in the region, as far as that is demand. */
const noteDemand = (market: Market, listing: number, consumer: number, jobs: number): void => {
  const { account, region } = market.listings.columns
  const party = partyOf(market, consumer)
  const isOwn = party === partyOf(market, account[listing])
  if (isOwn && market.rules.isOwnDemandExcluded) return
  const demand = market.regionDemand[region[listing]]
  const before = demand.get(party) ?? { jobs: 0, micros: 0, at: market.now }
  demand.set(party, {
    jobs: before.jobs + jobs,
    micros: before.micros + before.jobs * (market.now - before.at),
    at: market.now,
  })
}

/** The use of a region since rates were last set, 0 … 1, of so many job·µs on offer. */
export const takeRegionUse = (market: Market, region: number, offeredMicros: number): number => {
  const { rules, now } = market
  const demand = market.regionDemand[region]
  let used = 0
  for (const [party, { jobs, micros, at }] of demand) {
    const whole = micros + jobs * (now - at)
    used += Math.min(whole, rules.maxRegionShare * offeredMicros)
    if (jobs === 0) demand.delete(party)
    else demand.set(party, { jobs, micros: 0, at: now })
  }
  return offeredMicros === 0 ? 0 : Math.min(1, used / offeredMicros)
}

/** A party's hours are another one's from now on. */
export const joinRegionDemand = (market: Market, kept: number, joined: number): void => {
  const { now } = market
  for (const demand of market.regionDemand) {
    const moved = demand.get(joined)
    if (moved === undefined) continue
    const { jobs, micros, at } = demand.get(kept) ?? { jobs: 0, micros: 0, at: now }
    demand.delete(joined)
    demand.set(kept, {
      jobs: jobs + moved.jobs,
      micros: micros + jobs * (now - at) + moved.micros + moved.jobs * (now - moved.at),
      at: now,
    })
  }
}

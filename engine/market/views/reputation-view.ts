/** What providers are known for (docs/rules.md#reputation), and listings in its order. */
import type { AccountId, ListingId } from "../../core/ids.ts"
import { slotOf } from "../../core/table.ts"
import { microsPerHour } from "../../core/units.ts"
import { countIn, score } from "../../rules/health.ts"
import type { ReputationParts } from "../../rules/ratings.ts"
import { dayOf, emptyRecord, fadeAfter, overallOf, partsOf, recordOn } from "../../rules/ratings.ts"
import type { Market, MarketHandle } from "../state/market-state.ts"
import { open, partyOf } from "../state/market-state.ts"
import type { ListingView } from "./listing-view.ts"
import { listingViews } from "./listing-view.ts"

/** Its parts and their weighted mean, each 0 … 1, and how much they rest on. */
export interface ReputationView extends ReputationParts {
  readonly overall: number
  /** Weights of the ratings that count today. */
  readonly ratings: number
  /** Sold hours that have come due, and bookings that have begun or should have. */
  readonly soldHours: number
  readonly starts: number
}

/** What a provider is known for: that of its whole party. `undefined`: no such account. O(instances + voices). */
export const reputationView = (handle: MarketHandle, id: AccountId): ReputationView | undefined => {
  const market = open(handle)
  const account = slotOf(market.accounts, id)
  return account < 0 ? undefined : viewOf(market, partyOf(market, account))
}

/** A listing is known for what its provider is. */
export const reputationOfListing = (
  handle: MarketHandle,
  id: ListingId,
): ReputationView | undefined => {
  const market = open(handle)
  const listing = slotOf(market.listings, id)
  if (listing < 0) return undefined
  return viewOf(market, partyOf(market, market.listings.columns.account[listing]))
}

/** Does a provider's reputation reach a floor, 0 … 1? What a tier may ask for. */
export const hasReputation = (handle: MarketHandle, id: AccountId, floor: number): boolean =>
  (reputationView(handle, id)?.overall ?? 0) >= floor

/** Every listing, those of the best known providers first, and by number among equals. */
export const listingsByReputation = (handle: MarketHandle): ReadonlyArray<ListingView> => {
  const market = open(handle)
  const known = new Map<number, number>()
  for (const { listing } of listingViews(handle)) {
    const account = market.listings.columns.account[slotOf(market.listings, listing)]
    const party = partyOf(market, account)
    if (!known.has(party)) known.set(party, viewOf(market, party).overall)
  }
  const overall = ({ account }: ListingView): number =>
    known.get(partyOf(market, slotOf(market.accounts, account))) ?? 0
  return listingViews(handle).toSorted((a, b) => overall(b) - overall(a) || a.listing - b.listing)
}

const viewOf = (market: Market, party: number): ReputationView => {
  const { rules, now } = market
  const today = dayOf(now)
  const record = recordOn(rules, market.records.get(party) ?? emptyRecord(today), today)
  const parts = partsOf(rules, record, today, healthOf(market, party))
  return {
    ...parts,
    overall: overallOf(rules, parts),
    ratings: record.voices.reduce(
      (sum, { at, weight }) => sum + weight * fadeAfter(rules, today - dayOf(at)),
      record.weight,
    ),
    soldHours: record.soldMicros / microsPerHour,
    starts: record.starts,
  }
}

/** The health of all that a party serves calls with, as if it were one instance. */
const healthOf = ({ health: { sums }, instances, rules }: Market, party: number): number => {
  const { columns, ids, used } = instances
  const total = { successes: 0, failures: 0, probes: 0, goodProbes: 0, onlineMicros: 0 }
  for (let instance = 0; instance < used; instance++) {
    if (ids[instance] === -1 || columns.operator[instance] !== party) continue
    for (const what of Object.keys(total) as ReadonlyArray<keyof typeof total>)
      total[what] += countIn(sums, what, instance)
  }
  const { successes, failures, probes, goodProbes, onlineMicros } = total
  const hours = onlineMicros / microsPerHour
  return score(rules, successes, failures, probes, goodProbes, hours) / 100
}

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

/** The same for many accounts, as the market stands now: O(instances) at first, then O(voices) for each party. */
export const reputations = (
  handle: MarketHandle,
): ((id: AccountId) => ReputationView | undefined) => {
  const market = open(handle)
  const servedBy = servedByParty(market)
  const known = new Map<number, ReputationView>()
  return (id) => {
    const account = slotOf(market.accounts, id)
    if (account < 0) return undefined
    const party = partyOf(market, account)
    const view = known.get(party) ?? viewWith(market, party, servedBy.get(party) ?? nothingServed)
    known.set(party, view)
    return view
  }
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
  const known = reputations(handle)
  const overall = ({ account }: ListingView): number => known(account)?.overall ?? 0
  return listingViews(handle).toSorted((a, b) => overall(b) - overall(a) || a.listing - b.listing)
}

const viewOf = (market: Market, party: number): ReputationView =>
  viewWith(market, party, servedByParty(market).get(party) ?? nothingServed)

const viewWith = (market: Market, party: number, served: Served): ReputationView => {
  const { rules, now } = market
  const today = dayOf(now)
  const record = recordOn(rules, market.records.get(party) ?? emptyRecord(today), today)
  const { successes, failures, probes, goodProbes, onlineMicros } = served
  const hours = onlineMicros / microsPerHour
  const health = score(rules, successes, failures, probes, goodProbes, hours) / 100
  const parts = partsOf(rules, record, today, health)
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

/** What counts towards the health of all that a party serves calls with, as if it were one instance. */
type Served = Readonly<
  Record<"successes" | "failures" | "probes" | "goodProbes" | "onlineMicros", number>
>

const nothingServed: Served = {
  successes: 0,
  failures: 0,
  probes: 0,
  goodProbes: 0,
  onlineMicros: 0,
}

/** O(instances). */
const servedByParty = ({ health: { sums }, instances }: Market): ReadonlyMap<number, Served> => {
  const { columns, ids, used } = instances
  const found = new Map<number, Served>()
  for (let instance = 0; instance < used; instance++) {
    if (ids[instance] === -1) continue
    const party = columns.operator[instance]
    const before = found.get(party) ?? nothingServed
    const sum = (what: keyof Served): number => before[what] + countIn(sums, what, instance)
    found.set(party, {
      successes: sum("successes"),
      failures: sum("failures"),
      probes: sum("probes"),
      goodProbes: sum("goodProbes"),
      onlineMicros: sum("onlineMicros"),
    })
  }
  return found
}

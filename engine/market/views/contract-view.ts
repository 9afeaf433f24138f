/** Contracts and reservations on offer. Money in minor units, time in µs. */
import type { AccountId, ContractId, ListingId } from "../../core/ids.ts"
import { slotOf } from "../../core/table.ts"
import type { SlaTerms } from "../../rules/hours/sla.ts"
import { priceOfOffer, promiseOfOffer } from "../contracts/acceptance.ts"
import { onAcceptance } from "../contracts/offers.ts"
import type { Market, MarketHandle } from "../state/market-state.ts"
import { open } from "../state/market-state.ts"

export interface ContractView {
  readonly contract: ContractId
  readonly listing: ListingId
  readonly provider: AccountId
  readonly client: AccountId
  /** When it starts; `undefined`: when it is accepted. */
  readonly startAt: number | undefined
  readonly micros: number
  readonly jobs: number
  readonly memoryMib: number
  /** An hour for each job, or a reservation's fee for all of it. */
  readonly ratePerHour: number | undefined
  readonly fee: number | undefined
  /** Of all of it, were it accepted now. */
  readonly price: number
  readonly availabilityBps: number
  readonly hasPenalties: boolean
  /** What would be promised with it, were it accepted now; `undefined`: nothing. */
  readonly promise: SlaTerms | undefined
  /** Until when it can be accepted. */
  readonly untilMicros: number
}

/** An offer as it stands, or `undefined`: there is none, or it was answered. */
export const contractView = (handle: MarketHandle, id: ContractId): ContractView | undefined => {
  const market = open(handle)
  const contract = slotOf(market.contracts, id)
  return contract < 0 ? undefined : viewOf(market, contract)
}

/** Every open offer, by number. O(offers). */
export const contractViews = (handle: MarketHandle): ReadonlyArray<ContractView> => {
  const market = open(handle)
  return [...market.contracts.slots.keys()]
    .toSorted((a, b) => a - b)
    .map((id) => viewOf(market, slotOf(market.contracts, id)))
}

const viewOf = (market: Market, contract: number): ContractView => {
  const { columns, ids } = market.contracts
  const { accounts, listings } = market
  const listing = columns.listing[contract]
  const isReservation = columns.isReservation[contract] === 1
  const startAt = columns.startAt[contract]
  return {
    contract: ids[contract],
    listing: listings.ids[listing],
    provider: accounts.ids[listings.columns.account[listing]],
    client: accounts.ids[columns.client[contract]],
    startAt: startAt === onAcceptance ? undefined : startAt,
    micros: columns.micros[contract],
    jobs: columns.jobs[contract],
    memoryMib: columns.memoryMib[contract],
    ratePerHour: isReservation ? undefined : columns.price[contract],
    fee: isReservation ? columns.price[contract] : undefined,
    price: priceOfOffer(market, contract),
    availabilityBps: columns.availabilityBps[contract],
    hasPenalties: columns.hasPenalties[contract] === 1,
    promise: promiseOfOffer(market, contract),
    untilMicros: columns.deadline[contract],
  }
}

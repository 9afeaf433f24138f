/** Balances, the books as a whole, and what can be bought and withdrawn; minor units. */
import type { AccountId, TransferId } from "../../core/ids.ts"
import { slotOf } from "../../core/table.ts"
import type { Balance } from "../../ledger/accounts.ts"
import {
  balanceOf,
  bountyPool,
  lotAccount,
  promotion,
  wouldOverflow,
} from "../../ledger/accounts.ts"
import { heldAmount } from "../../ledger/holds.ts"
import type { MarketHandle } from "../state/market-state.ts"
import { open } from "../state/market-state.ts"

export interface AccountView extends Balance {
  readonly account: AccountId
  /** Its number among the ledger's customers, for `lotAccount`. */
  readonly customer: number
  /** The first account of its party: accounts that are known to belong together have the same. */
  readonly party: AccountId
  /** Bounty that it has claimed since the last turn of the hour, minor units. */
  readonly claimed: number
}

/** One account's balance by lot, minor units, or `undefined`. */
export const accountView = (handle: MarketHandle, id: AccountId): AccountView | undefined => {
  const market = open(handle)
  const customer = slotOf(market.accounts, id)
  if (customer < 0) return undefined
  const { claimNow, claimVesting, party } = market.accounts.columns
  return {
    account: id,
    customer,
    party: market.accounts.ids[party[customer]],
    ...balanceOf(market.ledger, customer),
    claimed: claimNow[customer] + claimVesting[customer],
  }
}

/** Sums over the whole ledger, minor units. */
export interface BooksView {
  /** Of all balances: 0 unless the ledger is broken. */
  readonly total: number
  readonly bountyPool: number
  /** What customers own, and what is held of it. */
  readonly owned: number
  readonly held: number
}

/** The ledger as a whole. O(accounts). */
export const booksView = (handle: MarketHandle): BooksView => {
  const { posted, held } = open(handle).ledger
  const firstLot = lotAccount(0, 0)
  let ofSystem = 0
  for (let account = 0; account < firstLot; account++) ofSystem += posted[account]
  let owned = 0
  let heldInAll = 0
  for (let account = firstLot; account < posted.length; account++) {
    owned += posted[account]
    heldInAll += held[account]
  }
  return { total: ofSystem + owned, bountyPool: posted[bountyPool], owned, held: heldInAll }
}

/** Accounts of the ledger that have less than is held of them: none unless it is broken. O(accounts). */
export const overdrawnAccounts = (handle: MarketHandle): ReadonlyArray<number> => {
  const { posted, held } = open(handle).ledger
  const found: Array<number> = []
  for (let account = bountyPool; account < posted.length; account++)
    if (account !== promotion && posted[account] < held[account]) found.push(account)
  return found
}

/** May customers buy so many minor units more, or would all money leave the safe range? O(1). */
export const hasRoomFor = (handle: MarketHandle, amount: number): boolean =>
  !wouldOverflow(open(handle).ledger, amount)

/** What is in the bounty pool, minor units. O(1). */
export const bountyPoolOf = (handle: MarketHandle): number => open(handle).ledger.posted[bountyPool]

/** Posted balance of every account of the ledger, by its number, minor units. O(accounts). */
export const ledgerBalances = (handle: MarketHandle): ReadonlyArray<number> => [
  ...open(handle).ledger.posted,
]

/** Every account, in order. O(accounts). */
export const accountIds = (handle: MarketHandle): ReadonlyArray<AccountId> =>
  [...open(handle).accounts.slots.keys()].sort((a, b) => a - b)

export interface WithdrawalView {
  readonly transfer: TransferId
  readonly account: AccountId
  readonly amount: number
}

/** Withdrawals that are neither posted nor voided, by transfer. O(open withdrawals). */
export const openWithdrawals = (handle: MarketHandle): ReadonlyArray<WithdrawalView> => {
  const market = open(handle)
  const holds = market.ledger.holds.withdrawals
  return holds.slots.toArray().map(([transfer, slot]) => ({
    transfer,
    account: market.accounts.ids[holds.columns.customer[slot]],
    amount: heldAmount(holds, slot),
  }))
}

/** A balance as its owner sees it: decimal credits by lot, never a binary fraction. */
import { Schema } from "effect"
import type { Market } from "../../engine/index.ts"
import { balanceOf } from "../../engine/index.ts"
import { Credits } from "../http/fields.ts"
import { creditsOf } from "./credits.ts"

export const BalanceView = Schema.Struct({
  /** Sign-up gift: spent first, never withdrawable. */
  gift: Credits,
  bought: Credits,
  /** Withdrawable, but for what is held. */
  earned: Credits,
  /** Bounty that is released day by day; cannot be spent yet. */
  vesting: Credits,
  /** Part of gift, bought and earned that open calls and withdrawals hold. */
  held: Credits,
  /** What can be spent now: gift, bought and earned, less what is held. */
  spendable: Credits,
})
export type BalanceView = typeof BalanceView.Type

/** An account's number among the ledger's customers. */
export const customerOf = (market: Market, account: number): number => {
  const customer = market.accounts.slots.get(account)
  if (customer === undefined) throw new Error(`accounts: the market knows no account ${account}`)
  return customer
}

export const balanceView = (market: Market, account: number): BalanceView => {
  const balance = balanceOf(market.ledger, customerOf(market, account))
  const credits = (minor: number): string => creditsOf(market, minor)
  return {
    gift: credits(balance.gift),
    bought: credits(balance.bought),
    earned: credits(balance.earned),
    vesting: credits(balance.vesting),
    held: credits(balance.held),
    spendable: credits(balance.spendable),
  }
}

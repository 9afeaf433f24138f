/** A balance as its owner sees it: decimal credits by lot, never a binary fraction. */
import type { Market } from "../../engine/index.ts"
import { balanceOf } from "../../engine/index.ts"
import type { BalanceView } from "../protocol/money.ts"
import { creditsOf } from "./credits.ts"

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

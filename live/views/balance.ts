/** A balance as its owner sees it: decimal credits by lot, never a binary fraction. */
import type { AccountId, AccountView, Market } from "../../engine/index.ts"
import { accountView } from "../../engine/index.ts"
import type { BalanceView } from "../protocol/money.ts"
import { creditsOf } from "./credits.ts"

/** An account of the directory as the ledger has it. */
export const ledgerAccount = (market: Market, account: AccountId): AccountView => {
  const view = accountView(market, account)
  if (view === undefined) throw new Error(`accounts: the market knows no account ${account}`)
  return view
}

export const balanceView = (market: Market, account: AccountId): BalanceView => {
  const balance = ledgerAccount(market, account)
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

/**
 * The accounts' desk (docs/rules.md#credits): sign-up grants, buying, withdrawing.
 *
 * "On every new account, so you can call the gateway before you buy or earn" (002): the grant is a
 * lot of its own, spent first and never withdrawable. Only earned credits can be withdrawn, in two
 * phases: pending, then posted or voided.
 */
import { invariant } from "../../core/invariant.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import type { Market } from "../state/market-state.ts"
import { insert, isPresent, slotOf } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"
import {
  availableOf,
  bountyPool,
  bought,
  earned,
  gift,
  lotAccount,
  openCustomer,
  post,
  promotion,
  world,
  wouldOverflow,
} from "../../ledger/accounts.ts"
import { heldAmount, holdEarned, voidHold } from "../../ledger/holds.ts"

export const onAccountOpened = (
  market: Market,
  event: EventOf<"AccountOpened">,
): Rejection | undefined => {
  if (!isWhole(event.account)) return "InvalidQuantity"
  if (isPresent(market.accounts, event.account)) return "DuplicateAccount"
  const { ledger, rules } = market
  const account = insert(market.accounts, event.account)
  const customer = openCustomer(ledger)
  invariant(customer === account, "an account is the ledger's customer of the same number")
  market.accounts.columns.party[account] = account
  const spent = -ledger.posted[promotion]
  // Grants stop when the budget is spent, or when the market can hold no more credits.
  if (spent + rules.grantMinor <= rules.promotionMinor && !wouldOverflow(ledger, rules.grantMinor))
    post(
      ledger,
      market.sink,
      "grant",
      promotion,
      lotAccount(account, gift),
      rules.grantMinor,
      event.account,
    )
  return undefined
}

export const onCreditsBought = (
  market: Market,
  event: EventOf<"CreditsBought">,
): Rejection | undefined => {
  const account = slotOf(market.accounts, event.account)
  if (account < 0) return "UnknownAccount"
  const rejection = refuseCredit(market, event.transfer, event.amount)
  if (rejection !== undefined) return rejection
  market.ledger.transfers.add(event.transfer)
  const to = lotAccount(account, bought)
  post(market.ledger, market.sink, "purchase", world, to, event.amount, event.transfer)
  return undefined
}

export const onPoolFunded = (
  market: Market,
  event: EventOf<"PoolFunded">,
): Rejection | undefined => {
  const rejection = refuseCredit(market, event.transfer, event.amount)
  if (rejection !== undefined) return rejection
  market.ledger.transfers.add(event.transfer)
  post(market.ledger, market.sink, "funding", world, bountyPool, event.amount, event.transfer)
  return undefined
}

const refuseCredit = (market: Market, transfer: number, amount: number): Rejection | undefined => {
  if (market.ledger.transfers.has(transfer)) return "DuplicateTransfer"
  if (!isWhole(transfer) || !isWhole(amount) || amount === 0) return "InvalidQuantity"
  return wouldOverflow(market.ledger, amount) ? "BalanceTooLarge" : undefined
}

export const onWithdrawalRequested = (
  market: Market,
  event: EventOf<"WithdrawalRequested">,
): Rejection | undefined => {
  const account = slotOf(market.accounts, event.account)
  if (account < 0) return "UnknownAccount"
  const { ledger } = market
  if (ledger.transfers.has(event.transfer)) return "DuplicateTransfer"
  if (!isWhole(event.transfer) || !isWhole(event.amount) || event.amount === 0)
    return "InvalidQuantity"
  if (event.amount < market.rules.minWithdrawalMinor) return "BelowMinimum"
  if (availableOf(ledger, lotAccount(account, earned)) < event.amount) return "InsufficientCredits"
  ledger.transfers.add(event.transfer)
  holdEarned(ledger, ledger.holds.withdrawals, event.transfer, account, event.amount)
  return undefined
}

export const onWithdrawalPosted = (
  market: Market,
  event: EventOf<"WithdrawalPosted">,
): Rejection | undefined => {
  const { ledger } = market
  const holds = ledger.holds.withdrawals
  const hold = slotOf(holds, event.transfer)
  if (hold < 0) return "UnknownTransfer"
  const from = lotAccount(holds.columns.customer[hold], earned)
  const amount = heldAmount(holds, hold)
  invariant(amount > 0, "an open withdrawal is of something")
  voidHold(ledger, holds, hold)
  post(ledger, market.sink, "withdrawal", from, world, amount, event.transfer)
  return undefined
}

export const onWithdrawalVoided = (
  market: Market,
  event: EventOf<"WithdrawalVoided">,
): Rejection | undefined => {
  const holds = market.ledger.holds.withdrawals
  const hold = slotOf(holds, event.transfer)
  if (hold < 0) return "UnknownTransfer"
  voidHold(market.ledger, holds, hold)
  return undefined
}

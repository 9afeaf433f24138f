/**
 * Vesting (docs/rules.md#vesting): what a bounty exceeds the fee by is released over 14 days, a like part
 * of each day's cohort a day, and goes back to the pool on fraud.
 */
import { invariant } from "../../core/invariant.ts"
import type { Rejection } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { bountyPool, earned, lotAccount, post, vesting } from "../../ledger/accounts.ts"
import type { Market } from "../state/market-state.ts"
import { slotOf } from "../../core/table.ts"
import { microsPerDay } from "../../core/units.ts"

const dayOf = (market: Market): number => Math.floor(market.now / microsPerDay)

/** Adds to the cohort of the present day. The credits are in the account's vesting lot already. */
export const vest = (market: Market, account: number, amount: number): void => {
  invariant(market.rules.vestingDays >= 1, "a bounty vests over a day or more")
  invariant(amount > 0, "what vests is something")
  let cohorts = market.vestings.get(account)
  if (cohorts === undefined) {
    cohorts = new Float64Array(market.rules.vestingDays + 1)
    market.vestings.set(account, cohorts)
  }
  const at = dayOf(market) % cohorts.length
  cohorts[at] += amount
}

/** At the turn of a day: releases of each cohort what is due, the last day whatever is left. */
export const releaseVested = (market: Market): void => {
  const today = dayOf(market)
  const byAccount = [...market.vestings].toSorted(([a], [b]) => a - b)
  for (const [account, cohorts] of byAccount) {
    let due = 0
    let left = 0
    for (let age = 1; age < cohorts.length; age++) {
      const at = (today - age + cohorts.length) % cohorts.length
      const remaining = cohorts[at]
      const part = Math.floor(remaining / (cohorts.length - age))
      cohorts[at] = remaining - part
      due += part
      left += remaining - part
    }
    const from = lotAccount(account, vesting)
    invariant(
      due + left + cohorts[today % cohorts.length] === market.ledger.posted[from],
      "what an account's cohorts hold is in its vesting lot",
    )
    const id = market.accounts.ids[account]
    post(market.ledger, market.sink, "vested", from, lotAccount(account, earned), due, id)
    if (left === 0 && cohorts[today % cohorts.length] === 0) market.vestings.delete(account)
  }
}

export const onFraudConfirmed = (
  market: Market,
  event: EventOf<"FraudConfirmed">,
): Rejection | undefined => {
  const account = slotOf(market.accounts, event.account)
  if (account < 0) return "UnknownAccount"
  confirmFraud(market, account)
  return undefined
}

/** Takes back what has not vested yet, and what was claimed this hour. */
export const confirmFraud = (market: Market, account: number): void => {
  const id = market.accounts.ids[account]
  const { claimNow, claimVesting } = market.accounts.columns
  claimNow[account] = 0
  claimVesting[account] = 0
  market.claimants.splice(0, Infinity, ...market.claimants.filter((one) => one !== account))
  const from = lotAccount(account, vesting)
  const amount = market.ledger.posted[from]
  post(market.ledger, market.sink, "clawback", from, bountyPool, amount, id)
  market.vestings.delete(account)
  emit(market.sink, {
    _tag: "Audit",
    subject: id,
    finding: "Clawback",
    quantity: amount,
  })
}

/** What holds of accounts and their parties between steps. */
import { invariant } from "../../core/invariant.ts"
import { auditTable } from "../../core/table.ts"
import { promotion } from "../../ledger/accounts.ts"
import { auditLedger } from "../../ledger/audit.ts"
import type { Market } from "../state/market-state.ts"

/** Asserts it of every account. O(accounts). */
export const auditAccounts = ({ accounts, ledger, rules }: Market): void => {
  auditTable(accounts)
  auditLedger(ledger)
  invariant(accounts.slots.size === ledger.customers, "each account is a customer of the ledger")
  invariant(accounts.free.length === 0, "no account is ever closed")
  invariant(
    -ledger.posted[promotion] <= rules.promotionMinor,
    "no more is given away than the promotion's budget",
  )
  const { party } = accounts.columns
  for (let account = 0; account < accounts.used; account++) {
    invariant(party[account] <= account, "a party's first account is the earliest of its accounts")
    invariant(party[party[account]] === party[account], "a party's first account is its own")
  }
}

/** What holds of the books between steps (docs/rules.md#credits). */
import { invariant } from "../core/invariant.ts"
import type { Ledger } from "./accounts.ts"
import { clearing, lotAccount, promotion, vesting, world } from "./accounts.ts"

/** Asserts it of a whole ledger. O(accounts). */
export const auditLedger = ({ posted, held, customers }: Ledger): void => {
  // Those who owe come first: what they owe in all is safe, and so is every sum from there on.
  let total = 0
  for (let account = 0; account < posted.length; account++) {
    const balance = posted[account]
    invariant(Number.isSafeInteger(balance), "a balance is whole and safe")
    invariant(held[account] >= 0, "what is held is at least 0")
    invariant(
      account === world || account === promotion || balance >= held[account],
      "nobody has less than is held of it",
    )
    total += balance
  }
  invariant(total === 0, "all balances add up to 0")
  invariant(posted[clearing] === 0, "clearing is empty between steps")
  invariant(posted[promotion] <= 0, "what was given away is owed by the promotion")
  for (let account = 0; account < lotAccount(0, 0); account++)
    invariant(held[account] === 0, "nothing of the system's own accounts is held")
  for (let customer = 0; customer < customers; customer++)
    invariant(held[lotAccount(customer, vesting)] === 0, "nothing is held of what vests")
  for (let account = lotAccount(customers, 0); account < posted.length; account++)
    invariant(posted[account] === 0, "nobody's lots are empty")
}

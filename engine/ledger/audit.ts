/** What holds of the books between steps (docs/rules.md#credits). */
import { invariant } from "../core/invariant.ts"
import { auditTable } from "../core/table.ts"
import type { Ledger } from "./accounts.ts"
import {
  bought,
  clearing,
  earned,
  gift,
  holdPurposes,
  lotAccount,
  promotion,
  vesting,
  world,
} from "./accounts.ts"

/** Asserts it of a whole ledger. O(accounts + open holds). */
export const auditLedger = (ledger: Ledger): void => {
  auditBalances(ledger)
  auditHolds(ledger)
}

const auditBalances = ({ posted, held, customers }: Ledger): void => {
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

/** The open holds of all purposes make up what is held. */
const auditHolds = ({ customers, held, holds, transfers }: Ledger): void => {
  const open = new Float64Array(held.length)
  for (const purpose of holdPurposes) {
    const { columns, ids, used } = holds[purpose]
    auditTable(holds[purpose])
    for (let hold = 0; hold < used; hold++) {
      if (ids[hold] === -1) continue
      const customer = columns.customer[hold]
      invariant(customer >= 0 && customer < customers, "credits are held of a customer")
      for (const [lot, part] of [
        [gift, columns.gift[hold]],
        [bought, columns.bought[hold]],
        [earned, columns.earned[hold]],
      ] as const) {
        invariant(part >= 0, "no part of an open hold is below 0")
        open[lotAccount(customer, lot)] += part
      }
    }
  }
  for (let account = 0; account < held.length; account++)
    invariant(held[account] === open[account], "what is held is what open holds hold")
  const { columns, ids, used } = holds.withdrawals
  for (let hold = 0; hold < used; hold++) {
    if (ids[hold] === -1) continue
    invariant(transfers.has(ids[hold]), "an open withdrawal is a transfer that was accepted")
    invariant(columns.gift[hold] + columns.bought[hold] === 0, "what is to be withdrawn was earned")
  }
  for (const purpose of ["bonds", "deposits"] as const)
    for (let hold = 0; hold < holds[purpose].used; hold++)
      invariant(holds[purpose].columns.gift[hold] === 0, "nobody stands for anything with a gift")
}

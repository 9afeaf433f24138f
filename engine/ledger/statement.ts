/**
 * Statements and audits from postings alone: what an account did, and that the journal's postings
 * add up to the stored balances.
 */
import type { Command } from "../protocol/command.ts"
import type { Ledger } from "./accounts.ts"

export type Posting = Extract<Command, { readonly _tag: "Post" }>

export interface StatementLine {
  readonly kind: Posting["kind"]
  readonly reference: number
  /** Minor units; negative: money that left the account. */
  readonly amount: number
  /** Balance after the line, minor units. */
  readonly balance: number
}

/** Every posting that touches one ledger account, with its running balance. O(postings). */
export const statementOf = (
  postings: Iterable<Posting>,
  account: number,
): ReadonlyArray<StatementLine> => {
  const lines: Array<StatementLine> = []
  let balance = 0
  for (const { kind, debit, credit, amount, reference } of postings) {
    if (debit !== account && credit !== account) continue
    const signed = credit === account ? amount : -amount
    balance += signed
    lines.push({ kind, reference, amount: signed, balance })
  }
  return lines
}

/** Folds postings into balances by ledger account. */
export const balancesFrom = (postings: Iterable<Posting>): ReadonlyMap<number, number> => {
  const balances = new Map<number, number>()
  for (const { debit, credit, amount } of postings) {
    balances.set(debit, (balances.get(debit) ?? 0) - amount)
    balances.set(credit, (balances.get(credit) ?? 0) + amount)
  }
  return balances
}

/** Sum over all balances, minor units: 0 unless the ledger is broken. */
export const totalOf = ({ posted }: Ledger): number => {
  let total = 0
  for (const balance of posted) total += balance
  return total
}

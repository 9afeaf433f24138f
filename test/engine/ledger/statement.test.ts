import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Posting } from "../../../engine/ledger/statement.ts"
import { balancesFrom, statementOf } from "../../../engine/ledger/statement.ts"
import { assertProperty } from "../../support/property.ts"

const posting = (debit: number, credit: number, amount: number, reference: number): Posting => ({
  _tag: "Post",
  kind: "charge",
  debit,
  credit,
  amount,
  reference,
})

describe("a statement", () => {
  it("shows every line of one account with its running balance", () => {
    const postings = [
      posting(0, 5, 100, 1),
      posting(5, 4, 30, 2),
      posting(0, 6, 9, 3),
      posting(6, 5, 1, 4),
    ]
    expect(statementOf(postings, 5)).toEqual([
      { kind: "charge", reference: 1, amount: 100, balance: 100 },
      { kind: "charge", reference: 2, amount: -30, balance: 70 },
      { kind: "charge", reference: 4, amount: 1, balance: 71 },
    ])
    expect(statementOf(postings, 7)).toEqual([])
  })

  it("ends at the balance that the postings add up to, and all balances at 0", async () => {
    const one = fc.tuple(fc.nat(6), fc.nat(6), fc.nat(1_000_000))
    await assertProperty(
      fc.property(fc.array(one, { maxLength: 40 }), (rows) => {
        const postings = rows
          .filter(([debit, credit]) => debit !== credit)
          .map(([debit, credit, amount], i) => posting(debit, credit, amount, i))
        const balances = balancesFrom(postings)
        for (let account = 0; account <= 6; account++)
          expect(statementOf(postings, account).at(-1)?.balance ?? 0).toBe(
            balances.get(account) ?? 0,
          )
        expect([...balances.values()].reduce((sum, balance) => sum + balance, 0)).toBe(0)
      }),
    )
  })
})

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Command } from "../../../engine/protocol/command.ts"
import { emptyDigest } from "../../../engine/core/digest.ts"
import {
  balanceOf,
  bought,
  clearing,
  earned,
  gift,
  lotAccount,
  makeLedger,
  openCustomer,
  post,
  world,
} from "../../../engine/ledger/accounts.ts"
import { heldAmount, hold, holdEarned, postHold, voidHold } from "../../../engine/ledger/holds.ts"
import { countOf, slotOf } from "../../../engine/core/table.ts"
import { assertProperty } from "../../support/property.ts"

const ledgerWith = (gifts: number, purchases: number, earnings: number) => {
  const ledger = makeLedger()
  const sink = { commands: [] as Array<Command>, digest: emptyDigest() }
  const customer = openCustomer(ledger)
  post(ledger, sink, "grant", world, lotAccount(customer, gift), gifts, 1)
  post(ledger, sink, "purchase", world, lotAccount(customer, bought), purchases, 1)
  post(ledger, sink, "share", world, lotAccount(customer, earned), earnings, 1)
  return { ledger, sink, customer, holds: ledger.holds.requests }
}

describe("a hold", () => {
  it("takes gifts first, then bought, then earned credits", () => {
    const { ledger, customer, holds } = ledgerWith(5, 10, 20)
    hold(ledger, holds, 7, customer, 18)
    const slot = slotOf(holds, 7)
    const { gift: g, bought: b, earned: e } = holds.columns
    expect([g[slot], b[slot], e[slot]]).toEqual([5, 10, 3])
    expect(balanceOf(ledger, customer)).toMatchObject({ held: 18, spendable: 17 })
  })

  it("that follows another takes what that one left", () => {
    const { ledger, customer, holds } = ledgerWith(5, 10, 20)
    hold(ledger, holds, 7, customer, 12)
    hold(ledger, holds, 8, customer, 5)
    const slot = slotOf(holds, 8)
    const { gift: g, bought: b, earned: e } = holds.columns
    expect([g[slot], b[slot], e[slot]]).toEqual([0, 3, 2])
  })

  it("is posted in part, gifts first, and released for the rest", () => {
    const { ledger, sink, customer, holds } = ledgerWith(5, 10, 20)
    hold(ledger, holds, 7, customer, 35)
    expect(postHold(ledger, sink, holds, slotOf(holds, 7), 12)).toBe(5)
    expect(balanceOf(ledger, customer)).toMatchObject({ gift: 0, bought: 3, earned: 20, held: 0 })
    expect(ledger.posted[clearing]).toBe(12)
    expect(countOf(holds)).toBe(0)
  })

  it("for a withdrawal takes earned credits only", () => {
    const { ledger, customer, holds } = ledgerWith(5, 10, 20)
    holdEarned(ledger, holds, 7, customer, 20)
    expect(balanceOf(ledger, customer)).toMatchObject({ held: 20, spendable: 15 })
    expect(heldAmount(holds, slotOf(holds, 7))).toBe(20)
  })

  it("leaves everything as it was when it is voided", async () => {
    const amounts = fc.array(fc.nat(100), { minLength: 1, maxLength: 6 })
    await assertProperty(
      fc.property(fc.nat(100), fc.nat(100), fc.nat(100), amounts, (g, b, e, wanted) => {
        const { ledger, sink, customer, holds } = ledgerWith(g, b, e)
        const before = { ...balanceOf(ledger, customer) }
        let free = before.spendable
        const placed = wanted.flatMap((one, id) => {
          const amount = Math.min(one, free)
          free -= amount
          hold(ledger, holds, id, customer, amount)
          expect(balanceOf(ledger, customer).spendable).toBe(free)
          return [id]
        })
        for (const id of placed.toReversed()) voidHold(ledger, holds, slotOf(holds, id))
        expect(balanceOf(ledger, customer)).toEqual(before)
        expect(sink.commands.every((one) => one._tag === "Post" && one.debit === world)).toBe(true)
      }),
    )
  })
})

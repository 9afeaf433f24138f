/**
 * Invariant 22: gifts never leave by withdrawal, however they are spent, earned, held and withdrawn:
 * an account that only ever had gifts and its own earnings withdraws no more than it was paid, and
 * nobody withdraws who was never paid.
 */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { accountName, lotAccount } from "../../engine/ledger/accounts.ts"
import { slotOf } from "../../engine/core/table.ts"
import { economyWith } from "../support/market.ts"
import { assertProperty } from "../support/property.ts"
import { anyEconomy } from "./random-economy.ts"
import { anyShortLife, beginLife } from "./random-market.ts"

describe("gifts", () => {
  it("are never withdrawn: each withdrawal is of earnings, and of no more than there were", async () => {
    await assertProperty(
      fc.property(anyEconomy, anyShortLife, (economy, deeds) => {
        const { market, naive, play, sent } = beginLife(economy, "life", false)
        for (const deed of deeds) play(deed)
        const earnedBy = new Map<number, number>()
        for (const { commands } of sent)
          for (const command of commands) {
            if (command._tag !== "Post") continue
            const { kind, debit, credit, amount } = command
            if (kind === "grant") expect(accountName(credit)).toMatch(/ gift$/)
            if (kind === "withdrawal") {
              expect(accountName(debit)).toMatch(/ earned$/)
              expect(amount).toBeLessThanOrEqual(earnedBy.get(debit) ?? 0)
              earnedBy.set(debit, (earnedBy.get(debit) ?? 0) - amount)
            }
            if (kind === "share" || kind === "bounty" || kind === "vested")
              earnedBy.set(credit, (earnedBy.get(credit) ?? 0) + amount)
          }
        for (const account of naive.accounts.keys()) {
          const lot = lotAccount(slotOf(market.accounts, account), 2)
          expect(market.ledger.posted[lot]).toBeLessThanOrEqual(earnedBy.get(lot) ?? 0)
        }
      }),
      { share: 0.4 },
    )
  })

  it("bring nothing home where they stay gifts: earnings are paid by bought and earned credits alone", async () => {
    await assertProperty(
      fc.property(anyEconomy, anyShortLife, (any, deeds) => {
        const economy = economyWith({ promotion: { giftsPay: "gifts" } }, any)
        const { play, sent } = beginLife(economy, "life", false)
        for (const deed of deeds) play(deed)
        for (const { commands } of sent) {
          const sums = { charged: 0, earned: 0, passedOn: 0, given: 0 }
          for (const command of commands) {
            if (command._tag !== "Post") continue
            const isGift = (account: number) => accountName(account).endsWith(" gift")
            if (command.kind === "charge")
              sums[isGift(command.debit) ? "given" : "charged"] += command.amount
            if (command.kind === "share")
              sums[isGift(command.credit) ? "passedOn" : "earned"] += command.amount
          }
          // Within the minor unit that a part is rounded by.
          expect(sums.earned).toBeLessThanOrEqual(sums.charged + 1)
          expect(sums.passedOn).toBeLessThanOrEqual(sums.given)
        }
      }),
      { share: 0.4 },
    )
  })
})

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  balanceOf,
  bountyPool,
  lotAccount,
  post,
  vesting,
} from "../../../../engine/ledger/accounts.ts"
import { pooled } from "../../../../engine/economy/presets/pooled.ts"
import { vest } from "../../../../engine/market/payout/vesting.ts"
import { slotOf } from "../../../../engine/core/table.ts"
import { microsPerDay } from "../../../../engine/core/units.ts"
import { commandsOf, economyWith, openTrial, rejectionOf } from "../../../support/market.ts"
import type { Trial } from "../../../support/market.ts"
import { assertProperty } from "../../../support/property.ts"

/** A market with two accounts, nothing given, and a pool to grant bounties from. */
const open = (vestingDays = 14): Trial => {
  const trial = openTrial(
    economyWith({ promotion: { grantCredits: 0 }, bounty: { vestingDays } }, pooled),
  )
  for (const account of [1, 2]) trial.send({ _tag: "AccountOpened", account })
  trial.send({ _tag: "PoolFunded", transfer: 1, amount: 1_000_000_000 })
  return trial
}

/** A bounty that begins to vest now. */
const grant = (trial: Trial, account: number, amount: number): void => {
  const { ledger, sink, accounts } = trial.market
  const slot = slotOf(accounts, account)
  post(ledger, sink, "vestingBounty", bountyPool, lotAccount(slot, vesting), amount, account)
  vest(trial.market, slot, amount)
}

const balance = (trial: Trial, account: number) => {
  const { ledger, accounts } = trial.market
  const { earned, vesting: unvested } = balanceOf(ledger, slotOf(accounts, account))
  return { earned, vesting: unvested }
}

describe("a vesting bounty", () => {
  it("is released in 14 like parts, one at each turn of the day", () => {
    const trial = open()
    grant(trial, 1, 1400)
    for (let day = 1; day <= 14; day++) {
      trial.wait(microsPerDay - 1)
      expect(balance(trial, 1).earned).toBe(100 * (day - 1))
      trial.wait(1)
      expect(balance(trial, 1)).toEqual({ earned: 100 * day, vesting: 1400 - 100 * day })
    }
    expect(trial.market.vestings.size).toBe(0)
  })

  it("is released whole in the end, whatever remains of the division", async () => {
    const cohort = fc.tuple(fc.nat(20), fc.constantFrom(1, 2), fc.integer({ min: 1, max: 500 }))
    await assertProperty(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(cohort, { maxLength: 12 }),
        (vestingDays, cohorts) => {
          const trial = open(vestingDays)
          const granted = new Map([
            [1, 0],
            [2, 0],
          ])
          for (let day = 0; day <= 20 + vestingDays; day++) {
            for (const [at, account, amount] of cohorts) {
              if (at !== day) continue
              grant(trial, account, amount)
              granted.set(account, (granted.get(account) ?? 0) + amount)
            }
            const before = [1, 2].map((account) => balance(trial, account))
            trial.wait(microsPerDay)
            for (const account of [1, 2]) {
              const now = balance(trial, account)
              expect(now.earned + now.vesting).toBe(granted.get(account))
              expect(now.earned).toBeGreaterThanOrEqual(before[account - 1]?.earned ?? 0)
              // Never faster than the rule: a cohort of age a has released at most a/n of itself.
              const most = cohorts
                .filter(([at, one]) => one === account && at <= day)
                .reduce(
                  (sum, [at, , amount]) =>
                    sum + (amount * Math.min(day - at + 1, vestingDays)) / vestingDays,
                  0,
                )
              expect(now.earned).toBeLessThanOrEqual(most + 1e-9)
              expect(now.earned).toBeGreaterThan(most - vestingDays * 12)
            }
          }
          for (const account of [1, 2])
            expect(balance(trial, account)).toEqual({ earned: granted.get(account), vesting: 0 })
          expect(trial.market.vestings.size).toBe(0)
        },
      ),
    )
  })

  it("goes back to the pool on fraud, and what was released stays", () => {
    const trial = open()
    grant(trial, 1, 1400)
    grant(trial, 2, 1400)
    trial.wait(3 * microsPerDay)
    const pool = trial.market.ledger.posted[bountyPool] ?? 0
    const found = trial.send({ _tag: "FraudConfirmed", account: 1 })
    expect(commandsOf(found, "Post")).toMatchObject([{ kind: "clawback", amount: 1100 }])
    expect(commandsOf(found, "Audit")).toEqual([
      { _tag: "Audit", subject: 1, finding: "Clawback", quantity: 1100 },
    ])
    expect(balance(trial, 1)).toEqual({ earned: 300, vesting: 0 })
    expect(trial.market.ledger.posted[bountyPool]).toBe(pool + 1100)
    trial.wait(20 * microsPerDay)
    expect(balance(trial, 1)).toEqual({ earned: 300, vesting: 0 })
    expect(balance(trial, 2)).toEqual({ earned: 1400, vesting: 0 })
    expect(rejectionOf(trial.send({ _tag: "FraudConfirmed", account: 7 }))).toBe("UnknownAccount")
  })
})

import { describe, expect, it } from "vitest"
import { balanceOf, bountyPool, promotion, world } from "../../../../engine/ledger/accounts.ts"
import { slotOf } from "../../../../engine/core/table.ts"
import {
  arrive,
  commandsOf,
  consumer,
  economyWith,
  endAttempt,
  openSmallMarket,
  openTrial,
  rejectionOf,
} from "../../../support/market.ts"
import type { Trial } from "../../../support/market.ts"

const credit = 1_000_000

const balance = (trial: Trial, account: number) =>
  balanceOf(trial.market.ledger, slotOf(trial.market.accounts, account))

/** A market in which operator 1001 has earned 88 credits (1 call of 100 credits, 12% fee). */
const withEarnings = (): Trial => {
  const trial = openSmallMarket({ outputPricePerMtok: 1_000_000 * credit, inputPricePerMtok: 0 })
  arrive(trial, 1)
  endAttempt(trial, 1)
  expect(balance(trial, 1001).earned).toBe(88 * credit)
  return trial
}

describe("a new account", () => {
  it("is given 5 credits from the promotion", () => {
    const trial = openTrial()
    expect(commandsOf(trial.send({ _tag: "AccountOpened", account: 42 }), "Post")).toEqual([
      {
        _tag: "Post",
        kind: "grant",
        debit: promotion,
        credit: 5,
        amount: 5 * credit,
        reference: 42,
      },
    ])
    expect(balance(trial, 42)).toMatchObject({ gift: 5 * credit, spendable: 5 * credit })
  })

  it("is given nothing once the budget is spent", () => {
    const trial = openTrial(economyWith({ promotion: { budgetCredits: 14 } }))
    for (const account of [1, 2, 3]) trial.send({ _tag: "AccountOpened", account })
    expect([1, 2, 3].map((account) => balance(trial, account).gift)).toEqual([
      5 * credit,
      5 * credit,
      0,
    ])
  })

  it("is opened once", () => {
    const trial = openTrial()
    trial.send({ _tag: "AccountOpened", account: 42 })
    expect(rejectionOf(trial.send({ _tag: "AccountOpened", account: 42 }))).toBe("DuplicateAccount")
    expect(rejectionOf(trial.send({ _tag: "AccountOpened", account: -1 }))).toBe("InvalidQuantity")
  })
})

describe("buying", () => {
  it("adds to the bought credits, once for each transfer id", () => {
    const trial = openTrial()
    trial.send({ _tag: "AccountOpened", account: 1 })
    trial.send({ _tag: "CreditsBought", transfer: 7, account: 1, amount: 100 })
    const again = trial.send({ _tag: "CreditsBought", transfer: 7, account: 1, amount: 100 })
    expect(rejectionOf(again)).toBe("DuplicateTransfer")
    expect(balance(trial, 1).bought).toBe(100)
    expect(trial.market.ledger.posted[world]).toBe(-100)
  })

  it.each([
    [{ account: 9 }, "UnknownAccount"],
    [{ amount: 0 }, "InvalidQuantity"],
    [{ amount: -5 }, "InvalidQuantity"],
    [{ amount: 0.5 }, "InvalidQuantity"],
    [{ amount: Number.NaN }, "InvalidQuantity"],
    [{ transfer: -1 }, "InvalidQuantity"],
    [{ amount: Number.MAX_SAFE_INTEGER }, "BalanceTooLarge"],
  ])("%j is rejected: %s", (wrong, reason) => {
    const trial = openTrial()
    trial.send({ _tag: "AccountOpened", account: 1 })
    const event = { _tag: "CreditsBought", transfer: 7, account: 1, amount: 100, ...wrong } as const
    expect(rejectionOf(trial.send(event))).toBe(reason)
  })

  it("may fill the market up to the last safe minor unit", () => {
    const trial = openTrial()
    trial.send({ _tag: "AccountOpened", account: 1 })
    const amount = Number.MAX_SAFE_INTEGER - 5 * credit
    trial.send({ _tag: "CreditsBought", transfer: 7, account: 1, amount })
    expect(balance(trial, 1).bought).toBe(amount)
    const more = trial.send({ _tag: "CreditsBought", transfer: 8, account: 1, amount: 1 })
    expect(rejectionOf(more)).toBe("BalanceTooLarge")
    // A new account is opened all the same, without a grant.
    trial.send({ _tag: "AccountOpened", account: 2 })
    expect(balance(trial, 2).gift).toBe(0)
  })
})

describe("the platform", () => {
  it("adds to the bounty pool, once for each transfer id", () => {
    const trial = openTrial()
    trial.send({ _tag: "PoolFunded", transfer: 1, amount: 500 })
    expect(rejectionOf(trial.send({ _tag: "PoolFunded", transfer: 1, amount: 500 }))).toBe(
      "DuplicateTransfer",
    )
    expect(trial.market.ledger.posted[bountyPool]).toBe(500)
  })
})

describe("withdrawing", () => {
  const request = (trial: Trial, amount: number, transfer = 50, account = 1001) =>
    trial.send({ _tag: "WithdrawalRequested", transfer, account, amount })

  it("is pending, then posted to the world", () => {
    const trial = withEarnings()
    expect(request(trial, 80 * credit)).toEqual([])
    expect(balance(trial, 1001)).toMatchObject({ earned: 88 * credit, held: 80 * credit })
    const posted = commandsOf(trial.send({ _tag: "WithdrawalPosted", transfer: 50 }), "Post")
    expect(posted.map(({ kind, amount, credit: to }) => [kind, amount, to])).toEqual([
      ["withdrawal", 80 * credit, world],
    ])
    expect(balance(trial, 1001)).toMatchObject({ earned: 8 * credit, held: 0 })
  })

  it("is pending, then voided", () => {
    const trial = withEarnings()
    request(trial, 80 * credit)
    expect(trial.send({ _tag: "WithdrawalVoided", transfer: 50 })).toEqual([])
    expect(balance(trial, 1001)).toMatchObject({ earned: 88 * credit, held: 0 })
  })

  it("is resolved once", () => {
    for (const first of ["WithdrawalPosted", "WithdrawalVoided"] as const)
      for (const second of ["WithdrawalPosted", "WithdrawalVoided"] as const) {
        const trial = withEarnings()
        request(trial, 80 * credit)
        trial.send({ _tag: first, transfer: 50 })
        expect(rejectionOf(trial.send({ _tag: second, transfer: 50 }))).toBe("UnknownTransfer")
        expect(rejectionOf(request(trial, 10 * credit))).toBe("DuplicateTransfer")
      }
  })

  it("takes earned credits only: neither gifts nor bought ones, nor what is held already", () => {
    const trial = withEarnings()
    expect(rejectionOf(request(trial, 88 * credit + 1))).toBe("InsufficientCredits")
    expect(rejectionOf(request(trial, 10 * credit, 51, consumer))).toBe("InsufficientCredits")
    request(trial, 80 * credit)
    expect(rejectionOf(request(trial, 10 * credit, 52))).toBe("InsufficientCredits")
  })

  it("has a minimum", () => {
    const trial = withEarnings()
    expect(rejectionOf(request(trial, 10 * credit - 1))).toBe("BelowMinimum")
    expect(request(trial, 10 * credit)).toEqual([])
  })

  it.each([
    [{ account: 9 }, "UnknownAccount"],
    [{ amount: 0 }, "InvalidQuantity"],
    [{ amount: Number.NaN }, "InvalidQuantity"],
    [{ amount: -1 }, "InvalidQuantity"],
    [{ transfer: 0.5 }, "InvalidQuantity"],
    [{ transfer: 1 }, "DuplicateTransfer"],
  ])("%j is rejected: %s", (wrong, reason) => {
    const trial = withEarnings()
    const event = { transfer: 50, account: 1001, amount: 20 * credit, ...wrong }
    expect(rejectionOf(trial.send({ _tag: "WithdrawalRequested", ...event }))).toBe(reason)
  })

  it("cannot post a purchase back, nor what was never asked for", () => {
    const trial = withEarnings()
    for (const transfer of [1, 99, Number.NaN])
      expect(rejectionOf(trial.send({ _tag: "WithdrawalPosted", transfer }))).toBe(
        "UnknownTransfer",
      )
  })
})

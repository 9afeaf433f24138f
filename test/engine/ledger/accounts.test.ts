import { describe, expect, it } from "vitest"
import type { Command } from "../../../engine/protocol/command.ts"
import { emptyDigest } from "../../../engine/core/digest.ts"
import {
  accountName,
  availableOf,
  balanceOf,
  bountyPool,
  bought,
  clearing,
  earned,
  gift,
  lotAccount,
  makeLedger,
  openCustomer,
  platform,
  post,
  promotion,
  spendableOf,
  vesting,
  world,
  wouldOverflow,
} from "../../../engine/ledger/accounts.ts"
import { totalOf } from "../../../engine/ledger/statement.ts"

const makeSink = () => ({ commands: [] as Array<Command>, digest: emptyDigest() })

describe("a transfer", () => {
  it("moves an amount from one account to another and says so", () => {
    const ledger = makeLedger()
    const sink = makeSink()
    const account = lotAccount(openCustomer(ledger), bought)
    post(ledger, sink, "purchase", world, account, 700, 9)
    expect([ledger.posted[world], ledger.posted[account]]).toEqual([-700, 700])
    expect(sink.commands).toEqual([
      { _tag: "Post", kind: "purchase", debit: world, credit: account, amount: 700, reference: 9 },
    ])
    expect(totalOf(ledger)).toBe(0)
  })

  it("of nothing is none", () => {
    const sink = makeSink()
    post(makeLedger(), sink, "fee", clearing, platform, 0, 1)
    expect(sink.commands).toEqual([])
  })

  it("that would overdraw anyone but the world and the promotion throws, and moves nothing", () => {
    const ledger = makeLedger()
    const sink = makeSink()
    const account = lotAccount(openCustomer(ledger), earned)
    post(ledger, sink, "grant", promotion, account, 10, 1)
    for (const from of [platform, bountyPool, clearing, account])
      expect(() => post(ledger, sink, "charge", from, world, 11, 1)).toThrow("overdraws nobody")
    expect(() => post(ledger, sink, "charge", world, platform, -1, 1)).toThrow("moves something")
    expect(ledger.posted[account]).toBe(10)
    expect(sink.commands).toHaveLength(1)
  })

  it("may not touch what is held", () => {
    const ledger = makeLedger()
    const sink = makeSink()
    const account = lotAccount(openCustomer(ledger), earned)
    post(ledger, sink, "purchase", world, account, 10, 1)
    ledger.held[account] = 4
    expect(availableOf(ledger, account)).toBe(6)
    expect(() => post(ledger, sink, "charge", account, platform, 7, 1)).toThrow("overdraws nobody")
    post(ledger, sink, "charge", account, platform, 6, 1)
    expect(availableOf(ledger, account)).toBe(0)
  })
})

describe("customers", () => {
  it("have four lots each, of which vesting cannot be spent", () => {
    const ledger = makeLedger()
    const sink = makeSink()
    const customers = Array.from({ length: 40 }, () => openCustomer(ledger))
    expect(customers).toEqual([...customers.keys()])
    for (const customer of customers)
      for (const [lot, amount] of [
        [gift, 1],
        [bought, 10],
        [earned, 100],
        [vesting, 1000],
      ] as const)
        post(ledger, sink, "purchase", world, lotAccount(customer, lot), amount + customer, 1)
    for (const customer of customers) {
      expect(spendableOf(ledger, customer)).toBe(111 + 3 * customer)
      expect(balanceOf(ledger, customer)).toEqual({
        gift: 1 + customer,
        bought: 10 + customer,
        earned: 100 + customer,
        vesting: 1000 + customer,
        held: 0,
        spendable: 111 + 3 * customer,
      })
    }
    expect(totalOf(ledger)).toBe(0)
  })

  it("have names that a reader understands", () => {
    expect([world, platform, bountyPool, promotion, clearing].map(accountName)).toEqual([
      "world",
      "platform",
      "bounty pool",
      "promotion",
      "clearing",
    ])
    expect(accountName(lotAccount(0, gift))).toBe("customer 0 gift")
    expect(accountName(lotAccount(3, bought))).toBe("customer 3 bought")
    expect(accountName(lotAccount(3, earned))).toBe("customer 3 earned")
    expect(accountName(lotAccount(11, vesting))).toBe("customer 11 vesting")
  })
})

describe("the bound on all money", () => {
  it("is the safe range, over what was bought and given together", () => {
    const ledger = makeLedger()
    const sink = makeSink()
    const customer = openCustomer(ledger)
    post(ledger, sink, "purchase", world, lotAccount(customer, bought), 2 ** 52, 1)
    post(ledger, sink, "grant", promotion, lotAccount(customer, gift), 2 ** 51, 2)
    expect(wouldOverflow(ledger, 2 ** 51 - 1)).toBe(false)
    expect(wouldOverflow(ledger, 2 ** 51)).toBe(true)
  })
})

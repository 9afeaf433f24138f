import { describe, expect, it } from "vitest"
import { pooled } from "../../../../engine/economy/presets/pooled.ts"
import { bountyPool, clearing, lotAccount, platform } from "../../../../engine/ledger/accounts.ts"
import { slotOf } from "../../../../engine/core/table.ts"
import {
  arrive,
  commandsOf,
  economyWith,
  endAttempt,
  openSmallMarket,
} from "../../../support/market.ts"
import type { SmallMarket, Trial } from "../../../support/market.ts"
import type { Command } from "../../../../engine/protocol/command.ts"

const credit = 1_000_000
/** 0.00012 credits an output token, as in the pinned example of the fee split. */
const pinned = { inputPricePerMtok: 0, outputPricePerMtok: 120 * credit }

/** A market without ramp, so that no call is too large for it. */
const open = ({ economy = pooled, ...options }: SmallMarket = {}): Trial =>
  openSmallMarket({
    ...pinned,
    economy: economyWith({ ramp: { start: 1 } }, economy),
    ...options,
  })

const finish = (commands: ReadonlyArray<Command>) => commandsOf(commands, "Finish")[0]
const posts = (commands: ReadonlyArray<Command>) =>
  commandsOf(commands, "Post").map(({ kind, debit, credit: to, amount }) => [
    kind,
    debit,
    to,
    amount,
  ])

const lot = (trial: Trial, account: number, which: number) =>
  lotAccount(slotOf(trial.market.accounts, account), which)

describe("settling a call", () => {
  it("of 1,000,000 tokens at 0.00012 moves 120.00: 105.60 to the provider, 14.40 as the fee", () => {
    const trial = open({ economy: economyWith({ promotion: { grantCredits: 0 } }) })
    arrive(trial, 1, { maxTokens: 1_000_000 })
    const ended = endAttempt(trial, 1, { outputTokens: 1_000_000, decodeMicros: 10 ** 10 })
    expect(posts(ended)).toEqual([
      ["charge", lot(trial, 1, 1), clearing, 120 * credit],
      ["share", clearing, lot(trial, 1001, 2), 105.6 * credit],
      ["fee", clearing, platform, 7.2 * credit],
      ["poolFee", clearing, bountyPool, 7.2 * credit],
    ])
    expect(finish(ended)).toEqual({
      _tag: "Finish",
      request: 1,
      instance: 1,
      outcome: "completed",
      outputTokens: 1_000_000,
      charge: 120 * credit,
      fee: 14.4 * credit,
      share: 105.6 * credit,
      withheld: 0,
      bounty: 0,
    })
  })

  it("spends gifts first, and earned credits last", () => {
    const trial = open({ credit: 3 * credit, outputPricePerMtok: 1_000_000 * credit })
    // 5 given, 3 bought, and 88 earned with a call of another consumer.
    trial.send({ _tag: "AccountOpened", account: 2 })
    trial.send({ _tag: "CreditsBought", transfer: 2, account: 2, amount: 1000 * credit })
    trial.send({ _tag: "NodeRegistered", node: 9, account: 1 })
    trial.send({ _tag: "NodeLost", node: 1 })
    trial.send({
      _tag: "InstanceStarted",
      instance: 9,
      node: 9,
      model: 1,
      slots: 1,
      tokensPerSecond: 100,
      isPlatformAsked: false,
    })
    arrive(trial, 1, { account: 2 })
    endAttempt(trial, 1)
    trial.send({ _tag: "NodeReturned", node: 1 })
    trial.send({ _tag: "NodeLost", node: 9 })
    arrive(trial, 2, { maxTokens: 90 })
    expect(posts(endAttempt(trial, 2, { outputTokens: 10 })).slice(0, 3)).toEqual([
      ["charge", lot(trial, 1, 0), clearing, 5 * credit],
      ["charge", lot(trial, 1, 1), clearing, 3 * credit],
      ["charge", lot(trial, 1, 2), clearing, 2 * credit],
    ])
  })

  it("passes a gift on as a gift, where the economy says so", () => {
    const trial = open({ economy: economyWith({ promotion: { giftsPay: "gifts" } }) })
    // 5 of the 12 credits are a gift: so are five twelfths of the provider's share, rounded down.
    arrive(trial, 1, { maxTokens: 100_000 })
    const ended = endAttempt(trial, 1, { outputTokens: 100_000, decodeMicros: 10 ** 9 })
    expect(posts(ended)).toEqual([
      ["charge", lot(trial, 1, 0), clearing, 5 * credit],
      ["charge", lot(trial, 1, 1), clearing, 7 * credit],
      ["share", clearing, lot(trial, 1001, 2), 6.16 * credit],
      ["share", clearing, lot(trial, 1001, 0), 4.4 * credit],
      ["fee", clearing, platform, 0.72 * credit],
      ["poolFee", clearing, bountyPool, 0.72 * credit],
    ])
  })

  it("charges what the host reports where it is less, and what was counted where it is more", () => {
    const trial = open()
    for (const [request, reported, charged] of [
      [1, 90, 90],
      [2, 108, 100],
      [3, 1_000_000, 100],
    ] as const) {
      arrive(trial, request)
      const ended = finish(endAttempt(trial, request, { reportedTokens: reported }))
      expect([ended?.outputTokens, ended?.charge]).toEqual([charged, charged * 120])
    }
  })

  it("charges the price that was quoted when the request arrived, whatever it is by the end", () => {
    for (const later of [0, 60 * credit, 240 * credit]) {
      const trial = open()
      arrive(trial, 1, { maxTokens: 1000 })
      trial.send({
        _tag: "ModelListed",
        model: 1,
        inputPricePerMtok: later,
        outputPricePerMtok: later,
      })
      expect(finish(endAttempt(trial, 1))?.charge).toBe(100 * 120)
      arrive(trial, 2, { inputTokens: 0 })
      expect(finish(endAttempt(trial, 2))?.charge).toBe((100 * later) / credit)
    }
  })

  it("charges input and output, rounded up once", () => {
    const trial = open({ inputPricePerMtok: 1, outputPricePerMtok: 1 })
    arrive(trial, 1, { inputTokens: 500_000, maxTokens: 500_001 })
    expect(finish(endAttempt(trial, 1, { outputTokens: 500_000 }))?.charge).toBe(1)
    arrive(trial, 2, { inputTokens: 500_000, maxTokens: 500_001 })
    expect(finish(endAttempt(trial, 2, { outputTokens: 500_001 }))?.charge).toBe(2)
  })

  it("works at a price of 0", () => {
    const trial = open({ inputPricePerMtok: 0, outputPricePerMtok: 0 })
    arrive(trial, 1)
    const ended = endAttempt(trial, 1)
    expect(posts(ended)).toEqual([])
    expect(finish(ended)).toMatchObject({ charge: 0, share: 0, outputTokens: 100 })
  })

  it("charges what was delivered where the stream was cut short, by whomever", () => {
    for (const outcome of ["truncated", "stalled", "consumerGone", "gatewayFault"] as const) {
      const trial = open()
      arrive(trial, 1)
      expect(finish(endAttempt(trial, 1, { outcome, outputTokens: 40 }))).toMatchObject({
        outcome,
        outputTokens: 40,
        charge: 40 * 120,
      })
    }
  })

  it("withholds part of the payout after a model switch, for the pool", () => {
    const trial = open()
    trial.send({ _tag: "ModelListed", model: 2, ...pinned })
    trial.send({
      _tag: "ModelSwitched",
      instance: 1,
      model: 2,
      slots: 4,
      tokensPerSecond: 100,
      isPlatformAsked: false,
    })
    trial.wait(18 * 3_600_000_000)
    arrive(trial, 1, { servedModel: 2 })
    const ended = endAttempt(trial, 1)
    const share = 12_000 - 1440
    expect(finish(ended)).toMatchObject({ share, withheld: 0.375 * share })
    expect(posts(ended)).toContainEqual(["share", clearing, lot(trial, 1001, 2), 0.625 * share])
    expect(posts(ended)).toContainEqual(["withheld", clearing, bountyPool, 0.375 * share])
  })

  it("gives nothing away where the fee is all or nothing", () => {
    for (const [feeBps, share] of [
      [0, 12_000],
      [10_000, 0],
    ] as const) {
      const trial = open({ economy: economyWith({ feeBps }) })
      arrive(trial, 1)
      const ended = endAttempt(trial, 1)
      expect(finish(ended)).toMatchObject({ charge: 12_000, share, fee: 12_000 - share })
      expect(trial.market.ledger.posted[clearing]).toBe(0)
    }
  })
})

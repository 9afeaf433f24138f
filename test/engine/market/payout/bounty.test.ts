import { describe, expect, it } from "vitest"
import { balanceOf, bountyPool } from "../../../../engine/ledger/accounts.ts"
import type { EconomyPatch } from "../../../../engine/economy/derive.ts"
import { hardened } from "../../../../engine/economy/presets/hardened.ts"
import { pooled } from "../../../../engine/economy/presets/pooled.ts"
import { slotOf } from "../../../../engine/core/table.ts"
import { marketView } from "../../../../engine/market/views/model-view.ts"
import {
  arrive,
  commandsOf,
  economyWith,
  endAttempt,
  openSmallMarket,
} from "../../../support/market.ts"
import type { SmallMarket, Trial } from "../../../support/market.ts"

const credit = 1_000_000
const hour = 3_600_000_000
const trustingTiers = {
  tiers: [{ name: "all", onlineDays: 0, minHealth: 0, maxMultiplier: 2 }],
} as const

/**
 * One node of 1 slot whose ramp is over, declared at 1 token/s so that demand is soon above supply,
 * and trusted with any multiplier; nobody is given credits.
 */
const scarce = (patch: EconomyPatch = {}, options: SmallMarket = {}, base = pooled): Trial =>
  openSmallMarket({
    economy: economyWith(
      {
        ramp: { start: 1 },
        trust: trustingTiers,
        promotion: { grantCredits: 0 },
        ...patch,
      },
      base,
    ),
    tokensPerSecond: 1,
    inputPricePerMtok: 0,
    outputPricePerMtok: 100 * credit,
    ...options,
  })

let nextRequest = 1
/** One served call of so many tokens. */
const serve = (trial: Trial, outputTokens: number, account = 1) => {
  const request = nextRequest++
  expect(
    commandsOf(arrive(trial, request, { account, maxTokens: outputTokens }), "Dispatch"),
  ).toHaveLength(1)
  return commandsOf(
    endAttempt(trial, request, { outputTokens, decodeMicros: outputTokens * 1000 }),
    "Finish",
  )[0]
}

const announced = (trial: Trial, micros: number) =>
  commandsOf(trial.wait(micros), "Announce").map((one) => one.multiplierHundredths)

const modelOf = (trial: Trial) => marketView(trial.market)[0]

describe("the multiplier", () => {
  it("is 1 + (mMax − 1) · shortage, shortage against 1.25 times the demand", () => {
    const trial = scarce()
    // 2 tokens/s asked for, 1 supplied: shortage (2.5 − 1) / 2.5.
    serve(trial, 7200)
    expect(announced(trial, hour)).toEqual([160])
    expect(modelOf(trial)).toMatchObject({
      demandTokensPerSecond: 2,
      supplyTokensPerSecond: 1,
      multiplier: 1.6,
    })
  })

  it("is 1 where supply reaches 1.25 times the demand, and no announcement is made", () => {
    const trial = scarce()
    serve(trial, 2880)
    expect(announced(trial, hour)).toEqual([])
    expect(modelOf(trial)?.multiplier).toBe(1)
  })

  it("is the highest where there is demand and no supply, draining instances being none", () => {
    for (const gone of ["NodeLost", "InstanceDrained"] as const) {
      const trial = scarce()
      serve(trial, 10)
      trial.send(gone === "NodeLost" ? { _tag: gone, node: 1 } : { _tag: gone, instance: 1 })
      expect(announced(trial, hour)).toEqual([200])
    }
  })

  it("is 1 without demand, whatever the supply", () => {
    const trial = scarce({}, { nodes: 0 })
    expect(announced(trial, 3 * hour)).toEqual([])
  })

  it("counts refused requests as demand, at the model's mean size", () => {
    const trial = scarce()
    serve(trial, 100)
    trial.send({ _tag: "NodeLost", node: 1 })
    for (let i = 0; i < 71; i++) arrive(trial, nextRequest++, { maxTokens: 1_000_000 })
    trial.wait(hour)
    expect(modelOf(trial)?.demandTokensPerSecond).toBe(2)
  })

  it("does not count what the consumer could not pay for, or found too dear", () => {
    const trial = scarce({}, { credit: 0 })
    for (let i = 0; i < 10; i++) arrive(trial, nextRequest++)
    trial.send({
      _tag: "RequestArrived",
      request: nextRequest++,
      account: 1,
      model: 1,
      inputTokens: 0,
      maxTokens: 0,
      maxPricePerMtok: 1,
    })
    trial.wait(hour)
    expect(modelOf(trial)?.demandTokensPerSecond).toBe(0)
  })

  it("averages the demand over the hours: plainly at first, then with the span of 24", () => {
    const trial = scarce()
    const averages: Array<number | undefined> = []
    const asked = [3600, 0, 7200, ...Array.from({ length: 30 }, () => 3600)]
    let naive = 0
    asked.forEach((tokens, hours) => {
      if (tokens > 0) serve(trial, tokens)
      trial.wait(hour)
      averages.push(modelOf(trial)?.demandTokensPerSecond)
      naive += Math.max(2 / 25, 1 / (hours + 1)) * (tokens / 3600 - naive)
      expect(averages.at(-1)).toBeCloseTo(naive, 12)
    })
    expect(averages.slice(0, 3)).toEqual([1, 0.5, expect.closeTo(1, 12)])
  })

  it("never averages beyond what was asked, however short the span", () => {
    const trial = scarce({ bounty: { averageHours: 0.1 } })
    for (const tokens of [3600, 0, 3600, 0]) {
      if (tokens > 0) serve(trial, tokens)
      trial.wait(hour)
      expect(modelOf(trial)?.demandTokensPerSecond).toBe(tokens / 3600)
    }
  })

  it("counts supply at the ramp", () => {
    const trial = scarce({ ramp: { start: 0.5 } }, { nodes: 2, tokensPerSecond: 100 })
    trial.wait(hour)
    expect(modelOf(trial)?.supplyTokensPerSecond).toBeCloseTo(200 * (0.5 + 0.5 / 168), 9)
  })
})

describe("a bounty", () => {
  const funded = (patch: EconomyPatch = {}, options: SmallMarket = {}, base = pooled): Trial => {
    const trial = scarce(patch, options, base)
    trial.send({ _tag: "PoolFunded", transfer: 1000, amount: 1000 * credit })
    serve(trial, 7200)
    trial.wait(hour)
    return trial
  }
  const earnings = (trial: Trial) =>
    balanceOf(trial.market.ledger, slotOf(trial.market.accounts, 1001))

  it("is (m − 1) · share, claimed with the call and paid at the turn of the hour", () => {
    const trial = funded()
    expect(modelOf(trial)?.multiplier).toBe(1.6)
    const before = earnings(trial).earned
    const share = 88_000
    expect(serve(trial, 1000)).toMatchObject({ share, bounty: 0.6 * share })
    expect(earnings(trial).earned).toBe(before + share)
    const paid = commandsOf(trial.wait(hour), "Post")
    expect(paid).toMatchObject([{ kind: "bounty", debit: bountyPool, amount: 0.6 * share }])
    expect(earnings(trial).earned).toBe(before + 1.6 * share)
  })

  it("is paid once: the next hour pays for the next hour's calls", () => {
    const trial = funded()
    const paid = [1000, 500].map((tokens) => {
      const { bounty } = serve(trial, tokens) ?? {}
      const posts = commandsOf(trial.wait(hour), "Post").filter((one) => one.kind === "bounty")
      return [bounty, posts.map((one) => one.amount)]
    })
    expect(paid).toEqual([
      [52_800, [52_800]],
      [expect.any(Number), [paid[1]?.[0]]],
    ])
    expect(paid[1]?.[0]).toBeLessThan(30_000)
  })

  it("costs the consumer nothing", () => {
    const [with_, without] = [funded(), scarce()]
    expect(serve(with_, 1000)?.charge).toBe(serve(without, 1000)?.charge)
  })

  it("is bounded by the trust of the node", () => {
    expect(serve(funded({ trust: pooled.trust }), 1000)?.bounty).toBe(0.13 * 88_000)
  })

  it("is reduced after a switch", () => {
    const trial = funded()
    trial.send({ _tag: "ModelListed", model: 2, inputPricePerMtok: 0, outputPricePerMtok: 0 })
    for (const model of [2, 1])
      trial.send({
        _tag: "ModelSwitched",
        instance: 1,
        model,
        slots: 1,
        tokensPerSecond: 1,
        isPlatformAsked: model === 1,
      })
    expect(serve(trial, 1000)).toMatchObject({ withheld: 0.5 * 88_000, bounty: 0.3 * 88_000 })
  })

  it("is not earned with gifts, nor for the part that they paid", () => {
    const trial = funded({ promotion: { grantCredits: 0.05 } })
    trial.send({ _tag: "AccountOpened", account: 2 })
    // A twentieth of a credit was given: half of this call's price.
    trial.send({ _tag: "CreditsBought", transfer: 3, account: 2, amount: credit })
    expect(serve(trial, 1000, 2)?.bounty).toBe(0.6 * 44_000)
    trial.send({ _tag: "AccountOpened", account: 3 })
    expect(serve(trial, 500, 3)?.bounty).toBe(0)
  })

  it("is prorated among all where the pool runs dry, never below 0", () => {
    // No fee reaches the pool; it holds 10,001 minor units for claims of 52,800 each.
    const trial = scarce({ bounty: { poolFeeBps: 0 } }, { nodes: 3, tokensPerSecond: 1 })
    trial.send({ _tag: "PoolFunded", transfer: 1000, amount: 10_001 })
    serve(trial, 7200 * 3)
    trial.wait(hour)
    expect(modelOf(trial)?.multiplier).toBe(1.6)
    const requests = [1, 2, 3].map(() => nextRequest++)
    for (const request of requests) arrive(trial, request, { maxTokens: 1000 })
    for (const request of requests)
      expect(
        commandsOf(endAttempt(trial, request, { outputTokens: 1000 }), "Finish")[0]?.bounty,
      ).toBe(0.6 * 88_000)
    const paid = commandsOf(trial.wait(hour), "Post").filter((one) => one.kind === "bounty")
    expect(paid.map((one) => [one.reference, one.amount])).toEqual([
      [1001, 3334],
      [1002, 3334],
      [1003, 3333],
    ])
    expect(trial.market.ledger.posted[bountyPool]).toBe(0)
    // What was not paid is not owed.
    expect(commandsOf(trial.wait(hour), "Post")).toEqual([])
  })

  it("gives what a remainder leaves over to the lower account, whoever came first", () => {
    const trial = scarce(
      { bounty: { poolFeeBps: 0 } },
      // Opened in falling order.
      { nodes: 3, tokensPerSecond: 1, operatorOf: (node) => 2000 - node },
    )
    trial.send({ _tag: "PoolFunded", transfer: 1000, amount: 10_001 })
    serve(trial, 7200 * 3)
    trial.wait(hour)
    const requests = [1, 2, 3].map(() => nextRequest++)
    for (const request of requests) arrive(trial, request, { maxTokens: 1000 })
    for (const request of requests) endAttempt(trial, request, { outputTokens: 1000 })
    const paid = commandsOf(trial.wait(hour), "Post").filter((one) => one.kind === "bounty")
    expect(paid.map((one) => [one.reference, one.amount])).toEqual([
      [1997, 3334],
      [1998, 3334],
      [1999, 3333],
    ])
  })

  it("gets half of every fee for its pool", () => {
    const trial = scarce()
    serve(trial, 1001)
    const fee = Math.floor(100_100 * 0.12)
    expect(trial.market.ledger.posted[bountyPool]).toBe(Math.floor(fee / 2))
  })
})

describe("in `hardened`", () => {
  const easy: EconomyPatch = {
    ramp: { start: 1, successes: 0 },
    // One consumer alone would count for a fifth of the demand; and what the cap on the multiplier
    // leaves of the other rules is too little to see them by.
    bounty: { maxDemandShare: 1, maxMultiplier: 2 },
  }
  const funded = (patch: EconomyPatch = {}, options: SmallMarket = {}): Trial => {
    const trial = scarce({ ...easy, ...patch }, options, hardened)
    trial.send({ _tag: "PoolFunded", transfer: 1000, amount: 1000 * credit })
    serve(trial, 7200)
    trial.wait(hour)
    expect(modelOf(trial)?.multiplier).toBe(1.6)
    return trial
  }

  it("a bounty is a premium per token, fixed for a week once announced", () => {
    const trial = funded({ bounty: { ...easy.bounty, vestingDays: 0 } })
    // 0.6 · 88 credits a million tokens.
    expect(serve(trial, 1000)?.bounty).toBe(52_800)
    expect(announced(trial, 167 * hour)).toEqual([])
    expect(serve(trial, 1000)?.bounty).toBe(52_800)
    // The week is over: by now demand is far below supply.
    expect(announced(trial, hour)).toEqual([100])
    expect(serve(trial, 1000)?.bounty).toBe(0)
  })

  it("beyond 12% of the price it vests", () => {
    const trial = funded()
    expect(serve(trial, 1000)?.bounty).toBe(52_800)
    const paid = commandsOf(trial.wait(hour), "Post")
    expect(paid.map(({ kind, amount }) => [kind, amount])).toEqual([
      ["bounty", 12_000],
      ["vestingBounty", 40_800],
    ])
  })

  it("own and linked accounts' traffic earns none and is no demand", () => {
    const trial = funded()
    trial.send({ _tag: "AccountsLinked", account: 1, other: 1001 })
    expect(serve(trial, 1000)?.bounty).toBe(0)
    trial.send({ _tag: "CreditsBought", transfer: 9, account: 1001, amount: credit })
    expect(serve(trial, 1000, 1001)?.bounty).toBe(0)
    const before = modelOf(trial)?.demandTokensPerSecond ?? 0
    trial.wait(hour)
    expect(modelOf(trial)?.demandTokensPerSecond).toBe(before / 2)
  })

  it("one consumer counts for a fifth of the demand at most, linked accounts as one", () => {
    const demandOf = (isLinked: boolean) => {
      const trial = scarce({ ...easy, bounty: { maxDemandShare: 0.2 } }, { nodes: 1 }, hardened)
      for (let account = 2; account <= 6; account++) {
        trial.send({ _tag: "AccountOpened", account })
        trial.send({ _tag: "CreditsBought", transfer: account, account, amount: 1000 * credit })
        if (isLinked && account > 2) trial.send({ _tag: "AccountsLinked", account, other: 2 })
        serve(trial, 1440, account)
      }
      trial.wait(hour)
      return modelOf(trial)?.demandTokensPerSecond
    }
    expect(demandOf(false)).toBe(2)
    expect(demandOf(true)).toBe(0.4)
  })
})

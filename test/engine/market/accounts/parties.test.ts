import { describe, expect, it } from "vitest"
import type { EconomyPatch } from "../../../../engine/economy/derive.ts"
import { hardened } from "../../../../engine/economy/presets/hardened.ts"
import { partyOf } from "../../../../engine/market/state/market-state.ts"
import { slotOf } from "../../../../engine/core/table.ts"
import { marketView } from "../../../../engine/market/views/model-view.ts"
import {
  arrive,
  commandsOf,
  economyWith,
  endAttempt,
  openSmallMarket,
  openTrial,
  rejectionOf,
} from "../../../support/market.ts"
import type { Trial } from "../../../support/market.ts"

const hour = 3_600_000_000

const link = (trial: Trial, account: number, other: number) =>
  trial.send({ _tag: "AccountsLinked", account, other })

describe("linked accounts", () => {
  it("are one party, through any chain, however it was linked", () => {
    const trial = openTrial()
    for (let account = 0; account < 8; account++) trial.send({ _tag: "AccountOpened", account })
    const isOne = (a: number, b: number) =>
      partyOf(trial.market, slotOf(trial.market.accounts, a)) ===
      partyOf(trial.market, slotOf(trial.market.accounts, b))
    link(trial, 5, 6)
    link(trial, 2, 3)
    link(trial, 3, 5)
    link(trial, 6, 2)
    expect([3, 5, 6].every((account) => isOne(2, account))).toBe(true)
    expect([0, 1, 4, 7].some((account) => isOne(2, account))).toBe(false)
    expect(rejectionOf(link(trial, 2, 99))).toBe("UnknownAccount")
    expect(rejectionOf(link(trial, 99, 2))).toBe("UnknownAccount")
  })
})

describe("an operator of several accounts", () => {
  const economy = economyWith({ routing: { selection: "operatorFirst" }, ramp: { start: 1 } })
  const seeds = Array.from({ length: 30 }, (_, i) => `seed ${i}`)

  /** Operators 1001 and 1002 with a slot each, 1003 with two. */
  const open = (seed: string): Trial =>
    openSmallMarket({ economy, seed, nodes: 3, slots: (node) => (node === 3 ? 2 : 1) })
  const chosen = (trial: Trial, request: number) =>
    commandsOf(arrive(trial, request), "Dispatch")[0]?.instance

  it("is one to `operatorFirst`, through any chain: what one account serves, all of them do", () => {
    for (const seed of seeds) {
      const trial = open(seed)
      link(trial, 1001, 1)
      link(trial, 1, 1002)
      const two = [chosen(trial, 1), chosen(trial, 2)]
      // One call for each of the two operators, who have two slots each.
      expect([seed, two.filter((one) => one === 3)]).toEqual([seed, [3]])
    }
    const unlinked = seeds.map((seed) => {
      const trial = open(seed)
      return [chosen(trial, 1), chosen(trial, 2)].includes(3)
    })
    expect(unlinked).toContain(false)
  })

  it("takes what is in flight along when it is found out", () => {
    for (const seed of seeds) {
      const trial = open(seed)
      if (chosen(trial, 1) === 3) continue
      link(trial, 1002, 1001)
      expect([seed, chosen(trial, 2)]).toEqual([seed, 3])
      for (const request of [1, 2]) endAttempt(trial, request)
      trial.send({ _tag: "NodeRemoved", node: 1 })
      expect(chosen(trial, 3)).toBeDefined()
    }
  })
})

describe("refused requests, in `hardened`", () => {
  const patch: EconomyPatch = { bounty: { maxDemandShare: 1 }, ramp: { start: 1, successes: 0 } }
  const economy = economyWith(patch, hardened)

  /** Demand after the one slot of operator 1001 has refused so many tokens of an account. */
  const demandOf = (account: number, prepare: (trial: Trial) => unknown = () => {}): number => {
    const trial = openSmallMarket({ economy, nodes: 2, slots: 1 })
    trial.send({ _tag: "InstanceDrained", instance: 1 })
    trial.send({ _tag: "InstanceDrained", instance: 2 })
    if (account !== 1)
      trial.send({ _tag: "CreditsBought", transfer: 7, account, amount: 1_000_000_000 })
    prepare(trial)
    expect(commandsOf(arrive(trial, 1, { account, maxTokens: 7200 }), "Refuse")).toMatchObject([
      { reason: expect.stringMatching(/^No/) },
    ])
    trial.wait(hour)
    return marketView(trial.market)[0]?.demandTokensPerSecond ?? Number.NaN
  }

  it("are demand where somebody else asked", () => {
    expect(demandOf(1)).toBe(2)
  })

  it("are none where whoever asked operates the model, by whatever account", () => {
    expect(demandOf(1001)).toBe(0)
    expect(demandOf(1, (trial) => link(trial, 1, 1002))).toBe(0)
    const throughAnother = (trial: Trial) => {
      trial.send({ _tag: "AccountOpened", account: 5 })
      link(trial, 1002, 5)
      link(trial, 5, 1)
    }
    expect(demandOf(1, throughAnother)).toBe(0)
  })

  it("are demand again once the operator has gone for good", () => {
    const leave = (trial: Trial) => trial.send({ _tag: "InstanceStopped", instance: 1 })
    expect(demandOf(1001, leave)).toBe(2)
    const leaveInPart = (trial: Trial) => {
      link(trial, 1001, 1002)
      leave(trial)
    }
    expect(demandOf(1001, leaveInPart)).toBe(0)
  })

  it("after failed attempts too", () => {
    const demand = [1, 1001].map((account) => {
      const trial = openSmallMarket({ economy, nodes: 1 })
      if (account !== 1)
        trial.send({ _tag: "CreditsBought", transfer: 7, account, amount: 1_000_000_000 })
      arrive(trial, 1, { account, maxTokens: 7200 })
      expect(commandsOf(endAttempt(trial, 1, { outcome: "stalled" }), "Refuse")).toHaveLength(1)
      trial.wait(hour)
      return marketView(trial.market)[0]?.demandTokensPerSecond
    })
    expect(demand).toEqual([2, 0])
  })

  it("count a consumer's share by party, also where it is found out within the hour", () => {
    const capped = economyWith({ bounty: { maxDemandShare: 0.2 } }, economy)
    const demand = [false, true].map((isLinked) => {
      const trial = openSmallMarket({ economy: capped, nodes: 0 })
      for (let account = 2; account <= 6; account++) {
        trial.send({ _tag: "AccountOpened", account })
        arrive(trial, account, { account, maxTokens: 1440 })
      }
      for (let account = 3; isLinked && account <= 6; account++) link(trial, 2, account)
      trial.wait(hour)
      return marketView(trial.market)[0]?.demandTokensPerSecond
    })
    expect(demand).toEqual([2, 0.4])
  })
})

import { describe, expect, it } from "vitest"
import { hardened } from "../../../engine/economy/presets/hardened.ts"
import {
  accountView,
  booksView,
  hasRoomFor,
  openWithdrawals,
  overdrawnAccounts,
} from "../../../engine/market/views/account-view.ts"
import {
  breakerStateOf,
  instanceView,
  standingsOf,
  standingView,
  standingViews,
} from "../../../engine/market/views/instance-view.ts"
import { marketView } from "../../../engine/market/views/model-view.ts"
import { nodeView } from "../../../engine/market/views/node-view.ts"
import { inFlightOf, openAttempts } from "../../../engine/market/views/request-view.ts"
import {
  arrive,
  call,
  economyWith,
  endAttempt,
  openSmallMarket,
  startInstance,
  viewOf,
} from "../../support/market.ts"
import type { Trial } from "../../support/market.ts"

const second = 1_000_000
const grown = economyWith({ ramp: { start: 1 } })

describe("the view of an instance", () => {
  it("shows it as it stands, in the units of the rules", () => {
    const trial = openSmallMarket({ nodes: 2, slots: 20, tokensPerSecond: 70 })
    trial.wait(84 * 3600 * second)
    expect(viewOf(trial, 2)).toEqual({
      instance: 2,
      node: 2,
      account: 1002,
      model: 1,
      reason: "Eligible",
      breaker: "closed",
      inFlight: 0,
      capacity: 11,
      slots: 20,
      measuredSlots: 0,
      tokensPerSecond: 70,
      ramp: 0.55,
      health: 0.98,
      onlineMicros: 84 * 3600 * second,
      completed: 0,
      reduction: 0,
      maxMultiplier: 1.13,
      parks: 0,
      outputPricePerMtok: 2_000_000,
    })
  })

  it("is none where there is no instance", () => {
    const trial = openSmallMarket()
    expect(instanceView(trial.market, 7)).toBeUndefined()
    expect(breakerStateOf(trial.market, 7)).toBeUndefined()
  })

  it("names the states of the breaker", () => {
    const economy = economyWith({ routing: { maxRetries: 0 } })
    const trial = openSmallMarket({ economy })
    const states = [breakerStateOf(trial.market, 1)]
    for (let request = 1; request <= 3; request++) call(trial, request, "stalled")
    states.push(breakerStateOf(trial.market, 1))
    trial.wait(15 * second)
    states.push(breakerStateOf(trial.market, 1))
    expect(states).toEqual(["closed", "open", "halfOpen"])
  })
})

describe("the view of the market", () => {
  it("shows every model, by listing", () => {
    const trial = openSmallMarket({ nodes: 3 })
    trial.send({ _tag: "ModelListed", model: 9, inputPricePerMtok: 1, outputPricePerMtok: 1 })
    expect(marketView(trial.market)).toEqual([
      {
        model: 1,
        inputPricePerMtok: 1_000_000,
        outputPricePerMtok: 2_000_000,
        instances: 3,
        multiplier: 1,
        demandTokensPerSecond: 0,
        supplyTokensPerSecond: 0,
        hourDemandTokens: 0,
        rampStart: 0.1,
        levels: [],
      },
      {
        model: 9,
        inputPricePerMtok: 1,
        outputPricePerMtok: 1,
        instances: 0,
        multiplier: 1,
        demandTokensPerSecond: 0,
        supplyTokensPerSecond: 0,
        hourDemandTokens: 0,
        rampStart: 0.1,
        levels: [],
      },
    ])
    trial.wait(3600 * second)
    expect(marketView(trial.market)[0]?.supplyTokensPerSecond).toBeCloseTo(30 + 2.7 / 1.68, 9)
  })
})

describe("the standing of an instance", () => {
  const economy = economyWith({ routing: { maxRetries: 0 } })
  const reasons = (trial: Trial, instance = 1) => standingView(trial.market, instance)?.reasons

  it("names every reason against it, and when each may pass by itself", () => {
    const trial = openSmallMarket({ economy, slots: 40 })
    expect(reasons(trial)).toEqual([])
    for (const request of [1, 2, 3, 4]) arrive(trial, request)
    expect(reasons(trial)).toEqual([{ reason: "Full", untilMicros: undefined }])
    endAttempt(trial, 1, { outcome: "backpressure", retryAfterMicros: 7 * second })
    for (const request of [2, 3, 4]) endAttempt(trial, request, { outcome: "stalled" })
    expect(reasons(trial)).toEqual([
      { reason: "Parked", untilMicros: 15 * second },
      { reason: "Backpressure", untilMicros: 7 * second },
    ])
    trial.wait(15 * second)
    expect(reasons(trial)).toEqual([{ reason: "ProbeUnderWay", untilMicros: 45 * second }])
    trial.wait(30 * second)
    // The probe was lost; the next one is due in a second.
    expect(reasons(trial)).toEqual([{ reason: "ProbeUnderWay", untilMicros: 46 * second }])
  })

  it("knows of nothing that passes by itself while it is out of service", () => {
    const trial = openSmallMarket({ economy })
    for (const request of [1, 2, 3]) call(trial, request, "stalled")
    trial.send({ _tag: "InstanceDrained", instance: 1 })
    trial.send({ _tag: "NodeLost", node: 1 })
    trial.send({ _tag: "AvailabilityChanged", instance: 1, isAvailable: false })
    expect(reasons(trial)).toEqual(
      ["Inactive", "Draining", "OffSchedule", "Parked"].map((reason) => ({
        reason,
        untilMicros: undefined,
      })),
    )
    expect(viewOf(trial, 1).reason).toBe("Inactive")
  })

  it("shows when what was asked of it, or owed by it, is over", () => {
    const owing = openSmallMarket({ economy, tokensPerSecond: 100 })
    arrive(owing, 1, { maxTokens: 200 })
    endAttempt(owing, 1, { outputTokens: 200 })
    // 100 tokens more than ten seconds' worth, at a tenth of 100 a second.
    expect(reasons(owing)?.[0]).toMatchObject({ reason: "RateCapped" })
    expect(reasons(owing)?.[0]?.untilMicros).toBeCloseTo(10 * second, -3)
    const trial = openSmallMarket({ economy: hardened })
    trial.send({ _tag: "ModelListed", model: 2, inputPricePerMtok: 1, outputPricePerMtok: 1 })
    trial.send({
      _tag: "InstanceStarted",
      instance: 9,
      node: 1,
      model: 2,
      slots: 1,
      tokensPerSecond: 1,
      isPlatformAsked: false,
    })
    expect(reasons(trial, 9)).toEqual([{ reason: "Unverified", untilMicros: 300 * second }])
  })

  it("counts the failures that its breaker holds against it", () => {
    const trial = openSmallMarket({ economy })
    const recent = () => standingView(trial.market, 1)?.recentFailures
    call(trial, 1, "stalled")
    trial.wait(40 * second)
    call(trial, 2, "stalled")
    expect(recent()).toBe(2)
    trial.wait(30 * second)
    expect(recent()).toBe(1)
  })

  it("can be had of all, or of a model's, by id", () => {
    const trial = openSmallMarket({ nodes: 3 })
    trial.send({ _tag: "ModelListed", model: 2, inputPricePerMtok: 1, outputPricePerMtok: 1 })
    trial.send({ _tag: "InstanceStopped", instance: 1 })
    for (const [instance, servedModel] of [
      [20, 1],
      [10, 2],
    ] as const)
      startInstance(trial, { instance, node: 1, servedModel })
    const ids = (model?: number) => standingViews(trial.market, model).map((one) => one.instance)
    expect([ids(), ids(1), ids(2), ids(7)]).toEqual([[2, 3, 10, 20], [2, 3, 20], [10], []])
    expect(standingView(trial.market, 1)).toBeUndefined()
  })
})

describe("the counts of a model's standings", () => {
  const some = (trial: Trial, model: number) =>
    Object.fromEntries(
      Object.entries(standingsOf(trial.market, model) ?? {}).filter(([, count]) => count !== 0),
    )

  it("follow every instance, through every change", () => {
    const trial = openSmallMarket({ economy: grown, nodes: 4, slots: 1 })
    trial.send({ _tag: "ModelListed", model: 2, inputPricePerMtok: 1, outputPricePerMtok: 1 })
    expect(some(trial, 1)).toEqual({ Eligible: 4 })
    arrive(trial, 1)
    expect(some(trial, 1)).toEqual({ Eligible: 3, Full: 1 })
    endAttempt(trial, 1)
    trial.send({ _tag: "NodeLost", node: 4 })
    trial.send({ _tag: "InstanceDrained", instance: 3 })
    expect(some(trial, 1)).toEqual({ Eligible: 2, Inactive: 1, Draining: 1 })
    trial.send({
      _tag: "ModelSwitched",
      instance: 3,
      model: 2,
      slots: 1,
      tokensPerSecond: 1,
      isPlatformAsked: true,
    })
    trial.send({ _tag: "NodeRemoved", node: 4 })
    trial.send({ _tag: "InstanceStopped", instance: 2 })
    expect([some(trial, 1), some(trial, 2)]).toEqual([{ Eligible: 1 }, { Eligible: 1 }])
    expect(standingsOf(trial.market, 9)).toBeUndefined()
  })
})

describe("the view of a node", () => {
  it("shows it with its instances and the reduction of its payout", () => {
    const trial = openSmallMarket()
    trial.send({ _tag: "ModelListed", model: 2, inputPricePerMtok: 1, outputPricePerMtok: 1 })
    startInstance(trial, { instance: 9, node: 1, servedModel: 2 })
    startInstance(trial, { instance: 5, node: 1, servedModel: 2 })
    trial.wait(3 * second)
    trial.send({ _tag: "HeartbeatReceived", node: 1 })
    expect(nodeView(trial.market, 1)).toEqual({
      node: 1,
      account: 1001,
      isOnline: true,
      isSupervised: true,
      lastHeartbeat: 3 * second,
      reduction: 0,
      instances: [1, 5, 9],
    })
    expect(nodeView(trial.market, 2)).toBeUndefined()
  })
})

describe("the view of an account", () => {
  it("shows its balance by lot", () => {
    const trial = openSmallMarket({ credit: 1_000_000 })
    arrive(trial, 1, { maxTokens: 0 })
    expect(accountView(trial.market, 1)).toEqual({
      account: 1,
      customer: 0,
      party: 1,
      gift: 5_000_000,
      bought: 1_000_000,
      earned: 0,
      vesting: 0,
      held: 100,
      spendable: 5_999_900,
      claimed: 0,
    })
    expect(accountView(trial.market, 99)).toBeUndefined()
  })
})

describe("the ledger as a whole", () => {
  it("is what customers own, what is held of it and the bounty pool, and sums to 0", () => {
    const trial = openSmallMarket({
      economy: grown,
      inputPricePerMtok: 0,
      outputPricePerMtok: 1_000_000,
    })
    const { owned } = booksView(trial.market)
    trial.send({ _tag: "CreditsBought", transfer: 2, account: 1, amount: 1_000_000 })
    arrive(trial, 7, { inputTokens: 0, maxTokens: 100 })
    expect(booksView(trial.market)).toMatchObject({ total: 0, owned: owned + 1_000_000, held: 100 })
    call(trial, 8)
    const { total, bountyPool } = booksView(trial.market)
    expect(total).toBe(0)
    expect(bountyPool).toBeGreaterThan(0)
    trial.market.ledger.posted[2]--
    expect(booksView(trial.market)).toMatchObject({ total: -1, bountyPool: bountyPool - 1 })
  })

  it("has no account with less than is held of it, unless it is broken", () => {
    const trial = openSmallMarket()
    arrive(trial, 7)
    expect(overdrawnAccounts(trial.market)).toEqual([])
    trial.market.ledger.held[6] = trial.market.ledger.posted[6] + 1
    expect(overdrawnAccounts(trial.market)).toEqual([6])
  })

  it("has room for as much as can be counted", () => {
    const trial = openSmallMarket()
    expect(hasRoomFor(trial.market, 1)).toBe(true)
    expect(hasRoomFor(trial.market, Number.MAX_SAFE_INTEGER)).toBe(false)
  })
})

describe("what is open", () => {
  it("is counted by instance", () => {
    const trial = openSmallMarket({ nodes: 1, economy: grown })
    expect(inFlightOf(trial.market, 1)).toBe(0)
    arrive(trial, 7)
    expect(inFlightOf(trial.market, 1)).toBe(1)
    expect(inFlightOf(trial.market, 99)).toBe(0)
  })

  it("are the attempts under way, and the withdrawals that are not settled", () => {
    const trial = openSmallMarket({
      economy: grown,
      inputPricePerMtok: 0,
      outputPricePerMtok: 1_000_000_000_000,
    })
    call(trial, 1)
    for (const [transfer, amount] of [
      [9, 20_000_000],
      [8, 10_000_000],
      [7, 12_000_000],
    ] as const)
      trial.send({ _tag: "WithdrawalRequested", transfer, account: 1001, amount })
    trial.send({ _tag: "WithdrawalVoided", transfer: 7 })
    for (const request of [5, 7]) arrive(trial, request, { maxTokens: 3 })
    endAttempt(trial, 5, { outputTokens: 0 })
    expect(openAttempts(trial.market)).toEqual([
      { request: 7, attempt: 0, instance: 1, node: 1, account: 1, model: 1, maxTokens: 3 },
    ])
    expect(openWithdrawals(trial.market)).toEqual([
      { transfer: 8, account: 1001, amount: 10_000_000 },
      { transfer: 9, account: 1001, amount: 20_000_000 },
    ])
  })
})

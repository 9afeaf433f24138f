/** Reserved jobs that are idle, lent to items of batches: who gets them, who is paid, and who comes first. */
import { describe, expect, it } from "vitest"
import { accountView, batchView, booksView, hasRoomForItem } from "../../../../engine/index.ts"
import type { EconomyPatch } from "../../../../engine/economy/derive.ts"
import { auditMarket } from "../../../../engine/market/invariants.ts"
import type { Outcome } from "../../../../engine/protocol/event.ts"
import {
  consumer,
  credit,
  hour,
  listing,
  literal,
  openMachine,
  provider,
} from "../../../support/hours.ts"
import type { Fact, Trial } from "../../../support/market.ts"
import { commandsOf, rejectionOf } from "../../../support/market.ts"

const model = 1
const other = 9

/** All four jobs of the machine are reserved by the consumer; another account has a batch of ten. */
const opened = (patch: EconomyPatch = {}): Trial => {
  const trial = openMachine(
    literal({
      ramp: { start: 1 },
      routing: { maxRetries: 2 },
      pricing: { tokens: "model" },
      reservation: { lendShare: 0.5 },
      ...patch,
    }),
  )
  trial.send({ _tag: "AccountOpened", account: other })
  trial.send({ _tag: "CreditsBought", transfer: 70, account: other, amount: 100 * credit })
  trial.send({
    _tag: "ContractOffered",
    contract: 1,
    listing,
    client: consumer,
    by: provider,
    micros: 10 * hour,
    jobs: 4,
    memoryMib: 1024,
    fee: credit,
    availabilityBps: 0,
    hasPenalties: false,
  })
  trial.send({ _tag: "ContractAccepted", contract: 1, booking: 1, by: consumer })
  trial.wait(0)
  expect(rejectionOf(trial.send({ _tag: "DeliveryStarted", booking: 1 }))).toBeUndefined()
  const [accepted] = commandsOf(
    trial.send({
      _tag: "BatchOpened",
      batch: 1,
      account: other,
      model,
      items: 10,
      inputTokens: 1000,
      maxTokens: 10_000,
    }),
    "AcceptBatch",
  )
  expect(accepted).toBeDefined()
  return trial
}

const item = (trial: Trial, request: number, place: number) =>
  trial.send({
    _tag: "RequestArrived",
    request,
    account: other,
    model,
    inputTokens: 100,
    maxTokens: 1000,
    batch: 1,
    item: place,
  } as Fact)

const call = (trial: Trial, request: number) =>
  trial.send({
    _tag: "RequestArrived",
    request,
    account: consumer,
    model,
    inputTokens: 100,
    maxTokens: 1000,
  })

const end = (trial: Trial, request: number, outcome: Outcome = "completed", attempt = 0) =>
  trial.send({
    _tag: "AttemptEnded",
    request,
    attempt,
    outcome,
    outputTokens: outcome === "completed" ? 500 : 0,
    reportedTokens: outcome === "completed" ? 500 : 0,
    decodeMicros: 1_000_000,
    retryAfterMicros: 0,
  })

const instanceOf = (commands: ReturnType<typeof item>) =>
  commandsOf(commands, "Dispatch")[0]?.instance
const earnedBy = (trial: Trial, account: number) => accountView(trial.market, account)?.earned ?? 0

describe("reserved jobs that are idle", () => {
  it("are lent to items of batches; half of what these pay their provider is the holder's", () => {
    const trial = opened()
    const before = [earnedBy(trial, provider), earnedBy(trial, consumer)] as const
    expect(hasRoomForItem(trial.market, 1)).toBe(true)
    expect(instanceOf(item(trial, 1, 0))).toBe(listing)
    auditMarket(trial.market)
    const commands = end(trial, 1)
    const [finish] = commandsOf(commands, "Finish")
    const kinds = commandsOf(commands, "Post").map(({ kind }) => kind)
    expect(kinds.indexOf("lend")).toBeGreaterThanOrEqual(0)
    expect(kinds.indexOf("lend")).toBeLessThan(kinds.indexOf("share"))
    const share = finish?.share ?? 0
    expect(earnedBy(trial, consumer) - before[1]).toBe(Math.floor(share / 2))
    expect(earnedBy(trial, provider) - before[0]).toBe(Math.ceil(share / 2))
    expect(batchView(trial.market, 1)?.completed).toBe(1)
    expect(booksView(trial.market).total).toBe(0)
    auditMarket(trial.market)
  })

  it("are as many as nobody uses, and the holder comes first all the same", () => {
    const trial = opened()
    for (let place = 0; place < 4; place++)
      expect(instanceOf(item(trial, place, place))).toBe(listing)
    expect(hasRoomForItem(trial.market, 1)).toBe(false)
    expect(commandsOf(item(trial, 4, 4), "Refuse")).toMatchObject([{ reason: "NoCapacity" }])
    for (let request = 5; request < 9; request++)
      expect(instanceOf(call(trial, request))).toBe(listing)
    auditMarket(trial.market)
    for (let place = 0; place < 4; place++) end(trial, place)
    // Its own calls keep what they run in.
    expect(commandsOf(item(trial, 9, 4), "Refuse")).toHaveLength(1)
    end(trial, 5)
    expect(instanceOf(item(trial, 10, 4))).toBe(listing)
    auditMarket(trial.market)
  })

  it("are lent to nobody where the rules say so, or where the pool has room", () => {
    const none = opened({ reservation: { lendShare: 0 } })
    expect(commandsOf(item(none, 1, 0), "Refuse")).toMatchObject([{ reason: "NoCapacity" }])
    const trial = opened()
    trial.send({ _tag: "NodeRegistered", node: 90, account: other })
    const machine = { model, slots: 40, tokensPerSecond: 1000, isPlatformAsked: false }
    trial.send({ _tag: "InstanceStarted", instance: 90, node: 90, ...machine })
    expect(instanceOf(item(trial, 1, 0))).toBe(90)
    expect(commandsOf(end(trial, 1), "Post").some(({ kind }) => kind === "lend")).toBe(false)
  })

  it("that fail an item leave it to the pool, whose provider is paid all of it", () => {
    const trial = opened()
    expect(instanceOf(item(trial, 1, 0))).toBe(listing)
    trial.send({ _tag: "NodeRegistered", node: 90, account: other })
    const machine = { model, slots: 40, tokensPerSecond: 1000, isPlatformAsked: false }
    trial.send({ _tag: "InstanceStarted", instance: 90, node: 90, ...machine })
    const again = end(trial, 1, "upstreamError")
    expect(commandsOf(again, "Dispatch")).toMatchObject([{ attempt: 1, instance: 90 }])
    auditMarket(trial.market)
    const posts = commandsOf(end(trial, 1, "completed", 1), "Post")
    expect(posts.some(({ kind }) => kind === "lend")).toBe(false)
    auditMarket(trial.market)
  })

  it("pay their holder in gifts what gifts have paid, where these stay gifts", () => {
    const trial = opened({ promotion: { grantCredits: 50, giftsPay: "gifts" } })
    const before = accountView(trial.market, consumer)
    item(trial, 1, 0)
    const [finish] = commandsOf(end(trial, 1), "Finish")
    const after = accountView(trial.market, consumer)
    expect((after?.gift ?? 0) - (before?.gift ?? 0)).toBe(Math.floor((finish?.share ?? 0) / 2))
    expect(after?.earned).toBe(before?.earned)
    auditMarket(trial.market)
  })

  it("pay their holder nothing once its reservation is over", () => {
    const trial = opened()
    item(trial, 1, 0)
    trial.wait(10 * hour)
    const before = earnedBy(trial, consumer)
    const posts = commandsOf(end(trial, 1), "Post")
    expect(posts.some(({ kind }) => kind === "lend")).toBe(false)
    expect(earnedBy(trial, consumer)).toBe(before)
    auditMarket(trial.market)
  })
})

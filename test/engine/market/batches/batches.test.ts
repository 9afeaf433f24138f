import { describe, expect, it } from "vitest"
import { aitbcHardened } from "../../../../engine/economy/presets/aitbc-hardened.ts"
import { pooled } from "../../../../engine/economy/presets/pooled.ts"
import { infrintia } from "../../../../engine/economy/presets/infrintia.ts"
import { accountView, batchView, hasRoomForItem, nextItem } from "../../../../engine/index.ts"
import { auditMarket } from "../../../../engine/market/invariants.ts"
import type { Trial } from "../../../support/market.ts"
import {
  arrive,
  commandsOf,
  consumer,
  economyWith,
  endAttempt,
  openSmallMarket,
  rejectionOf,
} from "../../../support/market.ts"
import {
  batchEconomy,
  closedBatch,
  credit,
  hour,
  openBatch,
  openBatchMarket,
  sendItem,
} from "../../../support/batches.ts"

const day = 24 * hour
const host = 1001

/** Gives out items from one on, and has each answered. */
const answer = (trial: Trial, batch: number, items: number, from = 0) => {
  for (let item = from; item < from + items; item++) {
    sendItem(trial, batch * 1000 + item, batch, item)
    endAttempt(trial, batch * 1000 + item)
  }
  auditMarket(trial.market)
}

describe("a batch", () => {
  it("of ten items of 0.12 costs 0.84: fee 0.1008, share 0.7392 (pinned example 12)", () => {
    const trial = openBatchMarket()
    const [accepted] = commandsOf(openBatch(trial, 1), "AcceptBatch")
    expect(accepted).toMatchObject({ factorBps: 7000, held: 840_007, deadline: day })
    answer(trial, 1, 10)
    const finishes = commandsOf(trial.commands, "Finish")
    const sum = (of: "charge" | "fee" | "share") =>
      finishes.reduce((total, command) => total + command[of], 0)
    expect([sum("charge"), sum("fee"), sum("share")]).toEqual([840_000, 100_800, 739_200])
    expect(closedBatch(trial.commands)).toMatchObject({
      outcome: "done",
      completed: 10,
      failed: 0,
      expired: 0,
      charged: 840_000,
      refund: 7,
    })
    expect(accountView(trial.market, host)?.earned).toBe(739_200)
    expect(accountView(trial.market, consumer)).toMatchObject({ held: 0 })
  })

  it("of nine costs 1.08, since it is too small for the discount", () => {
    const trial = openBatchMarket()
    openBatch(trial, 1, { items: 9 })
    answer(trial, 1, 9)
    expect(closedBatch(trial.commands)).toMatchObject({ charged: 1_080_000 })
  })

  it("of any size has the discount where waiting is what counts, and none where it does not wait", () => {
    const trial = openBatchMarket({ economy: batchEconomy({ minItems: 1 }) })
    openBatch(trial, 1, { items: 1 })
    answer(trial, 1, 1)
    expect(closedBatch(trial.commands)).toMatchObject({ charged: 84_000 })
    const [accepted] = commandsOf(openBatch(trial, 2, { deadline: day - 1 }), "AcceptBatch")
    expect(accepted).toMatchObject({ factorBps: 10_000, deadline: day - 1 })
  })

  it("is charged the discounted price of the sum, rounded up once", () => {
    const trial = openBatchMarket({ outputPricePerMtok: 30_000 })
    openBatch(trial, 1)
    answer(trial, 1, 10)
    // Ten times 3 minor units: 21, where each on its own would be ⌈2.1⌉ = 3.
    expect(closedBatch(trial.commands)).toMatchObject({ charged: 21 })
    const fees = commandsOf(trial.commands, "Finish").map(({ fee }) => fee)
    expect(fees.reduce((sum, fee) => sum + fee)).toBe(2)
  })

  it("is paid with gifts first, which stay gifts where the rules say so", () => {
    const promotion = { grantCredits: 0.5, giftsPay: "gifts" } as const
    const trial = openBatchMarket({ economy: batchEconomy({}, { promotion }) })
    openBatch(trial, 1)
    answer(trial, 1, 10)
    expect(accountView(trial.market, consumer)?.gift).toBe(0)
    const provider = accountView(trial.market, host)
    expect(provider?.gift).toBe(0.5 * credit + 440_000)
    expect(provider?.earned).toBe(739_200 - 440_000)
  })

  it("keeps its price whatever the model costs later", () => {
    const trial = openBatchMarket()
    openBatch(trial, 1)
    trial.send({
      _tag: "ModelListed",
      model: 1,
      inputPricePerMtok: 5 * credit,
      outputPricePerMtok: 9000 * credit,
    })
    answer(trial, 1, 10)
    expect(closedBatch(trial.commands)).toMatchObject({ charged: 840_000 })
  })

  it("expires at its deadline: what was answered is paid, the rest void, also what is under way", () => {
    const trial = openBatchMarket()
    openBatch(trial, 1)
    answer(trial, 1, 4)
    sendItem(trial, 2000, 1, 4)
    expect(closedBatch(trial.wait(day - 1))).toBeUndefined()
    expect(closedBatch(trial.wait(1))).toEqual({
      _tag: "CloseBatch",
      batch: 1,
      outcome: "expired",
      completed: 4,
      failed: 0,
      expired: 6,
      charged: 336_000,
      refund: 504_007,
    })
    auditMarket(trial.market)
    const ended = endAttempt(trial, 2000)
    expect(commandsOf(ended, "Refuse")).toEqual([
      { _tag: "Refuse", request: 2000, reason: "Expired" },
    ])
    expect(commandsOf(ended, "Post")).toEqual([])
    expect(accountView(trial.market, consumer)?.held).toBe(0)
    expect(rejectionOf(sendItem(trial, 2001, 1, 5))).toBe("UnknownBatch")
    auditMarket(trial.market)
  })

  it("expires although the gateway was away at its deadline, which nothing postpones", () => {
    const trial = openBatchMarket()
    openBatch(trial, 1)
    sendItem(trial, 1, 1, 0)
    const resumed = trial.sendRaw({ _tag: "GatewayResumed", at: day + hour })
    expect(closedBatch(resumed)).toMatchObject({ outcome: "expired", expired: 10, charged: 0 })
    endAttempt(trial, 1, { outcome: "gatewayFault", outputTokens: 50 })
    auditMarket(trial.market)
  })

  it("that is cancelled pays for what is under way, and is over with it", () => {
    const trial = openBatchMarket()
    openBatch(trial, 1)
    sendItem(trial, 1, 1, 0)
    sendItem(trial, 2, 1, 1)
    expect(rejectionOf(trial.send({ _tag: "BatchCancelled", batch: 1, by: host }))).toBe("NotParty")
    trial.send({ _tag: "BatchCancelled", batch: 1, by: consumer })
    expect(batchView(trial.market, 1)?.phase).toBe("cancelling")
    expect(nextItem(trial.market, 1, 0)).toBe(-1)
    expect(rejectionOf(sendItem(trial, 3, 1, 2))).toBe("WrongPhase")
    expect(rejectionOf(trial.send({ _tag: "BatchCancelled", batch: 1, by: consumer }))).toBe(
      "WrongPhase",
    )
    endAttempt(trial, 1)
    expect(closedBatch(endAttempt(trial, 2))).toMatchObject({
      outcome: "cancelled",
      completed: 2,
      expired: 8,
      charged: 168_000,
    })
  })

  it("that is cancelled with nothing under way is over at once, and costs nothing", () => {
    const trial = openBatchMarket()
    openBatch(trial, 1)
    const cancelled = trial.send({ _tag: "BatchCancelled", batch: 1, by: consumer })
    expect(closedBatch(cancelled)).toMatchObject({ outcome: "cancelled", charged: 0, expired: 10 })
  })

  it("is declined where it cannot be paid, asks too little, or asks for too much time", () => {
    const trial = openBatchMarket({ credit: 840_006 })
    const declined = (asked: Parameters<typeof openBatch>[2], batch: number) =>
      commandsOf(openBatch(trial, batch, asked), "DeclineBatch")[0]?.reason
    expect(declined({}, 1)).toBe("InsufficientCredits")
    expect(declined({ maxPricePerMtok: 1 }, 2)).toBe("PriceTooHigh")
    expect(declined({ deadline: 0 }, 3)).toBe("InThePast")
    expect(declined({ deadline: day + 1 }, 4)).toBe("TooFarAhead")
    expect(rejectionOf(openBatch(trial, 4))).toBe("DuplicateBatch")
    expect(rejectionOf(openBatch(trial, 5, { account: 77 }))).toBe("UnknownAccount")
    expect(rejectionOf(openBatch(trial, 5, { items: 0 }))).toBe("InvalidQuantity")
    expect(rejectionOf(openBatch(trial, 5, { maxTokens: 2e14 }))).toBe("TooManyTokens")
  })

  it("is not taken where the economy takes none", () => {
    for (const economy of [pooled, infrintia])
      expect(rejectionOf(openBatch(openSmallMarket({ economy }), 1))).toBe("BatchesNotTaken")
  })
})

describe("an item of a batch", () => {
  it("is given out once, and never again when it is answered", () => {
    const trial = openBatchMarket()
    openBatch(trial, 1)
    sendItem(trial, 1, 1, 3)
    expect(rejectionOf(sendItem(trial, 2, 1, 3))).toBe("ItemTaken")
    endAttempt(trial, 1)
    expect(rejectionOf(sendItem(trial, 2, 1, 3))).toBe("ItemTaken")
    expect(rejectionOf(sendItem(trial, 2, 1, 10))).toBe("NotInBatch")
    expect(rejectionOf(sendItem(trial, 2, 9, 0))).toBe("UnknownBatch")
    expect(rejectionOf(sendItem(trial, 2, 1, 0, { account: host }))).toBe("NotParty")
    expect(rejectionOf(sendItem(trial, 2, 1, 0, { maxTokens: 1000 }))).toBe("TooManyTokens")
    expect(rejectionOf(sendItem(trial, 1, 1, 0))).toBe("DuplicateRequest")
  })

  it("that fails is tried again twice at no price, then it is void", () => {
    const trial = openBatchMarket()
    openBatch(trial, 1)
    for (const request of [1, 2, 3]) {
      sendItem(trial, request, 1, 0)
      const ended = endAttempt(trial, request, { outcome: "stalled", outputTokens: 60 })
      expect(commandsOf(ended, "Refuse")[0]?.reason).toBe("AttemptFailed")
      expect(commandsOf(ended, "Post")).toEqual([])
      // The breaker parks a host that fails three times.
      trial.wait(hour)
      auditMarket(trial.market)
    }
    expect(rejectionOf(sendItem(trial, 4, 1, 0))).toBe("ItemTaken")
    expect(batchView(trial.market, 1)).toMatchObject({ failed: 1, completed: 0, charged: 0 })
  })

  it("is tried elsewhere at once where another host has room, even after a part of its answer", () => {
    const trial = openBatchMarket({ nodes: 2 })
    openBatch(trial, 1)
    sendItem(trial, 1, 1, 0)
    const ended = endAttempt(trial, 1, { outcome: "truncated", outputTokens: 60 })
    expect(commandsOf(ended, "Dispatch")).toHaveLength(1)
    expect(commandsOf(endAttempt(trial, 1, { attempt: 1 }), "Finish")[0]?.charge).toBe(84_000)
  })

  it("that the gateway lost waits again, as often as that happens", () => {
    const trial = openBatchMarket()
    openBatch(trial, 1)
    for (const request of [1, 2, 3, 4, 5]) {
      sendItem(trial, request, 1, 0)
      endAttempt(trial, request, { outcome: "gatewayFault", outputTokens: 60 })
    }
    expect(batchView(trial.market, 1)).toMatchObject({ failed: 0, charged: 0 })
    expect(nextItem(trial.market, 1, 0)).toBe(0)
  })

  it("that is wrong itself is void at once", () => {
    const trial = openBatchMarket()
    openBatch(trial, 1)
    sendItem(trial, 1, 1, 0)
    const ended = endAttempt(trial, 1, { outcome: "consumerError" })
    expect(commandsOf(ended, "Finish")[0]).toMatchObject({ outcome: "consumerError", charge: 0 })
    expect(batchView(trial.market, 1)?.failed).toBe(1)
  })

  it("leaves a part of the room to calls, until its batch is urgent", () => {
    const trial = openBatchMarket({ slots: 20 })
    openBatch(trial, 1, { items: 30 })
    for (let item = 0; item < 18; item++) {
      expect(hasRoomForItem(trial.market, 1)).toBe(true)
      sendItem(trial, item, 1, item)
    }
    expect(hasRoomForItem(trial.market, 1)).toBe(false)
    const refused = sendItem(trial, 100, 1, 18)
    expect(commandsOf(refused, "Refuse")[0]?.reason).toBe("NoCapacity")
    // A call has the room that was left, and its refusal of the item was nobody's demand.
    expect(commandsOf(arrive(trial, 101), "Dispatch")).toHaveLength(1)
    endAttempt(trial, 101)
    expect(nextItem(trial.market, 1, 0)).toBe(18)
    // 3,000 tokens at 100 a second: with 30 s left, there is nothing to wait for.
    trial.wait(day - 30_000_001)
    expect(hasRoomForItem(trial.market, 1)).toBe(false)
    trial.wait(1)
    expect(hasRoomForItem(trial.market, 1)).toBe(true)
    expect(commandsOf(sendItem(trial, 102, 1, 18), "Dispatch")).toHaveLength(1)
    auditMarket(trial.market)
  })
})

describe("a batch under `aitbc-hardened`", () => {
  const economy = economyWith({ ramp: { start: 1, onlineHours: 0 } }, aitbcHardened)
  const promised = (trial: Trial, batch: number, maxTokens: number) =>
    commandsOf(openBatch(trial, batch, { items: 10, maxTokens }), "AcceptBatch").length === 1

  it("is taken if it fits into half of what was idle, with what is promised already", () => {
    // 100 tokens a second: 8,640,000 a day.
    const trial = openBatchMarket({ economy })
    expect(promised(trial, 1, 4_320_001)).toBe(false)
    expect(promised(trial, 2, 4_000_000)).toBe(true)
    expect(promised(trial, 3, 320_001)).toBe(false)
    expect(promised(trial, 4, 320_000)).toBe(true)
  })

  it("goes by the same hours of the week before, where they are known", () => {
    const trial = openBatchMarket({ economy })
    // All of the first hour is taken by calls: ten of 36,000 tokens each.
    for (let request = 1; request <= 10; request++) {
      arrive(trial, request, { maxTokens: 36_000 })
      endAttempt(trial, request, { outputTokens: 36_000, decodeMicros: hour / 10 })
    }
    trial.wait(7 * day)
    expect(promised(trial, 1, 4_140_001)).toBe(false)
    expect(promised(trial, 2, 4_140_000)).toBe(true)
  })
})

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { accountView, booksView, marketView } from "../../../../engine/index.ts"
import { infrintia } from "../../../../engine/economy/presets/infrintia.ts"
import type { EconomyPatch } from "../../../../engine/economy/derive.ts"
import { auditMarket } from "../../../../engine/market/invariants.ts"
import { isRound } from "../../../../engine/rules/pricing/price-levels.ts"
import type { Trial } from "../../../support/market.ts"
import {
  arrive,
  commandsOf,
  economyWith,
  endAttempt,
  openSmallMarket,
  rejectionOf,
} from "../../../support/market.ts"
import { assertProperty } from "../../../support/property.ts"

const mtok = 1_000_000
const hour = 3_600_000_000
const day = 24 * hour

const cheapest = economyWith({ routing: { selection: "leastLoaded" } }, infrintia)

const setPrice = (trial: Trial, instance: number, outputPricePerMtok: number) =>
  rejectionOf(trial.send({ _tag: "PriceSet", instance, outputPricePerMtok }))

/** A market of hosts that ask these prices, by instance from 1 on, each with so many slots. */
const openHosts = (
  prices: ReadonlyArray<number>,
  economy = infrintia,
  slots: number | ((node: number) => number) = 1,
): Trial => {
  const trial = openSmallMarket({ economy, nodes: prices.length, slots })
  prices.forEach((price, index) => expect(setPrice(trial, index + 1, price)).toBeUndefined())
  return trial
}

const ask = (trial: Trial, request: number, maxPricePerMtok?: number) => {
  const given = trial.send({
    _tag: "RequestArrived",
    request,
    account: 1,
    model: 1,
    inputTokens: 50,
    maxTokens: 100,
    ...(maxPricePerMtok === undefined ? {} : { maxPricePerMtok }),
  })
  return commandsOf(given, "Dispatch")[0]?.instance ?? commandsOf(given, "Refuse")[0]?.reason
}

/** How often each host serves, of so many calls that end before the next begins. */
const sharesOf = (prices: ReadonlyArray<number>, calls: number, economy = infrintia) => {
  const trial = openHosts(prices, economy, 2)
  const counts = prices.map(() => 0)
  for (let request = 1; request <= calls; request++) {
    const instance = ask(trial, request)
    if (typeof instance === "number") counts[instance - 1]! += 1
    endAttempt(trial, request)
  }
  return counts.map((count) => count / calls)
}

describe("a price per token that a host sets", () => {
  it("is on offer while the host is online, and counts with those that ask the same", () => {
    const trial = openHosts([mtok, mtok, 2 * mtok])
    const offers = () =>
      marketView(trial.market)[0]?.levels.map(({ outputPricePerMtok, instances }) => [
        outputPricePerMtok,
        instances,
      ])
    expect(offers()).toEqual([
      [mtok, 2],
      [2 * mtok, 1],
    ])
    trial.send({ _tag: "NodeLost", node: 1 })
    trial.send({ _tag: "NodeLost", node: 3 })
    expect(offers()).toEqual([[mtok, 1]])
    trial.send({ _tag: "NodeReturned", node: 3 })
    expect(offers()).toEqual([
      [mtok, 1],
      [2 * mtok, 1],
    ])
    auditMarket(trial.market)
  })

  it("pays what the hosting guide says: 0.00012 for each of a million tokens", () => {
    const credit = 1_000_000
    const trial = openSmallMarket({ economy: infrintia, slots: 1, credit: 1000 * credit })
    expect(setPrice(trial, 1, 120 * credit)).toBeUndefined()
    arrive(trial, 1, { inputTokens: 700, maxTokens: mtok })
    const ended = endAttempt(trial, 1, { outputTokens: mtok, reportedTokens: mtok })
    expect(commandsOf(ended, "Finish")).toMatchObject([
      { charge: 120 * credit, fee: 14.4 * credit, share: 105.6 * credit },
    ])
    expect(accountView(trial.market, 1001)?.earned).toBe(105.6 * credit)
    expect(booksView(trial.market)).toMatchObject({ total: 0, held: 0 })
  })

  it("is that of the moment of dispatch", () => {
    const trial = openHosts([mtok])
    expect(ask(trial, 1)).toBe(1)
    expect(setPrice(trial, 1, 9 * mtok)).toBeUndefined()
    expect(commandsOf(endAttempt(trial, 1), "Finish")).toMatchObject([{ charge: 100 }])
    expect(ask(trial, 2)).toBe(1)
    expect(commandsOf(endAttempt(trial, 2), "Finish")).toMatchObject([{ charge: 900 }])
  })

  it("is the list's until it is set, and again after a switch of the model", () => {
    const trial = openSmallMarket({ economy: cheapest, nodes: 2, outputPricePerMtok: 3 * mtok })
    expect(setPrice(trial, 2, 2 * mtok)).toBeUndefined()
    expect(ask(trial, 1)).toBe(2)
    const list = { _tag: "ModelListed", inputPricePerMtok: 0 } as const
    trial.send({ ...list, model: 1, outputPricePerMtok: mtok })
    expect(ask(trial, 2)).toBe(1)
    trial.send({ ...list, model: 2, outputPricePerMtok: 5 * mtok })
    endAttempt(trial, 1)
    const machine = { slots: 1, tokensPerSecond: 100, isPlatformAsked: false }
    trial.send({ _tag: "ModelSwitched", instance: 2, model: 2, ...machine })
    arrive(trial, 3, { servedModel: 2 })
    expect(commandsOf(endAttempt(trial, 3), "Finish")).toMatchObject([{ charge: 500 }])
  })

  it("has three digits, and is above nothing", () => {
    const trial = openHosts([mtok])
    for (const price of [0, -1, 1234, 0.5, 10_010, Number.NaN])
      expect(setPrice(trial, 1, price)).toBe("InvalidQuantity")
    for (const price of [1, 999, 1000, 1230, 99_900])
      expect(setPrice(openHosts([mtok]), 1, price)).toBeUndefined()
    expect(setPrice(trial, 9, 1)).toBe("UnknownInstance")
    expect(setPrice(openSmallMarket(), 1, 1)).toBe("PricedByPlatform")
  })

  it("has three digits for exactly the numbers that are written with three and zeros", async () => {
    await assertProperty(
      fc.property(fc.maxSafeNat(), fc.nat(15), (value, digits) => {
        const price = Math.floor(value / 10 ** digits)
        expect(isRound(price)).toBe(/^\d{1,3}0*$/.test(String(price)))
      }),
    )
  })
})

describe("who serves, where hosts set prices", () => {
  it("is drawn with weight room ÷ price²: 73.47%, 18.37% and 8.16% at prices of 1, 2 and 3", () => {
    const calls = 20_000
    const shares = sharesOf([mtok, 2 * mtok, 3 * mtok], calls)
    for (const [index, expected] of [0.7347, 0.1837, 0.0816].entries()) {
      const error = 4 * Math.sqrt((expected * (1 - expected)) / calls)
      expect(Math.abs(shares[index]! - expected)).toBeLessThan(error)
    }
  })

  it("is the cheapest with room under any other selection", () => {
    const trial = openHosts([3 * mtok, mtok, 2 * mtok, mtok], cheapest)
    const served = [1, 2, 3, 4, 5].map((request) => ask(trial, request))
    expect(new Set(served.slice(0, 2))).toEqual(new Set([2, 4]))
    expect(served.slice(2)).toEqual([3, 1, "NoCapacity"])
  })

  it("asks no more than the consumer accepts and can pay", () => {
    const trial = openHosts([2 * mtok, 5 * mtok])
    expect(ask(trial, 1, 2 * mtok - 1)).toBe("PriceTooHigh")
    expect(ask(trial, 2, 2 * mtok)).toBe(1)
    expect(ask(trial, 3, 5 * mtok - 1)).toBe("NoCapacity")
    expect(ask(trial, 4, 5 * mtok)).toBe(2)
    const poor = openSmallMarket({ economy: infrintia, nodes: 2, slots: 1, credit: 300 })
    setPrice(poor, 1, 4 * mtok)
    setPrice(poor, 2, 3 * mtok)
    expect(ask(poor, 1)).toBe(2)
    expect(ask(poor, 2)).toBe("InsufficientCredits")
  })

  it("tries a call elsewhere at the price of input that it arrived at, though the list asks more now", () => {
    const charged = economyWith({ pricing: { inputTokens: "charged" } }, cheapest)
    const trial = openHosts([mtok, mtok], charged)
    trial.send({ _tag: "ModelListed", model: 1, inputPricePerMtok: 0, outputPricePerMtok: mtok })
    const first = ask(trial, 1)
    trial.send({
      _tag: "ModelListed",
      model: 1,
      inputPricePerMtok: 900 * mtok,
      outputPricePerMtok: mtok,
    })
    const [again] = commandsOf(endAttempt(trial, 1, { outcome: "upstreamError" }), "Dispatch")
    expect([first, again?.instance].toSorted()).toEqual([1, 2])
  })

  it("of a further attempt asks no more than is held (48)", async () => {
    const anyHosts = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 5 })
    await assertProperty(
      fc.property(anyHosts, fc.constantFrom(infrintia, cheapest), (prices, economy) => {
        const trial = openHosts(
          prices.map((price) => price * mtok),
          economy,
        )
        const first = ask(trial, 1)
        if (typeof first !== "number") throw new Error("there is room")
        const { held } = booksView(trial.market)
        const again = commandsOf(endAttempt(trial, 1, { outcome: "stalled" }), "Dispatch")[0]
        if (again === undefined) {
          const isEveryOtherDearer = prices.every(
            (price, index) => index + 1 === first || price > prices[first - 1]!,
          )
          expect(isEveryOtherDearer).toBe(true)
          return
        }
        expect(prices[again.instance - 1]).toBeLessThanOrEqual(prices[first - 1]!)
        const ended = endAttempt(trial, 1, { attempt: 1 })
        expect(commandsOf(ended, "Finish")[0]?.charge).toBeLessThanOrEqual(held)
        expect(booksView(trial.market)).toMatchObject({ held: 0, total: 0 })
      }),
    )
  })

  it("is never more often a host that asks more (47)", async () => {
    // The same draws before and after: each that the host gets at the higher price it got at the lower.
    const anyMarket = fc.record({
      prices: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 }),
      raise: fc.integer({ min: 1, max: 9 }),
    })
    await assertProperty(
      fc.property(anyMarket, fc.constantFrom(infrintia, cheapest), (given, economy) => {
        const { prices, raise } = given
        const calls = 300
        const scaled = prices.map((price) => price * mtok)
        const raised = scaled.with(0, scaled[0]! + raise * mtok)
        const exactOf = (all: ReadonlyArray<number>) =>
          economy === cheapest
            ? (all[0] === Math.min(...all) ? 1 : 0) /
              all.filter((price) => price === Math.min(...all)).length
            : all[0]! ** -2 / all.reduce((sum, price) => sum + price ** -2, 0)
        const [before, after] = [exactOf(scaled), exactOf(raised)]
        expect(after).toBeLessThanOrEqual(before)
        for (const [all, exact] of [
          [scaled, before],
          [raised, after],
        ] as const) {
          const [share] = sharesOf(all, calls, economy)
          const error = 5 * Math.sqrt((exact * (1 - exact) + 1 / calls) / calls)
          expect(Math.abs(share! - exact)).toBeLessThan(error)
        }
      }),
      { share: 0.05 },
    )
  })

  it("is less likely a host that says that it is busy, and never more likely", () => {
    const trial = openHosts([mtok, mtok], infrintia, 2)
    trial.send({ _tag: "HeartbeatReceived", node: 2, utilisationBps: 7500 })
    let second = 0
    const calls = 4000
    for (let request = 1; request <= calls; request++) {
      if (ask(trial, request) === 2) second++
      endAttempt(trial, request)
    }
    expect(Math.abs(second / calls - 0.2)).toBeLessThan(4 * Math.sqrt(0.16 / calls))
    const beat = { _tag: "HeartbeatReceived", node: 1 } as const
    expect(rejectionOf(trial.send({ ...beat, utilisationBps: 10_001 }))).toBe("InvalidQuantity")
    expect(rejectionOf(trial.send({ ...beat, utilisationBps: 10_000 }))).toBeUndefined()
  })
})

describe("a price that changes", () => {
  const under = (pricing: EconomyPatch["pricing"]) =>
    economyWith({ pricing: { ...pricing } }, infrintia)

  it("does so so many times an hour", () => {
    const trial = openHosts([mtok], under({ changesPerHour: 2 }))
    expect(setPrice(trial, 1, 2 * mtok)).toBeUndefined()
    expect(setPrice(trial, 1, 3 * mtok)).toBe("TooSoon")
    trial.wait(hour - 1)
    expect(setPrice(trial, 1, 3 * mtok)).toBe("TooSoon")
    trial.wait(1)
    expect(setPrice(trial, 1, 3 * mtok)).toBeUndefined()
  })

  it("never falls below the least that is allowed", () => {
    const economy = under({ leastPerMtok: 3 })
    const trial = openSmallMarket({ economy })
    expect(setPrice(trial, 1, 2_990_000)).toBe("PriceTooLow")
    expect(setPrice(trial, 1, 3_000_000)).toBeUndefined()
  })

  it("rises by so much a day, however it got there", () => {
    const trial = openHosts([100], under({ maxRaisePerDay: 0.25 }))
    expect(setPrice(trial, 1, 101)).toBe("RaisedTooFast")
    trial.wait(day)
    expect(setPrice(trial, 1, 126)).toBe("RaisedTooFast")
    expect(setPrice(trial, 1, 125)).toBeUndefined()
    expect(setPrice(trial, 1, 50)).toBeUndefined()
    expect(setPrice(trial, 1, 51)).toBe("RaisedTooFast")
    trial.wait(day / 2)
    expect(setPrice(trial, 1, 57)).toBe("RaisedTooFast")
    expect(setPrice(trial, 1, 56)).toBeUndefined()
    // A price that was low for a month jumps no further than one that was for a day.
    trial.wait(30 * day)
    expect(setPrice(trial, 1, 71)).toBe("RaisedTooFast")
    expect(setPrice(trial, 1, 70)).toBeUndefined()
  })
})

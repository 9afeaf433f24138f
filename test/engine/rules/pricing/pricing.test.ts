import { describe, expect, it } from "vitest"
import { accountView, booksView, countOpenRequests } from "../../../../engine/index.ts"
import type { Offers, Pricing } from "../../../../engine/rules/pricing/pricing.ts"
import type { Trial } from "../../../support/market.ts"
import {
  arrive,
  call,
  commandsOf,
  economyWith,
  endAttempt,
  openSmallMarket,
} from "../../../support/market.ts"

const mtok = 1_000_000
const grown = economyWith({ ramp: { start: 1 } })

/** Each instance asks its own price, the later the dearer; the cheapest with room serves. */
const byInstance: Pricing = {
  isByInstance: true,
  isByTime: false,
  inputPrice: () => 0,
  leastLevel: () => mtok,
  levelOf: (_, __, instance) => mtok * (instance + 1),
  isTooDear: (_, __, { maxPricePerMtok = Infinity }, level) => level > maxPricePerMtok,
  worst: (_, __, { maxTokens }, level) => (maxTokens * level) / mtok,
  draw: ({ instances: { columns } }: Offers, model, { maxTokens, maxPricePerMtok }, budget) => {
    for (let instance = 0; instance < columns.model.length; instance++) {
      const price = mtok * (instance + 1)
      if ((maxPricePerMtok ?? Infinity) < price || maxTokens * (instance + 1) > budget) return -1
      const hasRoom = columns.inFlight[instance] < columns.capacity[instance]
      if (columns.model[instance] === model && hasRoom && !tried.has(instance)) return instance
    }
    return -1
  },
  outputPrice: (_, __, instance) => mtok * (instance + 1),
}
const tried = new Set<number>()

const withPricing = (pricing: Pricing, options: Parameters<typeof openSmallMarket>[0]): Trial => {
  tried.clear()
  const trial = openSmallMarket({ economy: grown, slots: 1, ...options })
  const rules = trial.market.rules as { pricing: Pricing }
  rules.pricing = pricing
  return trial
}

const refusalOf = (trial: Trial, request: number, maxPricePerMtok?: number) => {
  const given = trial.send({
    _tag: "RequestArrived",
    request,
    account: 1,
    model: 1,
    inputTokens: 0,
    maxTokens: 100,
    ...(maxPricePerMtok === undefined ? {} : { maxPricePerMtok }),
  })
  return commandsOf(given, "Refuse")[0]?.reason
}

describe("the list price of a model", () => {
  it("is what is held and charged, whoever serves", () => {
    const trial = openSmallMarket({ nodes: 3, inputPricePerMtok: 0, outputPricePerMtok: 7 * mtok })
    arrive(trial, 1)
    expect(booksView(trial.market).held).toBe(700)
    expect(commandsOf(endAttempt(trial, 1, { outputTokens: 40 }), "Finish")).toMatchObject([
      { charge: 280 },
    ])
  })

  it("stays that of the arrival, where the list changes meanwhile", () => {
    const trial = openSmallMarket({ nodes: 2, inputPricePerMtok: 0, outputPricePerMtok: mtok })
    arrive(trial, 1)
    trial.send({ _tag: "ModelListed", model: 1, inputPricePerMtok: 0, outputPricePerMtok: 9 })
    endAttempt(trial, 1, { outcome: "stalled" })
    expect(commandsOf(endAttempt(trial, 1, { attempt: 1 }), "Finish")).toMatchObject([
      { charge: 100 },
    ])
  })
})

describe("prices that differ by instance", () => {
  it("are held and charged as the one that serves asks", () => {
    const trial = withPricing(byInstance, { nodes: 3 })
    for (const [request, held] of [
      [1, 100],
      [2, 300],
      [3, 600],
    ] as const) {
      expect(refusalOf(trial, request)).toBeUndefined()
      expect(booksView(trial.market).held).toBe(held)
    }
    expect(commandsOf(endAttempt(trial, 3), "Finish")).toMatchObject([{ charge: 300 }])
    expect(commandsOf(endAttempt(trial, 1), "Finish")).toMatchObject([{ charge: 100 }])
  })

  it("are not paid by who accepts less, or cannot", () => {
    const trial = withPricing(byInstance, { nodes: 2 })
    expect(refusalOf(trial, 1, mtok - 1)).toBe("PriceTooHigh")
    expect(refusalOf(trial, 2, mtok)).toBeUndefined()
    expect(refusalOf(trial, 3, 2 * mtok - 1)).toBe("NoCapacity")
    expect(refusalOf(trial, 4, 2 * mtok)).toBeUndefined()
    // A grant of 5 credits is there beside what was bought.
    const poor = withPricing(byInstance, { nodes: 1, credit: 0 })
    const { spendable = 0 } = accountView(poor.market, 1) ?? {}
    const given = arrive(poor, 1, { maxTokens: spendable + 1 })
    expect(commandsOf(given, "Refuse")).toMatchObject([{ reason: "InsufficientCredits" }])
  })

  it("cost at a further attempt what the other one asks, and never more than is held", () => {
    const trial = withPricing(byInstance, { nodes: 2 })
    // The first is busy, so the second serves: at a further attempt, the first has become free.
    arrive(trial, 1, { inputTokens: 0 })
    arrive(trial, 2, { inputTokens: 0 })
    endAttempt(trial, 1)
    const [again] = commandsOf(endAttempt(trial, 2, { outcome: "stalled" }), "Dispatch")
    expect(again).toMatchObject({ attempt: 1, instance: 1 })
    const ended = endAttempt(trial, 2, { attempt: 1 })
    expect(commandsOf(ended, "Finish")).toMatchObject([{ charge: 100 }])
    // The other way round: what is held does not cover the second.
    arrive(trial, 3, { inputTokens: 0 })
    tried.add(0)
    const refused = endAttempt(trial, 3, { outcome: "stalled" })
    expect(commandsOf(refused, "Refuse")).toMatchObject([{ reason: "AttemptFailed" }])
    expect(booksView(trial.market)).toMatchObject({ held: 0, total: 0 })
    expect(countOpenRequests(trial.market)).toBe(0)
  })

  it("leave a market that is whole", () => {
    const trial = withPricing(byInstance, { nodes: 3 })
    for (let request = 1; request <= 20; request++) call(trial, request)
    expect(booksView(trial.market)).toMatchObject({ held: 0, total: 0 })
  })
})

/** Prices that hosts set: when they are asked for, within which rules, and who pays them. */
import { describe, expect, it } from "vitest"
import { economies, instanceView, isRound, nodeView } from "../../../../engine/index.ts"
import { checkTogether } from "../../../../sim/scenarios/check-together.ts"
import type { Patch } from "../small-world.ts"
import {
  advanceTo,
  hour,
  modelCalled,
  openQuietWorld,
  openReplication,
  runToEnd,
  scenarioWith,
  setClock,
} from "../small-world.ts"

const models = [modelCalled("llama-3-8b", { outputPricePerMtok: 100, worthPerMtok: 200 / 3 })]
const under = (economy: string, knobs: Patch = {}): Patch => ({
  models,
  economy: { extends: economy, ...knobs },
})
const priced = (settings: Patch): Patch => ({
  operators: {
    decisionHours: 1,
    strategies: [{ strategy: "stay", weight: 1 }],
    prices: [settings],
  },
})

/** What node 0 asks after decisions at the given hours, credits. */
const askedAt = (hours: ReadonlyArray<number>, patch: Patch): ReadonlyArray<number> => {
  const { replication, world } = openQuietWorld(patch)
  return hours.map((at) => {
    setClock(world, 0, "decideAt", at * hour)
    advanceTo(replication, at * hour)
    return (instanceView(world.market, 0)?.outputPricePerMtok ?? NaN) / world.credit
  })
}

const pooledWithPrices = {
  economy: economies["pooled"],
  operators: scenarioWith({
    ...under("infrintia"),
    ...priced({ strategy: "list", weight: 1 }),
  }).operators,
}

describe("a host's price", () => {
  it("is the list price where the scenario says nothing of prices", () => {
    const stays = { strategies: [{ strategy: "stay", weight: 1 }] }
    expect(askedAt([1], { ...under("infrintia"), operators: stays })).toEqual([100])
  })

  it("is asked for as it begins to serve, in three digits, above what it cost", () => {
    const { world } = openQuietWorld({
      ...under("infrintia"),
      ...priced({ strategy: "cost-plus", weight: 1, margin: 1 / 3 }),
    })
    const asked = instanceView(world.market, 0)?.outputPricePerMtok ?? NaN
    expect(asked).not.toBe(100 * world.credit)
    expect(isRound(asked)).toBe(true)
  })

  it("flickers as often as the market allows, and stays where it is refused", () => {
    const flicker = priced({ strategy: "flicker", weight: 1, step: 0.5, factor: 1.2 })
    const quarters = [2.1, 2.2, 2.3, 2.4, 2.5, 2.6]
    // Four changes an hour: the fifth is too soon.
    expect(askedAt(quarters, { ...under("infrintia"), ...flicker })).toEqual([
      120, 50, 120, 50, 50, 50,
    ])
  })

  it("is raised no faster than the market allows, and no lower than the least", () => {
    const patch = {
      ...under("infrintia", {
        pricing: { maxRaisePerDay: 0.24, leastPerMtok: 60, changesPerHour: 60 },
      }),
      ...priced({ strategy: "flicker", weight: 1, step: 0.5, factor: 1.2 }),
    }
    // From 60 on, a hundredth of it an hour; it was set once the model was loaded, a little after 0 h.
    const [first] = askedAt([1], { ...patch, fleet: { establishedShare: 0 } })
    expect(first).toBe(60.5)
  })

  it("ends at the highest that there is, however far two hosts drive each other", () => {
    const patch = {
      ...under("infrintia", { money: { scale: 9 } }),
      ...priced({ strategy: "premium", weight: 1, factor: 1000 }),
      fleet: { nodes: 2, establishedShare: 1 },
    }
    expect(askedAt([1, 2, 3, 4, 5], patch).at(-1)).toBe(9_000_000)
  })

  it("is forgotten with the model", () => {
    const two = [...models, modelCalled("llama-3.2-3b", { outputPricePerMtok: 40 })]
    const { world } = openQuietWorld({
      ...under("infrintia"),
      models: two,
      ...priced({ strategy: "premium", weight: 1, factor: 2 }),
    })
    const { outputPricePerMtok, model } = instanceView(world.market, 0) ?? {}
    expect(outputPricePerMtok).toBe(2 * (model === 0 ? 100 : 40) * world.credit)
  })
})

describe("consumers where hosts set prices", () => {
  const calls = Array.from({ length: 200 }, (_, i) => ({ at: 60 * i, outputTokens: 1000 }))
  const runWith = (patch: Patch) => {
    const { replication } = openQuietWorld(patch, calls)
    const { recording } = runToEnd(replication)
    const sum = (channel: keyof typeof recording.sums) =>
      recording.sums[channel].reduce((total, one) => total + one, 0)
    return { sum, prices: recording.prices[0] }
  }
  const dear = priced({ strategy: "premium", weight: 1, factor: 2 })

  it("accept a price up to what a call is worth to them", () => {
    // Worth twice the list at the median of those who have to call: half of the calls are worth the double price.
    const { sum, prices } = runWith({ ...under("infrintia"), ...dear })
    expect(Math.abs(sum("served") - 100)).toBeLessThan(35)
    expect(sum("served") + sum("refused.PriceTooHigh")).toBe(200)
    const paid = prices.paidCredits.reduce((a, b) => a + b, 0)
    expect(paid).toBeCloseTo((sum("served") * 200 * 1000) / 1e6, 9)
    // Whoever is served gains.
    expect(sum("surplus")).toBeGreaterThan(0)
  })

  it("accept any price where the scenario has them name none", () => {
    const { sum } = runWith({
      ...under("infrintia"),
      ...dear,
      consumers: { count: 1, maxRetries: 0, spread: 0, maxPrice: "none" },
    })
    expect(sum("served")).toBe(200)
  })

  it("that look at prices do not call where none is worth it", () => {
    const { sum } = runWith({
      ...under("infrintia"),
      ...dear,
      consumers: {
        count: 1,
        maxRetries: 0,
        spread: 0,
        kinds: [{ kind: "hobbyist", weight: 1 }],
      },
    })
    expect(sum("refused.PriceTooHigh")).toBe(0)
    expect(sum("demandPricedOut")).toBeGreaterThan(50)
    expect(sum("served") + sum("demandPricedOut")).toBe(200)
  })
})

describe("heartbeats where the market heeds what they report", () => {
  const busy = scenarioWith({
    ...under("infrintia"),
    horizonDays: 0.5,
    demand: { requestsPerSecond: 0.3 },
    fleet: { nodes: 6, establishedDays: 1 },
    faults: { crashesPerNodeDay: 20, repairMinutes: 1 },
    churn: { onlineHours: 2, awayHours: 0.2 },
  })

  it("have nodes missed by the market itself, and go along with crashes and absences", () => {
    const replication = openReplication(busy)
    const { checks } = runToEnd(replication)
    for (const [name, { ok, detail }] of Object.entries(checks))
      expect(ok, `${name}: ${detail}`).toBe(true)
    const world = replication["actors"]
    expect(nodeView(world.port.market, 0)?.isSupervised).toBe(true)
  })

  it("are not sent where the market ignores them", () => {
    const replication = openReplication(
      scenarioWith({ horizonDays: 0.1, fleet: { nodes: 1, establishedDays: 1 } }),
    )
    runToEnd(replication)
    expect(nodeView(replication["actors"].port.market, 0)?.isSupervised).toBe(false)
  })
})

it("hosts set prices only under an economy in which they may", () => {
  const message = JSON.stringify(
    checkTogether({ ...scenarioWith(under("infrintia")), ...pooledWithPrices }, "test"),
  )
  expect(message).toContain("operators.prices")
  expect(message).toContain("hosts set no prices under the economy pooled")
})

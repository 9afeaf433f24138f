/** A replication as a whole: batches, progress, what it leaves behind. */
import { marketView } from "../../../engine/index.ts"
import { describe, expect, it } from "vitest"
import {
  advanceTo,
  asking,
  hour,
  modelCalled,
  openReplication,
  runToEnd,
  scenarioWith,
  worldOf,
} from "./small-world.ts"

/** A bit of everything. */
const lively = scenarioWith({
  horizonDays: 0.2,
  models: [modelCalled("llama-3-8b"), modelCalled("llama-3.2-3b", { popularity: 2 })],
  demand: { requestsPerSecond: 0.5, abortShare: 0.1, badInputShare: 0.05, daily: 1 },
  consumers: { count: 20, signUpsPerDay: 50, operatorShare: 0.1 },
  fleet: { nodes: 8, establishedShare: 0.75, maxSlots: 2, farmShare: 0.3, farmNodes: 2 },
  churn: { joinsPerDay: 40, lifetimeDays: 1, onlineHours: 2, awayHours: 1 },
  faults: { crashesPerNodeDay: 10, hiccupsPerNodeDay: 20, failureShare: 0.02, slowShare: 0.2 },
  operators: { decisionHours: 1, chaserShare: 0.3, temperatureCreditsPerDay: 50 },
})

describe("a replication", () => {
  it("gives the same digest and the same results in batches of 1, 1,000 and 20,000 events", () => {
    const [one, some, many] = [1, 1000, 20_000].map((batch) =>
      runToEnd(openReplication(lively), batch),
    )
    expect(some).toEqual(one)
    expect(many).toEqual(one)
    expect(one.requests).toBeGreaterThan(3000)
    expect(Object.values(one.checks).every(({ ok }) => ok)).toBe(true)
  })

  it("goes by its seed", () => {
    const [a, b, again] = ["a", "b", "a"].map((seed) => runToEnd(openReplication(lively, { seed })))
    expect(again.digest).toBe(a.digest)
    expect(b.digest).not.toBe(a.digest)
  })

  it("is not changed by being checked, but for the checks", () => {
    const [plain, checked] = [false, true].map((isChecked) =>
      runToEnd(openReplication(lively, { isChecked })),
    )
    const { hourly, ...others } = checked.checks
    expect(hourly.ok).toBe(true)
    expect(plain).toEqual({ ...checked, checks: others })
  })

  it("says how far it has come, from 0 to 1", () => {
    const replication = openReplication(lively)
    const shares = [replication.progress]
    while (replication.advance(1000)) shares.push(replication.progress)
    shares.push(replication.progress)
    expect(shares[0]).toBe(0)
    expect(shares.at(-1)).toBe(1)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares.filter((share) => share > 0.1 && share < 0.9).length).toBeGreaterThan(3)
  })

  it("has nodes that are as old as the scenario says when demand begins", () => {
    const scenario = scenarioWith({
      horizonDays: 0.1,
      fleet: { nodes: 10, establishedShare: 0.4, establishedDays: 20.5 },
    })
    const world = advanceTo(openReplication(scenario), 0)
    // Whole days, so that hours and bins turn together.
    expect(world.startMicros).toBe(21 * 24 * hour)
    expect([...world.nodes.columns.joinedAt.subarray(0, 10)]).toEqual([
      ...Array(4).fill(0),
      ...Array(6).fill(world.startMicros),
    ])
  })

  it("begins at once where no node is established", () => {
    const scenario = scenarioWith({ horizonDays: 0.1, fleet: { nodes: 2, establishedShare: 0 } })
    expect(worldOf(openReplication(scenario)).startMicros).toBe(0)
  })

  it("ends with the last request, not with the horizon", () => {
    const scenario = scenarioWith({ horizonDays: 0.01, fleet: { nodes: 1, maxSlots: 1 } })
    const openArrivals = asking([{ at: 863, outputTokens: 16_000 }])
    const replication = openReplication(scenario, { openArrivals })
    const result = runToEnd(replication)
    const world = worldOf(replication)
    expect(world.now).toBeGreaterThan(world.endMicros + 10e6)
    expect(result.requests).toBe(1)
    expect(result.nodes[0].outputTokens).toBe(16_000)
  })

  it("turns away what arrives after the horizon", () => {
    const scenario = scenarioWith({ horizonDays: 0.01 })
    const openArrivals = asking([{ at: 864 }, { at: 864.000_001 }])
    expect(runToEnd(openReplication(scenario, { openArrivals })).requests).toBe(1)
  })

  it("lists every model at its price, in minor units", () => {
    const scenario = scenarioWith({
      economy: { money: { scale: 3 } },
      models: [modelCalled("llama-3-8b", { inputPricePerMtok: 1.25, outputPricePerMtok: 2.0004 })],
    })
    expect(marketView(worldOf(openReplication(scenario)).market)).toMatchObject([
      { inputPricePerMtok: 1250, outputPricePerMtok: 2000 },
    ])
  })

  it("runs where everything is allowed to be as large as it may", () => {
    const scenario = scenarioWith({
      horizonDays: 0.001,
      economy: { money: { scale: 9 } },
      models: [modelCalled("llama-3-8b", { inputPricePerMtok: 1e6, outputPricePerMtok: 1e6 })],
      demand: { maxTokensHeadroom: 1000 },
      consumers: { budgetCreditsPerDay: 1e6, topUpCredits: 1e6 },
    })
    const openArrivals = asking([{ at: 1, inputTokens: 10, outputTokens: 1_000_000 }])
    const { checks, requests } = runToEnd(openReplication(scenario, { openArrivals }))
    expect(requests).toBe(1)
    expect(Object.values(checks).every(({ ok }) => ok)).toBe(true)
  })
})

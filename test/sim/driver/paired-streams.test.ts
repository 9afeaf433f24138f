/**
 * Common random numbers: two scenarios that differ in a knob of the economy see the same requests,
 * from the same consumers, and the same faults; and a node more changes nothing for the others.
 */
import { describe, expect, it } from "vitest"
import { openSource } from "../../../sim/demand/open-source.ts"
import { overlay } from "../../../sim/scenarios/resolve.ts"
import type { ReplicationParts } from "../../../sim/driver/replication.ts"
import type { Scenario } from "../../../sim/scenarios/schema.ts"
import type { Patch } from "./small-world.ts"
import { modelCalled, openReplication, scenarioWith, worldOf } from "./small-world.ts"

const lively: Patch = {
  horizonDays: 0.5,
  models: [
    modelCalled("llama-3-8b"),
    modelCalled("llama-3.2-3b", { popularity: 2, outputPricePerMtok: 200 }),
  ],
  demand: { requestsPerSecond: 0.25, arrivals: "gamma", burstiness: 2, abortShare: 0.1, daily: 1 },
  consumers: { count: 30, signUpsPerDay: 60, operatorShare: 0.2, maxRetries: 2 },
  fleet: {
    nodes: 8,
    devices: [
      { device: "RTX 4090", weight: 1 },
      { device: "Apple M4 Max 40c", weight: 1 },
    ],
    maxSlots: 2,
    establishedDays: 1,
  },
  churn: { joinsPerDay: 20, onlineHours: 2, awayHours: 0.5 },
  faults: { crashesPerNodeDay: 12, repairMinutes: 10, hiccupsPerNodeDay: 20, failureShare: 0.05 },
  operators: { decisionHours: 2, temperatureCreditsPerDay: 20, creditUsd: 0.5 },
}

/** What a run met with from outside. */
interface Encounters {
  readonly digest: string
  /** Time, model, input and output tokens of each request. */
  readonly requests: ReadonlyArray<ReadonlyArray<number>>
  readonly consumers: ReadonlyArray<number>
  /** By the instant when a node joined: its device, then when it crashed, went away and hiccuped. */
  readonly lives: ReadonlyMap<string, ReadonlyArray<number>>
}

/** Runs a scenario and notes what it met with. */
const encountersOf = (scenario: Scenario): Encounters => {
  const requests: Array<ReadonlyArray<number>> = []
  const consumers: Array<number> = []
  // Each arrival is noted as the driver reads it.
  const openArrivals: ReplicationParts["openArrivals"] = (...parts) => {
    const source = openSource(scenario, undefined)(...parts)
    let due = NaN
    return {
      nextMicros: () => (due = source.nextMicros()),
      read: () => {
        source.read()
        requests.push([due, source.model, source.inputTokens, source.outputTokens])
      },
      get model() {
        return source.model
      },
      get inputTokens() {
        return source.inputTokens
      },
      get outputTokens() {
        return source.outputTokens
      },
    }
  }
  const replication = openReplication(scenario, { openArrivals, isChecked: false })
  const world = worldOf(replication)
  const pick = world.consumers.pick.bind(world.consumers)
  world.consumers.pick = (stream) => {
    const consumer = pick(stream)
    consumers.push(consumer)
    return consumer
  }
  const { columns } = world.nodes
  const lives: Array<Array<number>> = []
  const clocks = ["crashAt", "awayAt", "hiccupAt"] as const
  const last: Array<Array<number>> = []
  while (replication.advance(1)) {
    for (let node = 0; node < world.nodes.count; node++) {
      lives[node] ??= [columns.device[node]]
      last[node] ??= [NaN, NaN, NaN]
      clocks.forEach((clock, i) => {
        const due = columns[clock][node]
        if (due === last[node][i]) return
        last[node][i] = due
        // Only what has been drawn for within the horizon: an operator may have left before.
        if (due < Infinity) lives[node].push(due)
      })
    }
  }
  return {
    digest: replication.finish().digest,
    requests,
    consumers,
    lives: new Map(
      lives.map((life, node) => {
        const joined = columns.joinedAt[node]
        return [joined > world.startMicros ? `at ${joined}` : `first ${node}`, life]
      }),
    ),
  }
}

/** Lives that both runs saw, as long as the shorter; a node that left has no more faults. */
const sharedLives = (a: Encounters, b: Encounters) =>
  [...a.lives].flatMap(([name, life]) => {
    const other = b.lives.get(name)
    if (other === undefined) return []
    const length = Math.min(life.length, other.length)
    return [{ name, one: life.slice(0, length), other: other.slice(0, length) }]
  })

describe("two economies", () => {
  const base = encountersOf(scenarioWith(lively))
  const others = {
    "another fee": { feeBps: 0 },
    "another way to choose": { routing: { selection: "spareLottery" } },
    hardened: { extends: "hardened" },
  }

  it.each(Object.entries(others))(
    "(%s) see the same requests from the same consumers",
    (_, economy) => {
      const other = encountersOf(scenarioWith({ ...lively, economy }))
      expect(other.digest).not.toBe(base.digest)
      expect(base.requests.length).toBeGreaterThan(5000)
      expect(other.requests).toEqual(base.requests)
      expect(other.consumers).toEqual(base.consumers)

      const shared = sharedLives(base, other)
      expect(shared.length).toBeGreaterThanOrEqual(8)
      for (const { one, other: same } of shared) expect(same).toEqual(one)
      // The first nodes have crashed, gone and hiccuped many times each.
      expect(shared.slice(0, 8).every(({ one }) => one.length > 15)).toBe(true)
    },
  )
})

describe("more flaws, and more calls by operators", () => {
  it("change neither when nor what is asked for, nor which consumer's turn it is", () => {
    const base = encountersOf(scenarioWith(lively))
    const patch = {
      demand: { abortShare: 0.4, badInputShare: 0.2 },
      consumers: { operatorShare: 0.6 },
    }
    const other = encountersOf(scenarioWith(overlay(lively, patch) as Patch))
    expect(other.requests).toEqual(base.requests)
    expect(other.consumers).toEqual(base.consumers)
  })
})

describe("a node more", () => {
  it("changes no other node's device and faults, and no request", () => {
    const fewer = encountersOf(scenarioWith(lively))
    const more = encountersOf(scenarioWith(overlay(lively, { fleet: { nodes: 9 } }) as Patch))
    expect(more.lives.has("first 8")).toBe(true)
    expect(fewer.lives.has("first 8")).toBe(false)
    expect(more.requests).toEqual(fewer.requests)
    expect(more.consumers).toEqual(fewer.consumers)
    const shared = sharedLives(fewer, more)
    // Those who joined later are the same too, where both saw them join.
    expect(shared.some(({ name }) => name.startsWith("at"))).toBe(true)
    expect(shared.length).toBeGreaterThan(8)
    for (const { one, other } of shared) expect(other).toEqual(one)
  })
})

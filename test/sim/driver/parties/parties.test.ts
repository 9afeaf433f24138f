/** Parties: what each conduct does in the world, and what is counted of it. */
import { describe, expect, it } from "vitest"
import { instanceView } from "../../../../engine/index.ts"
import { isUp } from "../../../../sim/driver/nodes/node-machine.ts"
import type { PartyOutcome } from "../../../../sim/recording/replicated.ts"
import type { Patch } from "../small-world.ts"
import {
  advanceTo,
  hour,
  openReplication,
  runToEnd,
  scenarioWith,
  setClock,
  worldOf,
} from "../small-world.ts"

const subject = (conduct: Patch = {}, settings: Patch = {}): Patch => ({
  name: "subject",
  device: "RTX 3060 12GB",
  model: "llama-3-8b",
  machines: 1,
  isEstablished: true,
  conduct,
  ...settings,
})

/** Two residents and a party on equal machines, busy for a day. */
const market = (party: Patch, patch: Patch = {}) =>
  scenarioWith({
    horizonDays: 1,
    demand: { requestsPerSecond: 0.15, sizes: { medianOutputTokens: 1000, spread: 0.5 } },
    consumers: { count: 50, budgetCreditsPerDay: 10_000, maxRetries: 0 },
    fleet: {
      nodes: 2,
      devices: [{ device: "RTX 3060 12GB", weight: 1 }],
      maxSlots: 8,
      establishedDays: 30,
    },
    ...patch,
    parties: [party],
  })

const outcomeOf = (party: Patch, patch: Patch = {}): PartyOutcome => {
  const { parties, checks } = runToEnd(openReplication(market(party, patch)))
  for (const [name, { ok, detail }] of Object.entries(checks))
    expect(ok, `${name}: ${detail}`).toBe(true)
  return parties[0]
}

const honest = outcomeOf(subject())
/** 170 W at 0.25 dollars a kWh and 0.001 dollars a credit, for a day; a fifth of it while it waits. */
const fullDay = 0.17 * 0.25 * 24 * 1000
const idleDay = 0.2 * fullDay
const slots = 8
const loadCost = ({ cost }: PartyOutcome): number => cost - idleDay

describe("an honest party", () => {
  it("makes what it is paid less what its machine costs", () => {
    expect(honest.requests).toBeGreaterThan(1000)
    expect(honest.profit).toBeCloseTo(honest.share + honest.bounty - honest.cost, 6)
    // Demand ends with the day, and what is under way a little later.
    expect(honest.cost).toBeGreaterThan(0.25 * fullDay)
    expect(honest.cost).toBeLessThan(0.9 * fullDay)
    expect(loadCost(honest) / honest.busySlotHours).toBeCloseTo((0.8 * fullDay) / 24 / slots, 2)
    expect(honest).toMatchObject({ accounts: 1, bought: 0, spent: 0, rejoined: 0 })
  })

  it("leaves the draws of all others as they are, whatever it does", () => {
    const crashes = (conduct: Patch) => {
      const replication = openReplication(
        market(subject(conduct), { faults: { crashesPerNodeDay: 3 } }),
      )
      const { nodes } = advanceTo(replication, 0)
      return [0, 1].map((node) => nodes.columns.crashAt[node])
    }
    expect(crashes({ splitInto: 8 })).toEqual(crashes({}))
  })
})

describe("a machine that poses as several nodes", () => {
  const split = { splitInto: 8, splitAccounts: "many" }

  it("deals out its slots, and serves them all from one server", () => {
    const replication = openReplication(market(subject(split)))
    const world = advanceTo(replication, 6 * hour)
    const nodes = world.parties[0].nodes
    expect(nodes).toHaveLength(8)
    for (const node of nodes) {
      expect(world.nodes.columns.slots[node]).toBe(1)
      expect(instanceView(world.market, node)?.slots).toBe(1)
    }
    expect(world.servers.isOpen(nodes[0])).toBe(true)
    expect(nodes.slice(1).some((node) => world.servers.isOpen(node))).toBe(false)
    const served = runToEnd(replication).parties[0]
    expect(served.accounts).toBe(8)
    expect(loadCost(served) / served.busySlotHours).toBeCloseTo(
      loadCost(honest) / honest.busySlotHours,
      2,
    )
  })

  it("goes down and comes back as one", () => {
    const replication = openReplication(
      market(subject(split), { faults: { crashesPerNodeDay: 1e-6 } }),
    )
    const world = advanceTo(replication, hour)
    const nodes = world.parties[0].nodes
    const { reach, inFlight } = world.nodes.columns
    setClock(world, nodes[0], "crashAt", 2 * hour)
    advanceTo(replication, 2 * hour)
    expect(nodes.map((node) => isUp(reach[node]))).toEqual(Array(8).fill(false))
    expect(nodes.map((node) => inFlight[node])).toEqual(Array(8).fill(0))
    setClock(world, nodes[0], "repairAt", 3 * hour)
    advanceTo(replication, 3 * hour)
    expect(nodes.map((node) => isUp(reach[node]))).toEqual(Array(8).fill(true))
    expect(nodes.map((node) => instanceView(world.market, node)?.reason)).not.toContain("Inactive")
    runToEnd(replication)
  })
})

describe("a party's conduct", () => {
  it("declares more slots, or more speed, than there are", () => {
    const viewOf = (conduct: Patch) => {
      const world = advanceTo(openReplication(market(subject(conduct))), hour)
      return instanceView(world.market, world.parties[0].nodes[0])
    }
    const plain = viewOf({})
    expect(viewOf({ declaredSlots: 4 })?.slots).toBe(4 * (plain?.slots ?? 0))
    const rate = viewOf({ declaredSpeed: 4 })?.tokensPerSecond ?? 0
    expect(Math.abs(rate - 4 * (plain?.tokensPerSecond ?? 0))).toBeLessThan(4)
  })

  it("fails consumers while it answers probes, and saves what that costs", () => {
    const failing = outcomeOf(subject({ failShare: 0.5 }))
    expect(failing.failures / (failing.failures + failing.requests)).toBeCloseTo(0.5, 1)
    expect(loadCost(failing)).toBeLessThan(0.8 * loadCost(honest))
    expect(failing.health).toBeLessThan(0.9)
  })

  it("gives consumers less than it showed the gateway", () => {
    const slow = outcomeOf(subject({ speed: 0.25 }), {
      economy: { extends: "hardened" },
    })
    expect(slow.busySlotHours / slow.requests).toBeGreaterThan(
      (2 * honest.busySlotHours) / honest.requests,
    )
    // What it holds back is none of this market's cost: a quarter of the machine is, a quarter of what it draws.
    expect((4 * slow.cost - idleDay) / slow.busySlotHours).toBeCloseTo(
      loadCost(honest) / honest.busySlotHours,
      2,
    )
  })

  it("is paid for the tokens that consumers got, whatever it reports", () => {
    const inflating = outcomeOf(subject({ reportedTokens: 1.5 }))
    expect(inflating.billedTokens).toBe(inflating.deliveredTokens)
    expect(inflating.health).toBeLessThan(honest.health)
  })

  it("refuses long calls, at no cost to its health", () => {
    // Half of the calls ask for more than twice the median of 1,000.
    const picky = outcomeOf(subject({ refusesFromTokens: 2000 }))
    expect(picky.outputTokens / picky.requests).toBeLessThan(
      (0.8 * honest.outputTokens) / honest.requests,
    )
    expect(picky.health).toBeCloseTo(honest.health, 2)
  })

  it("keeps machines off the market", () => {
    const world = worldOf(
      openReplication(market(subject({ withheldMachines: 2 }, { machines: 5 }))),
    )
    expect(world.parties[0].nodes).toHaveLength(3)
  })

  it("comes back as somebody else when its name is bad", () => {
    const washed = outcomeOf(
      subject({ failShare: 0.6, rejoinBelowHealth: 0.9 }, { machines: 1 }),
      {},
    )
    expect(washed.rejoined).toBe(0)
    const often = outcomeOf({
      ...subject({ failShare: 0.6, rejoinBelowHealth: 0.9 }),
      decisionHours: 2,
    })
    expect(often.rejoined).toBeGreaterThan(1)
    expect(often.accounts).toBe(1 + often.rejoined)
  })
})

describe("a party's own calls", () => {
  const calls = { callsPerHour: 60, model: "llama-3-8b", inputTokens: 100, outputTokens: 500 }

  it("are bought and paid for, by accounts that nobody knows to be its own", () => {
    const buying = outcomeOf(subject({ demand: { ...calls, paidBy: "puppets", puppets: 3 } }))
    expect(buying.accounts).toBe(4)
    expect(buying.ownCalls).toBeGreaterThan(1000)
    // Each call's 33,000 minor units: 100 at 30 and 500 at 60 credits a million tokens.
    expect(buying.spent).toBeCloseTo(buying.ownCalls * 0.033, 6)
    // Three gifts of 5 credits are spent first; and what is bought is what is asked for, no more.
    expect(buying.bought).toBeGreaterThanOrEqual(buying.spent - 15)
    expect(buying.bought).toBeLessThan(buying.spent)
  })

  it("are paid with gifts for as long as there are any", () => {
    const economy = { extends: "pooled", promotion: { budgetCredits: 300 } }
    const farming = outcomeOf(subject({ demand: { ...calls, paidBy: "gifts" } }), { economy })
    expect(farming.bought).toBe(0)
    // 52 accounts had their gifts before it, and so may 8 more.
    expect(farming.spent).toBeGreaterThan(30)
    expect(farming.spent).toBeLessThanOrEqual(40)
  })

  it("bring home under `hardened` nothing of the gifts that paid for them", () => {
    const demand = { ...calls, paidBy: "gifts" }
    const gain = (name: string) => {
      const economy = { extends: name, routing: { selection: "leastLoaded" }, ramp: { start: 1 } }
      const scenario = { economy, demand: { requestsPerSecond: 0 } }
      return outcomeOf(subject({ demand }), scenario)
    }
    const pooled = gain("pooled")
    expect(pooled.share).toBeGreaterThan(10)
    expect(pooled.profit).toBeCloseTo(pooled.share - pooled.cost, 6)
    const hardened = gain("hardened")
    expect(hardened.share).toBeGreaterThan(10)
    expect(hardened.profit).toBeCloseTo(-hardened.cost, 6)
  })
})

/** A node's life: crashes, absences, hiccups, switches, departures, and what requests see of them. */
import { describe, expect, it } from "vitest"
import { instanceView } from "../../../../engine/index.ts"
import {
  drainingToLeave,
  drainingToSwitch,
  gone,
  isAway,
  isUp,
  loading,
  present,
  serving,
  starting,
} from "../../../../sim/driver/nodes/node-machine.ts"
import type { World } from "../small-world.ts"
import type { Channel } from "../../../../sim/recording/recorder.ts"
import {
  advanceTo,
  advanceWhile,
  day,
  hour,
  modelCalled,
  openQuietWorld,
  runToEnd,
  scenarioWith,
  openReplication,
  setClock,
  worldOf,
} from "../small-world.ts"

const second = 1_000_000
const small = modelCalled("llama-3.2-3b", { initialSupply: 0 })
/** Loads in 2.46 s at 2 GB/s. */
const models = [modelCalled("llama-3-8b"), small]

const reasonOf = (world: World, node: number) => instanceView(world.market, node)?.reason
const total = (world: World, channel: Channel): number =>
  world.recorder.sums[channel].reduce((sum, one) => sum + one, 0)

describe("a crash", () => {
  // A stream of 8,000 tokens takes more than a minute; two are open when the machine goes down.
  const long = { outputTokens: 8000 }
  const requests = [{ at: 1, ...long }, { at: 2, ...long }, { at: 20 }, { at: 200 }, { at: 900 }]

  it("ends every attempt where it stands, is noticed after 90 s, and is over with the repair", () => {
    const { replication, world } = openQuietWorld({ models }, requests)
    const { columns } = world.nodes
    setClock(world, 0, "crashAt", 10 * second)
    advanceTo(replication, 10 * second - 1)
    expect(columns.inFlight[0]).toBe(2)
    advanceTo(replication, 10 * second)
    expect(isUp(columns.reach[0])).toBe(false)
    expect(columns.inFlight[0]).toBe(0)
    expect(columns.outputTokens[0]).toBeGreaterThan(500)
    expect(columns.outputTokens[0]).toBeLessThan(4000)
    expect(total(world, "served")).toBe(2)
    setClock(world, 0, "repairAt", 600 * second)

    // The market does not know yet: it sends the next request there, and that one fails.
    expect(reasonOf(world, 0)).toBe("Eligible")
    advanceTo(replication, 21 * second)
    expect(total(world, "failedAttempts")).toBe(3)
    expect(total(world, "refused.AttemptFailed")).toBe(1)

    advanceTo(replication, 100 * second - 1)
    expect(reasonOf(world, 0)).not.toBe("Inactive")
    advanceTo(replication, 100 * second)
    expect(reasonOf(world, 0)).toBe("Inactive")
    advanceTo(replication, 300 * second)
    expect(total(world, "refused.NoCapacity")).toBe(1)

    // Three failures in a minute had it parked as well; it answers its probe two seconds later.
    advanceTo(replication, 600 * second)
    expect(isUp(columns.reach[0])).toBe(true)
    expect(reasonOf(world, 0)).toBe("ProbeUnderWay")
    advanceTo(replication, 602 * second)
    expect(reasonOf(world, 0)).toBe("Eligible")
    const result = runToEnd(replication)
    expect(total(world, "served")).toBe(3)
    // Ten minutes less ten seconds of the day were lost.
    expect(result.nodes[0].onlineHours).toBeCloseTo(24 - 590 / 3600, 9)
    expect(Object.values(result.checks).every(({ ok }) => ok)).toBe(true)
  })

  it("that is repaired before anyone has noticed was never seen by the market", () => {
    const { replication, world } = openQuietWorld({ models })
    setClock(world, 0, "crashAt", 10 * second)
    advanceTo(replication, 10 * second)
    setClock(world, 0, "repairAt", 60 * second)
    advanceTo(replication, 200 * second)
    expect(world.nodes.columns.reach[0]).toBe(present)
    expect(reasonOf(world, 0)).toBe("Eligible")
  })

  it("while the first model is being loaded begins the loading anew after the repair", () => {
    const { replication, world } = openQuietWorld({ models, fleet: { establishedShare: 0 } })
    const { columns } = world.nodes
    expect(columns.phase[0]).toBe(starting)
    setClock(world, 0, "crashAt", second)
    advanceTo(replication, second)
    setClock(world, 0, "repairAt", 500 * second)
    advanceTo(replication, 500 * second)
    expect(columns.phase[0]).toBe(starting)
    expect(instanceView(world.market, 0)).toBeUndefined()
    advanceTo(replication, 502 * second)
    expect(columns.phase[0]).toBe(starting)
    advanceTo(replication, 503 * second)
    expect(columns.phase[0]).toBe(serving)
    expect(reasonOf(world, 0)).toBe("Eligible")
  })

  it("comes again after a repair when crashes are on", () => {
    const { replication, world } = openQuietWorld({ models, faults: { crashesPerNodeDay: 200 } })
    const { columns } = world.nodes
    let crashes = 0
    for (let at = 0; at < day; at += second) {
      const wasUp = isUp(columns.reach[0])
      advanceTo(replication, at)
      if (wasUp && !isUp(columns.reach[0])) crashes++
    }
    // A cycle is 7.2 minutes up and 30 down on average: 39 a day, give or take.
    expect(crashes).toBeGreaterThan(15)
    expect(crashes).toBeLessThan(80)
  })
})

describe("going away and returning", () => {
  // Rarely, but for how long it would next be gone has to be drawn from something.
  const rarely = { models, churn: { onlineHours: 1e6, awayHours: 1e6 } }

  it("lets running attempts end, and takes new ones again only after the return", () => {
    const { replication, world } = openQuietWorld(rarely, [
      { at: 1, outputTokens: 2000 },
      { at: 10 },
      { at: 3700 },
    ])
    const { columns } = world.nodes
    setClock(world, 0, "awayAt", 5 * second)
    advanceTo(replication, 5 * second)
    setClock(world, 0, "returnAt", hour)
    expect(reasonOf(world, 0)).toBe("Inactive")
    expect(columns.inFlight[0]).toBe(1)
    advanceTo(replication, 60 * second)
    expect(columns.inFlight[0]).toBe(0)
    expect(columns.outputTokens[0]).toBe(2000)
    expect(total(world, "refused.NoCapacity")).toBe(1)
    advanceTo(replication, hour)
    expect(reasonOf(world, 0)).toBe("Eligible")
    const result = runToEnd(replication)
    expect(total(world, "served")).toBe(2)
    expect(result.nodes[0].onlineHours).toBeCloseTo(23 + 5 / 3600, 9)
  })

  it("is only for machines that have other uses", () => {
    const churn = { onlineHours: 1, awayHours: 1 }
    const devices = [{ device: "H100 SXM", weight: 1 }]
    const racks = openQuietWorld({ models, churn, fleet: { nodes: 20, devices } }).world
    expect([...racks.nodes.columns.awayAt.subarray(0, 20)]).toEqual(Array(20).fill(Infinity))
    const homes = openQuietWorld({ models, churn, fleet: { nodes: 20 } }).world
    for (let node = 0; node < 20; node++) {
      const { awayAt, returnAt, reach } = homes.nodes.columns
      expect(isAway(reach[node]) ? returnAt[node] : awayAt[node]).toBeLessThan(Infinity)
    }
  })

  it("keeps a crashed machine away from the market until it is both up and back", () => {
    const { replication, world } = openQuietWorld(rarely)
    setClock(world, 0, "crashAt", 10 * second)
    advanceTo(replication, 10 * second)
    setClock(world, 0, "repairAt", 1000 * second)
    setClock(world, 0, "awayAt", 500 * second)
    advanceTo(replication, 500 * second)
    setClock(world, 0, "returnAt", 2000 * second)
    advanceTo(replication, 1500 * second)
    expect(isUp(world.nodes.columns.reach[0])).toBe(true)
    expect(reasonOf(world, 0)).toBe("Inactive")
    advanceTo(replication, 2000 * second)
    expect(reasonOf(world, 0)).toBe("Eligible")
  })
})

describe("a hiccup", () => {
  it("fails what is sent to the node while it lasts, and nothing after", () => {
    const { replication, world } = openQuietWorld({ models }, [{ at: 5 }, { at: 11 }, { at: 80 }])
    setClock(world, 0, "hiccupAt", 10 * second)
    advanceTo(replication, 10 * second)
    world.nodes.columns.hiccupUntil[0] = world.startMicros + 60 * second
    runToEnd(replication)
    expect(total(world, "failedAttempts")).toBe(1)
    expect(total(world, "served")).toBe(2)
  })
})

describe("a switch", () => {
  // A chaser: a shortage of the other model, announced at the hour, makes it switch when it decides.
  const chasing = { models, operators: { decisionHours: 1, chaserShare: 1 } }
  const shortage = { at: 600, model: 1 }

  it("drains, then loads, then serves the other model, at reduced pay", () => {
    const { replication, world } = openQuietWorld(chasing, [
      shortage,
      { at: 3700, outputTokens: 3000 },
      { at: 3710 },
      { at: 3900, model: 1 },
    ])
    const { columns } = world.nodes
    setClock(world, 0, "decideAt", 3705 * second)
    advanceTo(replication, 3705 * second)
    expect(columns.phase[0]).toBe(drainingToSwitch)
    expect(columns.target[0]).toBe(1)
    expect(columns.model[0]).toBe(0)
    expect(reasonOf(world, 0)).toBe("Draining")
    expect(columns.inFlight[0]).toBe(1)
    advanceTo(replication, 3711 * second)
    expect(total(world, "refused.NoCapacity")).toBe(1)
    advanceWhile(replication, () => columns.phase[0] === drainingToSwitch)
    const drainedAt = world.now
    expect(columns.inFlight[0]).toBe(0)
    expect(columns.phase[0]).toBe(loading)
    expect(world.servers.isOpen(0)).toBe(false)
    const { setUpMicros } = world.offers.offers[0][1] ?? { setUpMicros: NaN }
    advanceWhile(replication, () => columns.phase[0] === loading)
    expect(world.now).toBe(drainedAt + setUpMicros)
    expect(columns.model[0]).toBe(1)
    expect(columns.switches[0]).toBe(1)
    expect(instanceView(world.market, 0)).toMatchObject({ model: 1, reason: "Eligible" })
    expect(columns.withheld[0]).toBe(0)
    advanceTo(replication, 4000 * second)
    expect(total(world, "served")).toBe(2)
    // Half of the share, less the few minutes since.
    const share = columns.share[0] + columns.withheld[0]
    expect(columns.withheld[0]).toBeGreaterThan(0)
    expect(columns.withheld[0] / share).toBeLessThan(0.5)
  })

  it("that a crash interrupts is loaded again, and only after the repair", () => {
    const { replication, world } = openQuietWorld(chasing, [shortage])
    const { columns } = world.nodes
    setClock(world, 0, "decideAt", 3705 * second)
    advanceTo(replication, 3705 * second)
    expect(columns.phase[0]).toBe(loading)
    setClock(world, 0, "crashAt", 3705.5 * second)
    advanceTo(replication, 3705.5 * second)
    setClock(world, 0, "repairAt", 3800 * second)
    advanceTo(replication, 3800 * second)
    expect(columns.phase[0]).toBe(loading)
    advanceTo(replication, 3802 * second)
    expect(columns.phase[0]).toBe(serving)
    expect(columns.model[0]).toBe(1)
  })

  it("of a machine that goes down as it drains begins to load after the repair", () => {
    const requests = [shortage, { at: 3700, outputTokens: 3000 }]
    const { replication, world } = openQuietWorld(chasing, requests)
    const { columns } = world.nodes
    setClock(world, 0, "decideAt", 3705 * second)
    setClock(world, 0, "crashAt", 3706 * second)
    advanceTo(replication, 3706 * second)
    expect(columns.phase[0]).toBe(loading)
    setClock(world, 0, "repairAt", 3900 * second)
    advanceTo(replication, 3900 * second)
    expect(columns.phase[0]).toBe(loading)
    advanceTo(replication, 3902 * second)
    expect(columns.phase[0]).toBe(serving)
  })
})

describe("leaving", () => {
  it("lets the last attempt end, and then takes the node out of the market", () => {
    const { replication, world } = openQuietWorld({ models }, [
      { at: 1, outputTokens: 2000 },
      { at: 10 },
    ])
    const { columns } = world.nodes
    setClock(world, 0, "leaveAt", 5 * second)
    advanceTo(replication, 5 * second)
    expect(columns.phase[0]).toBe(drainingToLeave)
    advanceTo(replication, 11 * second)
    expect(total(world, "refused.NoCapacity")).toBe(1)
    expect(columns.inFlight[0]).toBe(1)
    const result = runToEnd(replication)
    expect(columns.phase[0]).toBe(gone)
    expect(instanceView(world.market, 0)).toBeUndefined()
    const { leftSeconds, onlineHours, outputTokens, health } = result.nodes[0]
    expect(outputTokens).toBe(2000)
    expect(leftSeconds).toBeGreaterThan(15)
    expect(leftSeconds).toBeLessThan(40)
    expect(onlineHours * 3600).toBeCloseTo(leftSeconds ?? NaN, 6)
    expect(health).toBeGreaterThan(0.9)
    expect(total(world, "leaves")).toBe(1)
  })

  it("while the first model is being loaded leaves at once", () => {
    const { replication, world } = openQuietWorld({ models, fleet: { establishedShare: 0 } })
    setClock(world, 0, "leaveAt", second)
    advanceTo(replication, second)
    expect(world.nodes.columns.phase[0]).toBe(gone)
    expect(runToEnd(replication).nodes[0]).toMatchObject({ leftSeconds: 1, health: 0, slots: 0 })
  })

  it("in the middle of a switch leaves at once", () => {
    const { replication, world } = openQuietWorld(
      { models, operators: { decisionHours: 1, chaserShare: 1 } },
      [{ at: 600, model: 1 }],
    )
    setClock(world, 0, "decideAt", 3705 * second)
    advanceTo(replication, 3705 * second)
    expect(world.nodes.columns.phase[0]).toBe(loading)
    setClock(world, 0, "leaveAt", 3705.5 * second)
    advanceTo(replication, 3705.5 * second)
    expect(world.nodes.columns.phase[0]).toBe(gone)
    const result = runToEnd(replication)
    expect(result.nodes[0]).toMatchObject({ leftSeconds: 3705.5, switches: 0 })
    expect(Object.values(result.checks).every(({ ok }) => ok)).toBe(true)
  })

  it("of a machine that crashes as it drains happens at the crash", () => {
    const { replication, world } = openQuietWorld({ models }, [{ at: 1, outputTokens: 2000 }])
    setClock(world, 0, "leaveAt", 5 * second)
    setClock(world, 0, "crashAt", 6 * second)
    advanceTo(replication, 6 * second)
    expect(world.nodes.columns.phase[0]).toBe(gone)
    expect(runToEnd(replication).nodes[0].leftSeconds).toBe(6)
  })

  it("after a lifetime begins to count, for established nodes, when demand does", () => {
    const scenario = scenarioWith({
      models,
      horizonDays: 1,
      demand: { requestsPerSecond: 0 },
      fleet: { nodes: 50, establishedDays: 30 },
      churn: { lifetimeDays: 10 },
    })
    const world = advanceTo(openReplication(scenario), 0)
    for (let node = 0; node < 50; node++) {
      expect(world.nodes.columns.phase[node]).toBe(serving)
      expect(world.nodes.columns.leaveAt[node]).toBeGreaterThan(world.startMicros)
    }
  })
})

describe("a capacity measurement", () => {
  const hardened = { models, economy: "hardened", fleet: { establishedShare: 0 } }

  it("comes a minute after the start, with the slots that there really are", () => {
    const { replication, world } = openQuietWorld({
      ...hardened,
      operators: { overDeclareShare: 1, overDeclareFactor: 4 },
    })
    advanceTo(replication, 62 * second)
    expect(world.nodes.columns.declaredSlots[0]).toBe(16)
    expect(instanceView(world.market, 0)).toMatchObject({ reason: "Unverified", slots: 0 })
    advanceTo(replication, 63 * second)
    expect(instanceView(world.market, 0)).toMatchObject({ reason: "Eligible", slots: 4 })
  })

  it("waits for a machine that is down", () => {
    const { replication, world } = openQuietWorld(hardened)
    setClock(world, 0, "crashAt", 30 * second)
    advanceTo(replication, 30 * second)
    setClock(world, 0, "repairAt", 150 * second)
    advanceTo(replication, 149 * second)
    expect(instanceView(world.market, 0)?.slots).toBe(0)
    advanceTo(replication, 200 * second)
    expect(instanceView(world.market, 0)).toMatchObject({ reason: "Eligible", slots: 4 })
  })
})

describe("a node's row", () => {
  it("says nothing of the time before demand", () => {
    const { replication, world } = openQuietWorld({ models })
    expect(world.startMicros).toBe(14 * day)
    const [node] = runToEnd(replication).nodes
    expect(node).toMatchObject({ joinedSeconds: -14 * 86_400, leftSeconds: null, onlineHours: 24 })
    // 450 W for a day at 0.25 US dollars a kWh and 0.001 US dollars a credit; a fifth of it, for nobody calls.
    expect(node.costCredits).toBeCloseTo(0.2 * 0.45 * 24 * 250, 6)
    expect(worldOf(replication)).toBe(world)
  })
})

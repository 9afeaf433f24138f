/** Each check holds in a run as it is, and fails when what it watches is tampered with. */
import { describe, expect, it } from "vitest"
import { lotAccount } from "../../../engine/index.ts"
import { checksAtEnd, checksInPassing } from "../../../sim/driver/checks.ts"
import type { World } from "../../../sim/driver/world.ts"
import { advanceTo, modelCalled, openQuietWorld, runToEnd } from "./small-world.ts"

const requests = Array.from({ length: 20 }, (_, i) => ({ at: 10 * i, outputTokens: 200 }))
const patch = {
  models: [modelCalled("llama-3-8b")],
  fleet: { nodes: 2, maxSlots: 1 },
  horizonDays: 0.1,
}

/** A world after its end. */
const ended = (): World => {
  const { replication, world } = openQuietWorld(patch, requests)
  const { checks } = runToEnd(replication)
  expect(Object.keys(checks).toSorted()).toEqual([
    "bountyPoolSolvent",
    "countersAtRest",
    "creditsConserved",
    "flowBalance",
    "hourly",
    "littlesLaw",
  ])
  for (const [name, { ok, detail }] of Object.entries(checks))
    expect([name, ok, detail][1]).toBe(true)
  return world
}

/** Takes one minor unit more from the bounty pool than it has, into the world. */
const drainPool = (posted: Float64Array): void => {
  posted[0] += posted[2] + 1
  posted[2] = -1
}

const tampering: ReadonlyArray<readonly [string, (world: World) => void]> = [
  ["flowBalance", ({ recorder }) => void recorder.sums.served[0]++],
  ["flowBalance", ({ recorder }) => void recorder.sums["refused.PriceTooHigh"][3]++],
  ["flowBalance", ({ recorder }) => void recorder.sums.arrived[1]--],
  ["flowBalance", ({ recorder }) => void recorder.sums.arrived[1]++],
  ["littlesLaw", (world) => void (world.openMicros *= 1 + 1e-8)],
  ["littlesLaw", (world) => void world.sojournMicros++],
  ["creditsConserved", ({ market }) => void market.ledger.posted[1]++],
  ["bountyPoolSolvent", ({ market: { ledger } }) => drainPool(ledger.posted)],
  ["bountyPoolSolvent", ({ recorder }) => void (recorder.sums.bountyPaid[0] += 1000)],
  ["countersAtRest", ({ nodes }) => void nodes.columns.inFlight[1]++],
  ["countersAtRest", ({ market }) => void market.instances.columns.inFlight[0]++],
  ["countersAtRest", ({ market }) => void market.ledger.held[lotAccount(0, 1)]++],
]

describe("checks at the end", () => {
  it.each(tampering)("%s fails when it should", (name, tamper) => {
    const world = ended()
    tamper(world)
    const failed = Object.entries(checksAtEnd(world, [])).filter(([, { ok }]) => !ok)
    expect(failed.map(([one]) => one)).toEqual([name])
  })

  it("say what was seen in passing, where that was asked for", () => {
    const world = ended()
    expect(checksAtEnd(world, undefined)["hourly"]).toBeUndefined()
    const faults = ["a", "b", "c", "d", "e", "f"]
    expect(checksAtEnd(world, faults)["hourly"]).toEqual({ ok: false, detail: "a; b; c; d; e" })
  })

  it("add up to what was asked for", () => {
    expect(checksAtEnd(ended(), [])["flowBalance"].detail).toBe(
      "20 arrived = 20 served + 0 answered with a 4xx + 0 rejected + 0 open",
    )
  })
})

describe("Little's law", () => {
  /** Ten requests of which the last are still under way when the horizon ends. */
  const late = Array.from({ length: 10 }, (_, i) => ({ at: 8600 + 4 * i, outputTokens: 4000 }))

  const checked = (meddle: (world: World) => void = () => {}) => {
    const { replication, world } = openQuietWorld(patch, late)
    advanceTo(replication, 8638e6)
    meddle(world)
    runToEnd(replication)
    return { world, check: checksAtEnd(world, [])["littlesLaw"] }
  }

  it("counts what is open at the end for the time that lies within the horizon", () => {
    const { world, check } = checked()
    expect(check.ok).toBe(true)
    const beyond = (world.now - world.endMicros) / 1e6
    expect(beyond).toBeGreaterThan(10)
    // Whole sojourns would be more than what the horizon holds of them.
    const { sums } = world.recorder
    const whole = sums.sojournSeconds.reduce((total, one) => total + one, 0)
    expect(whole - world.sojournMicros / 1e6).toBeGreaterThan(beyond)
    expect(check.detail).toMatch(/^L = 0\.\d{6} requests open, λW = /)
  })

  it("fails where a request's arrival is noted wrongly, however small the mistake", () => {
    expect(checked((world) => void shiftOpen(world, 1)).check.ok).toBe(false)
    expect(checked((world) => void shiftOpen(world, -1000)).check.ok).toBe(false)
  })

  it("fails where more or fewer are open than arrived and left", () => {
    const { replication, world } = openQuietWorld(patch, late)
    advanceTo(replication, 8638e6)
    world.requests.open++
    advanceTo(replication, 8640e6)
    world.requests.open--
    runToEnd(replication)
    const failed = Object.entries(checksAtEnd(world, [])).filter(([, { ok }]) => !ok)
    expect(failed.map(([name]) => name)).toEqual(["littlesLaw"])
  })

  it("counts those that are still open where a run is looked at before its end", () => {
    const { replication, world } = openQuietWorld(patch, late)
    advanceTo(replication, 8638e6)
    expect(world.requests.open).toBeGreaterThan(1)
    expect(checksAtEnd(world, [])["littlesLaw"].ok).toBe(true)
    shiftOpen(world, 1)
    expect(checksAtEnd(world, [])["littlesLaw"].ok).toBe(false)
  })

  /** Moves the arrival of one open request, µs. */
  const shiftOpen = ({ requests: { columns } }: World, micros: number): void => {
    const slot = columns.id.findIndex((id) => id !== -1)
    columns.arrivedAt[slot] += micros
  }
})

describe("checks in passing", () => {
  const faultsAfter = (tamper: (world: World) => void): ReadonlyArray<string> => {
    const { replication, world } = openQuietWorld(patch, requests)
    advanceTo(replication, 11e6)
    const faults: Array<string> = []
    checksInPassing(world, faults)
    expect(faults).toEqual([])
    tamper(world)
    checksInPassing(world, faults)
    return faults
  }

  it("see balances that do not sum to 0", () => {
    const faults = faultsAfter(({ market }) => void market.ledger.posted[1]++)
    expect(faults).toEqual(["at hour 0: balances sum to 1"])
  })

  it("see an account that has less than is held", () => {
    const account = lotAccount(0, 1)
    const faults = faultsAfter(({ market }) => void (market.ledger.held[account] += 1e12))
    expect(faults).toEqual([`at hour 0: account ${account} has less than is held`])
  })

  it("see attempts that the market and the world count differently", () => {
    const faults = faultsAfter(({ nodes }) => void nodes.columns.inFlight[1]++)
    expect(faults.length).toBe(1)
    expect(faults[0]).toMatch(/^at hour 0: instance 1 counts [01] attempts$/)
  })

  it("are made at every sample, and stop nothing", () => {
    const { replication, world } = openQuietWorld(patch, requests)
    world.market.ledger.posted[1]++
    const { checks } = runToEnd(replication)
    expect(checks["hourly"].ok).toBe(false)
    expect(checks["creditsConserved"].ok).toBe(false)
  })
})

/** Each check holds in a run as it is, and fails when what it watches is tampered with. */
import { describe, expect, it } from "vitest"
import type { Reading } from "../../../../sim/driver/observation/checks.ts"
import { checksAtEnd, faultsInPassing } from "../../../../sim/driver/observation/checks.ts"
import type { World } from "../small-world.ts"
import { advanceTo, modelCalled, openQuietWorld, runToEnd } from "../small-world.ts"

const requests = Array.from({ length: 20 }, (_, i) => ({ at: 10 * i, outputTokens: 200 }))
const patch = {
  models: [modelCalled("llama-3-8b")],
  fleet: { nodes: 2, maxSlots: 1 },
  horizonDays: 0.1,
}

/** What is read of a world after its end. */
const ended = (): Reading => {
  const { replication, world } = openQuietWorld(patch, requests)
  const { checks } = runToEnd(replication)
  expect(Object.keys(checks).toSorted()).toEqual([
    "bountyPoolSolvent",
    "countersAtRest",
    "creditsConserved",
    "flowBalance",
    "hourly",
    "littlesLaw",
    "transfersAddUp",
  ])
  for (const [name, { ok, detail }] of Object.entries(checks))
    expect([name, ok, detail][1]).toBe(true)
  return world.reading()
}

type Books = Reading["books"]
const withBooks = (tamper: (books: Books) => Partial<Books>) => (reading: Reading) => ({
  books: { ...reading.books, ...tamper(reading.books) },
})

/** What is read where something was noted wrongly. */
const tampering: ReadonlyArray<readonly [string, (reading: Reading) => Partial<Reading> | void]> = [
  ["flowBalance", ({ sums }) => void sums.served[0]++],
  ["flowBalance", ({ sums }) => void sums["refused.PriceTooHigh"][3]++],
  ["flowBalance", ({ sums }) => void sums.arrived[1]--],
  ["flowBalance", ({ sums }) => void sums.arrived[1]++],
  ["littlesLaw", ({ openMicros }) => ({ openMicros: openMicros * (1 + 1e-8) })],
  ["littlesLaw", ({ stayMicros }) => ({ stayMicros: stayMicros + 1 })],
  ["creditsConserved", withBooks(({ total }) => ({ total: total + 1 }))],
  ["transfersAddUp", ({ transfers }) => void (transfers.toPool += 1)],
  ["transfersAddUp", ({ transfers }) => void (transfers.paid -= 1)],
  ["bountyPoolSolvent", withBooks(() => ({ bountyPool: -1 }))],
  ["bountyPoolSolvent", ({ sums }) => void (sums.bountyPaid[0] += 1000)],
  ["countersAtRest", () => ({ onNodes: [0, 1] })],
  ["countersAtRest", () => ({ inMarket: [1, 0] })],
  ["countersAtRest", withBooks(({ held }) => ({ held: held + 1 }))],
]

describe("checks at the end", () => {
  it.each(tampering)("%s fails when it should", (name, tamper) => {
    const reading = ended()
    const tampered = { ...reading, ...tamper(reading) }
    const failed = Object.entries(checksAtEnd(tampered, [])).filter(([, { ok }]) => !ok)
    expect(failed.map(([one]) => one)).toEqual([name])
  })

  it("say what was seen in passing, where that was asked for", () => {
    const reading = ended()
    expect(checksAtEnd(reading, undefined)["hourly"]).toBeUndefined()
    const faults = ["a", "b", "c", "d", "e", "f"]
    expect(checksAtEnd(reading, faults)["hourly"]).toEqual({ ok: false, detail: "a; b; c; d; e" })
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

  const littlesLaw = (world: World) => checksAtEnd(world.reading(), [])["littlesLaw"]

  const checked = (meddle: (world: World) => void = () => {}) => {
    const { replication, world } = openQuietWorld(patch, late)
    advanceTo(replication, 8638e6)
    meddle(world)
    runToEnd(replication)
    return { world, check: littlesLaw(world) }
  }

  it("counts what is open at the end for the time that lies within the horizon", () => {
    const { world, check } = checked()
    expect(check.ok).toBe(true)
    const beyond = (world.now - world.endMicros) / 1e6
    expect(beyond).toBeGreaterThan(10)
    // Whole sojourns would be more than what the horizon holds of them.
    const { sums } = world.recorder
    const whole = sums.sojournSeconds.reduce((total, one) => total + one, 0)
    expect(whole - world.reading().stayMicros / 1e6).toBeGreaterThan(beyond)
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
    const failed = Object.entries(checksAtEnd(world.reading(), [])).filter(([, { ok }]) => !ok)
    expect(failed.map(([name]) => name)).toEqual(["littlesLaw"])
  })

  it("counts those that are still open where a run is looked at before its end", () => {
    const { replication, world } = openQuietWorld(patch, late)
    advanceTo(replication, 8638e6)
    expect(world.requests.open).toBeGreaterThan(1)
    expect(littlesLaw(world).ok).toBe(true)
    shiftOpen(world, 1)
    expect(littlesLaw(world).ok).toBe(false)
  })

  /** Moves the arrival of one open request, µs. */
  const shiftOpen = ({ requests: { columns } }: World, micros: number): void => {
    const slot = columns.id.findIndex((id) => id !== -1)
    columns.arrivedAt[slot] += micros
  }
})

describe("checks in passing", () => {
  const faultsAfter = (tamper: (reading: Reading) => Partial<Reading>): ReadonlyArray<string> => {
    const { replication, world } = openQuietWorld(patch, requests)
    advanceTo(replication, 11e6)
    const reading = world.reading()
    expect(faultsInPassing(reading, 0)).toEqual([])
    return faultsInPassing({ ...reading, ...tamper(reading) }, 3)
  }

  it("see balances that do not sum to 0", () => {
    const faults = faultsAfter(withBooks(() => ({ total: 1 })))
    expect(faults).toEqual(["at hour 3: balances sum to 1"])
  })

  it("see an account that has less than is held", () => {
    const faults = faultsAfter(() => ({ overdrawn: [6] }))
    expect(faults).toEqual(["at hour 3: account 6 has less than is held"])
  })

  it("see attempts that the market and the world count differently", () => {
    const faults = faultsAfter(({ onNodes: [first, second] }) => ({ onNodes: [first, second + 1] }))
    expect(faults.length).toBe(1)
    expect(faults[0]).toMatch(/^at hour 3: instance 1 counts [01] attempts$/)
  })

  it("are made at every sample, and stop nothing", () => {
    const { replication, world } = openQuietWorld(patch, requests)
    world.nodes.columns.inFlight[0]++
    const { checks } = runToEnd(replication)
    expect(checks["hourly"].ok).toBe(false)
    expect(checks["countersAtRest"].ok).toBe(false)
  })
})

/** What nodes answer to the market's probes, and answers that come too late. */
import { describe, expect, it } from "vitest"
import { instanceView } from "../../../engine/index.ts"
import type { World } from "./small-world.ts"
import { advanceTo, advanceWhile, modelCalled, openQuietWorld, setClock } from "./small-world.ts"

const second = 1_000_000
const models = [modelCalled("llama-3-8b")]
const view = (world: World) => instanceView(world.market, 0)

describe("a probe of a parked node", () => {
  const requests = [{ at: 11 }, { at: 12 }, { at: 13 }]

  /** Three requests fail in a hiccup that lasts so long; the node is parked when the third does. */
  const park = (hiccupSeconds: number) => {
    const opened = openQuietWorld({ models }, requests)
    const { replication, world } = opened
    setClock(world, 0, "hiccupAt", 10 * second)
    advanceTo(replication, 10 * second)
    world.nodes.columns.hiccupUntil[0] = world.startMicros + (10 + hiccupSeconds) * second
    advanceTo(replication, 13.2 * second)
    expect(view(world)).toMatchObject({ breaker: "open", parks: 1 })
    return opened
  }

  it("lets it back in two seconds after the cooldown, where it is well", () => {
    const { replication, world } = park(5)
    advanceTo(replication, 30.1 * second)
    expect(view(world)?.breaker).toBe("halfOpen")
    advanceTo(replication, 30.2 * second)
    expect(view(world)?.breaker).toBe("closed")
  })

  it("parks it again, where the hiccup goes on", () => {
    const { replication, world } = park(25)
    advanceTo(replication, 30.2 * second)
    expect(view(world)).toMatchObject({ breaker: "open", parks: 2 })
    advanceTo(replication, 47.3 * second)
    expect(view(world)?.breaker).toBe("closed")
  })

  it("parks it again, where the machine has crashed unnoticed", () => {
    const { replication, world } = park(5)
    setClock(world, 0, "crashAt", 20 * second)
    advanceTo(replication, 20 * second)
    setClock(world, 0, "repairAt", 3600 * second)
    advanceTo(replication, 30.2 * second)
    expect(view(world)).toMatchObject({ breaker: "open", parks: 2 })
  })
})

describe("a probe of a node below the floor", () => {
  // A 4090 at a fiftieth of its speed: some two tokens a second.
  const slow = { models, faults: { slowShare: 1, slowSpeed: 0.02 } }
  const short = Array.from({ length: 6 }, (_, i) => ({ at: 1 + 60 * i, outputTokens: 40 }))

  it("measures it at its real speed, beside what it serves", () => {
    const { replication, world } = openQuietWorld(slow, short)
    advanceTo(replication, 400 * second)
    expect(view(world)?.reason).toBe("BelowFloor")
    advanceTo(replication, 1200 * second)
    expect(view(world)?.reason).toBe("BelowFloor")
    world.nodes.columns.speed[0] = 1
    advanceTo(replication, 1600 * second)
    expect(view(world)?.reason).toBe("Eligible")
  })

  it("may be overtaken by a crash that parks the node, and then says nothing", () => {
    const long = Array.from({ length: 3 }, () => ({ at: 0.5, outputTokens: 16_000 }))
    const { replication, world } = openQuietWorld(slow, [...long, ...short])
    advanceWhile(replication, () => view(world)?.reason !== "BelowFloor")
    // Three streams are open, and a probe is under way.
    advanceWhile(replication, () => world.probes.dueMicros === Infinity)
    expect(world.nodes.columns.inFlight[0]).toBeGreaterThanOrEqual(3)
    const answerAt = world.probes.dueMicros - world.startMicros
    setClock(world, 0, "crashAt", answerAt - second)
    advanceTo(replication, answerAt - second)
    expect(view(world)?.breaker).toBe("open")
    expect(() => advanceTo(replication, answerAt)).not.toThrow()
    expect(view(world)).toMatchObject({ breaker: "open", parks: 1 })
  })
})

describe("an answer that nobody waits for", () => {
  it("changes nothing", () => {
    const { replication, world } = openQuietWorld({ models })
    world.probes.send(0, 99)
    const before = view(world)
    advanceTo(replication, 3 * second)
    expect(view(world)).toEqual({ ...before, onlineMicros: view(world)?.onlineMicros })
  })

  it("does not come from a node that has left", () => {
    const { replication, world } = openQuietWorld({ models })
    world.probes.send(0, 1)
    setClock(world, 0, "leaveAt", second)
    expect(() => advanceTo(replication, 3 * second)).not.toThrow()
  })
})

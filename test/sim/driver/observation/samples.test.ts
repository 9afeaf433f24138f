/** What is sampled: slots that are busy, nodes' totals, bins and the drain. */
import { describe, expect, it } from "vitest"
import type { World } from "../small-world.ts"
import type { Channel } from "../../../../sim/recording/recorder.ts"
import { advanceTo, hour, modelCalled, openQuietWorld, runToEnd, setClock } from "../small-world.ts"

const second = 1_000_000
/** A day's run is sampled every 14 minutes. */
const period = 840 * second
const models = [modelCalled("llama-3-8b")]
const inBins = (world: World, channel: Channel): ReadonlyArray<number> => [
  ...world.recorder.sums[channel],
]
const total = (world: World, channel: Channel): number =>
  inBins(world, channel).reduce((sum, one) => sum + one, 0)

describe("slots", () => {
  // 4 slots; a stream of 4,000 tokens takes about half a minute.
  it("are busy for as long as attempts are under way, and there for as long as nodes are", () => {
    const { replication, world } = openQuietWorld({ models }, [{ at: 10, outputTokens: 4000 }])
    advanceTo(replication, 10 * second)
    expect(world.nodes.columns.inFlight[0]).toBe(1)
    advanceTo(replication, period)
    const busy = total(world, "inFlightSeconds")
    expect(busy).toBeGreaterThan(20)
    expect(inBins(world, "busySlotSeconds.consumer")[0]).toBeCloseTo(busy, 6)
    expect(inBins(world, "slotSeconds.consumer")[0]).toBe(4 * 840)
  })

  it("of a node that is away, drains or is down count only while they are busy", () => {
    const { replication, world } = openQuietWorld({ models }, [{ at: 10, outputTokens: 4000 }])
    setClock(world, 0, "leaveAt", 20 * second)
    advanceTo(replication, period)
    const busy = inBins(world, "busySlotSeconds.consumer")[0]
    expect(busy).toBeGreaterThan(20)
    // All four until 20 s, and then one until the end of the attempt that began at 10 s.
    expect(inBins(world, "slotSeconds.consumer")[0]).toBeCloseTo(4 * 20 + busy - 10, 6)
  })

  it("that were only declared are not there to be busy", () => {
    const operators = { overDeclareShare: 1, overDeclareFactor: 4 }
    const requests = Array.from({ length: 16 }, () => ({ at: 0, outputTokens: 4000 }))
    const { replication, world } = openQuietWorld({ models, operators }, requests)
    advanceTo(replication, 10 * second)
    expect(world.nodes.columns.inFlight[0]).toBe(16)
    runToEnd(replication)
    const busy = inBins(world, "busySlotSeconds.consumer")[0]
    expect(busy).toBeLessThan(total(world, "inFlightSeconds") / 2)
    expect(inBins(world, "slotSeconds.consumer")[0]).toBe(4 * 840)
    expect(world.nodes.columns.busyMicros[0] / 1e6).toBeCloseTo(busy, 6)
  })
})

describe("nodes' totals", () => {
  it("are noted when the warm-up ends, with what is still under way", () => {
    // A stream of 4,000 tokens takes about half a minute; the warm-up ends in its midst.
    const requests = [
      { at: 10, outputTokens: 400 },
      { at: 830, outputTokens: 4000 },
    ]
    const { replication, world } = openQuietWorld({ models, warmupDays: 800 / 86_400 }, requests)
    advanceTo(replication, period - 1)
    expect(world.marks).toEqual([])
    const { nodes, marks, recording } = runToEnd(replication)
    // And in the middle of what is left, for trends.
    expect(marks.map(({ atSeconds }) => atSeconds)).toEqual([840, 43_680])
    const [{ totals }] = marks
    const [node] = nodes
    expect(totals.requests[0]).toBe(1)
    expect(totals.outputTokens[0]).toBe(400)
    expect(totals.onlineHours[0] * 3600).toBeCloseTo(840, 6)
    // What bins hold of the slots' time and of the pay is what the nodes have of it.
    const inFirst = recording.sums["busySlotSeconds.consumer"][0]
    expect(inFirst).toBeGreaterThan(10)
    expect(totals.busySlotHours[0] * 3600).toBeCloseTo(inFirst, 6)
    expect(totals.shareEarned[0]).toBeCloseTo(recording.sums.share[0] * 1e6, 6)
    expect(node.requests).toBe(2)
    expect(node.busySlotHours * 3600).toBeCloseTo(total(world, "busySlotSeconds.consumer"), 6)
  })
})

describe("bins", () => {
  it("end with the horizon, the last one shorter; what ends later is kept apart", () => {
    // Two hours and 100 s: 120 bins of a minute, and one of 40 s.
    const seconds = 7240
    const requests = [
      { at: 7190, outputTokens: 100 },
      { at: 7230, outputTokens: 4000 },
    ]
    const patch = { models, horizonDays: seconds / 86_400 }
    const { replication, world } = openQuietWorld(patch, requests)
    const { recording } = runToEnd(replication)
    expect(recording).toMatchObject({ binSeconds: 60, bins: 121, horizonSeconds: seconds })
    expect(world.now).toBeGreaterThan(world.endMicros + 5 * second)
    const slots = inBins(world, "slotSeconds.consumer")
    expect(slots[0]).toBe(240)
    expect(slots[119]).toBe(240)
    expect(slots[120]).toBeCloseTo(160, 9)
    expect(inBins(world, "samples").slice(118)).toEqual([1, 1, 1, 0])
    expect(inBins(world, "served").slice(118)).toEqual([0, 1, 0, 1])
    // From 7,230 s to the end of the horizon.
    expect(inBins(world, "inFlightSeconds")[120]).toBeCloseTo(10, 9)
    expect(inBins(world, "inFlightSeconds")[121]).toBeGreaterThan(10)
  })

  it("hold samples of whole hours from two days on", () => {
    const { replication, world } = openQuietWorld({ models, horizonDays: 2.5 })
    const { recording } = runToEnd(replication)
    expect(recording).toMatchObject({ binSeconds: 3600, bins: 60, sampleSeconds: 3600 })
    expect(inBins(world, "samples")).toEqual([...Array(60).fill(1), 0])
  })
})

describe("a model's sample", () => {
  it("is its supply against its target, and 1 where nothing is asked for", () => {
    const { replication, world } = openQuietWorld({ models, fleet: { nodes: 2 } }, [
      { at: 60, outputTokens: 4000 },
    ])
    advanceTo(replication, 2 * hour)
    const { coverage, multiplier } = world.recorder.recording().models[0]
    // Samples before the first turn of the hour see no demand, and none of the run before.
    expect([...coverage.subarray(0, 4)]).toEqual([1, 1, 1, 1])
    // Two nodes at 405 tokens/s; 4,000 tokens in an hour, of which a day's average takes in 2 ÷ 25.
    const supply = 2 * (world.offers.offers[0][0]?.tokensPerSecond ?? NaN)
    const demand = ((2 / 25) * 4000) / 3600
    expect(coverage[5]).toBeCloseTo(supply / (1.25 * demand), 9)
    expect([...multiplier.subarray(0, 6)]).toEqual([1, 1, 1, 1, 1, 1])
  })

  it("counts the parked among the instances", () => {
    // A crash ends four attempts at once, five seconds before the sample.
    const long = Array.from({ length: 8 }, () => ({ at: 830, outputTokens: 4000 }))
    const { replication, world } = openQuietWorld({ models, fleet: { nodes: 2 } }, long)
    setClock(world, 0, "crashAt", 835 * second)
    advanceTo(replication, 835 * second)
    setClock(world, 0, "repairAt", 2 * period)
    advanceTo(replication, period)
    expect(inBins(world, "instances")[0]).toBe(2)
    expect(inBins(world, "parkedInstances")[0]).toBe(1)
  })
})

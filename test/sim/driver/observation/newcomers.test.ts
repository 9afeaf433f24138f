/** Newcomers against veterans: who is compared with whom, over which time, and how they fare. */
import { describe, expect, it } from "vitest"
import { instanceView } from "../../../../engine/index.ts"
import type { NodePeriod } from "../../../../sim/driver/observation/newcomers.ts"
import { compareNewcomers } from "../../../../sim/driver/observation/newcomers.ts"
import type { World } from "../small-world.ts"
import { metricsOf } from "../../metrics/metrics-of.ts"
import type { NewcomerChannel } from "../../../../sim/recording/recorder.ts"
import { ageBinSeconds, newcomerChannels } from "../../../../sim/recording/recorder.ts"
import {
  advanceTo,
  day,
  hour,
  modelCalled,
  openQuietWorld,
  openReplication,
  runToEnd,
  scenarioWith,
  setClock,
} from "../small-world.ts"

const second = 1_000_000
/** A day's run is sampled every 14 minutes. */
const period = 840 * second
const models = [modelCalled("llama-3-8b"), modelCalled("llama-3.2-3b", { initialSupply: 0 })]
const oldAndNew = { models, fleet: { nodes: 4, establishedShare: 0.5, establishedDays: 30 } }

describe("a comparison", () => {
  const newcomer = (settings: Partial<NodePeriod> = {}): NodePeriod => ({
    group: "a",
    onlineSeconds: 3600,
    ageSeconds: 40_000,
    ramp: 0.25,
    isReduced: false,
    requests: 3,
    pay: 300,
    ...settings,
  })
  const veteran = (settings: Partial<NodePeriod> = {}): NodePeriod =>
    newcomer({ ageSeconds: 15 * 86_400, ramp: 1, requests: 10, pay: 1000, ...settings })

  const noted = (periods: ReadonlyArray<NodePeriod>): Record<NewcomerChannel, number> => {
    const sums = Object.fromEntries(newcomerChannels.map((channel) => [channel, 0]))
    compareNewcomers(
      { noteNewcomer: (channel, _age, amount) => void (sums[channel] += amount) },
      periods,
    )
    return sums as Record<NewcomerChannel, number>
  }
  const nothing = noted([])

  it("is with the mean of the veterans of the same group", () => {
    const periods = [veteran(), veteran({ requests: 20, pay: 4000 }), newcomer(), newcomer()]
    expect(noted([...periods, veteran({ group: "b", requests: 1000 })])).toEqual({
      onlineSeconds: 7200,
      ramp: 0.25 * 7200,
      traffic: 6,
      veteranTraffic: 2 * 15,
      pay: 600,
      veteranPay: 2 * 2500,
    })
  })

  it("is over the time that the newcomer was online, not over the veteran's", () => {
    // A quarter of the time, and a quarter of the traffic: no different from a veteran.
    const { traffic, veteranTraffic, ramp, onlineSeconds } = noted([
      veteran({ requests: 12 }),
      newcomer({ onlineSeconds: 900, requests: 3 }),
    ])
    expect(traffic / veteranTraffic).toBe(1)
    expect(ramp / onlineSeconds).toBe(0.25)
    // A veteran that was there for half of the time tells as much about an hour.
    const half = noted([veteran({ requests: 5, onlineSeconds: 1800 }), newcomer()])
    expect(half.veteranTraffic).toBe(10)
  })

  it("leaves out those whose pay is reduced for a switch, old or new", () => {
    const reduced = { isReduced: true, pay: 1 }
    expect(noted([veteran(), newcomer(reduced)])).toEqual(nothing)
    expect(noted([veteran(reduced), newcomer()])).toEqual(nothing)
    expect(noted([veteran(), veteran(reduced), newcomer()]).veteranPay).toBe(1000)
  })

  it("leaves out who was not online, or has no equal", () => {
    expect(noted([veteran(), newcomer({ onlineSeconds: 0, requests: 0, pay: 0 })])).toEqual(nothing)
    expect(noted([veteran({ group: "b" }), newcomer()])).toEqual(nothing)
    expect(noted([veteran(), veteran()])).toEqual(nothing)
  })
})

describe("the periods of a run", () => {
  /** Nodes 0 and 1 are old, 2 and 3 new; the traffic and pay of the first period as given. */
  const sampled = (traffic: ReadonlyArray<number>, prepare: (world: World) => void = () => {}) => {
    const { replication, world } = openQuietWorld(oldAndNew)
    advanceTo(replication, period - 1)
    world.nodes.columns.requestsSince.set(traffic)
    world.nodes.columns.paySince.set(traffic.map((requests) => 100 * requests))
    prepare(world)
    advanceTo(replication, period)
    return { replication, world, newcomers: world.recorder.recording().newcomers }
  }

  it("begin with demand for the old, and with their first model for the new", () => {
    const { world, newcomers } = sampled([10, 20, 3, 5])
    // The model was loaded in 2.459 s, and then the newcomers were online.
    const online = 840 - 2.459
    expect(newcomers.onlineSeconds[0]).toBeCloseTo(2 * online, 2)
    expect(newcomers.traffic[0]).toBe(8)
    expect(newcomers.veteranTraffic[0]).toBeCloseTo((2 * 15 * online) / 840, 3)
    expect(newcomers.pay[0]).toBe(800)
    expect(newcomers.veteranPay[0]).toBeCloseTo((2 * 1500 * online) / 840, 1)
    const [ramp] = [2, 3].map((node) => instanceView(world.market, node)?.ramp ?? NaN)
    expect(newcomers.ramp[0]).toBeCloseTo(2 * online * ramp, 2)
    expect([...world.nodes.columns.requestsSince.subarray(0, 4)]).toEqual([0, 0, 0, 0])
    expect([...world.nodes.columns.paySince.subarray(0, 4)]).toEqual([0, 0, 0, 0])
  })

  it("are compared with nobody where no veteran serves the same on the same machine", () => {
    const compared = (prepare: (world: World) => void) =>
      sampled([10, 20, 3, 5], prepare).newcomers.onlineSeconds[0]
    const setFor = (column: "model" | "declaredSlots" | "speed") =>
      compared(({ nodes: { columns } }) => {
        columns[column][2] *= 2
        columns[column][2] += 1
        columns[column][3] = columns[column][2]
      })
    expect(compared(() => {})).toBeGreaterThan(1600)
    for (const column of ["model", "declaredSlots", "speed"] as const)
      expect(setFor(column)).toBe(0)
  })

  it("hold the time that a node was there, of those who went as well", () => {
    const { replication, world } = openQuietWorld({
      ...oldAndNew,
      churn: { onlineHours: 1e6, awayHours: 1e6 },
    })
    setClock(world, 2, "awayAt", 302.459 * second)
    advanceTo(replication, period)
    const { onlineSeconds } = world.recorder.recording().newcomers
    expect(onlineSeconds[0]).toBeCloseTo(300 + 840 - 2.459, 1)
    advanceTo(replication, 2 * period)
    expect(onlineSeconds[0]).toBeCloseTo(300 + 1680 - 2.459, 1)
  })

  it("go by online time, and are veterans' after 14 days", () => {
    const { replication, world } = openQuietWorld({
      ...oldAndNew,
      horizonDays: 15,
      fleet: { ...oldAndNew.fleet, nodes: 2 },
    })
    advanceTo(replication, 7 * hour)
    const { onlineSeconds } = world.recorder.recording().newcomers
    const hoursByAge = () =>
      [...onlineSeconds].flatMap((seconds, bin) => (seconds > 0 ? [[bin, seconds / 3600]] : []))
    // Hourly samples, from the first hour on; the model was loaded for a few seconds.
    const [first, later] = hoursByAge()
    expect(first[1]).toBeCloseTo(6, 2)
    expect(later).toEqual([1, 1])
    advanceTo(replication, 15 * day - 1)
    expect(onlineSeconds.length * ageBinSeconds).toBe(14 * 86_400)
    expect(hoursByAge().length).toBe(56)
    for (const [, hours] of hoursByAge()) expect(hours).toBeCloseTo(6, 2)
  })
})

describe("newcomers without a ramp", () => {
  it("have what veterans have", () => {
    // Old and new differ in nothing that the routing looks at.
    const scenario = scenarioWith({
      horizonDays: 7,
      economy: { ramp: { start: 1 }, routing: { tieBreak: "random" } },
      demand: { requestsPerSecond: 0.2, sizes: { medianOutputTokens: 300 } },
      fleet: { nodes: 8, maxSlots: 1, establishedShare: 0.5, establishedDays: 30 },
    })
    const { recording, nodes } = runToEnd(openReplication(scenario, { isChecked: false }))
    const metrics = metricsOf(recording, nodes, {
      warmupSeconds: 0,
      horizonSeconds: 7 * 86_400,
      models: [{ name: "llama-3-8b", crowdSeconds: null }],
      scale: 6,
      strategies: [],
      priceStrategies: [],
      hours: null,
      mixedStrategies: [],
      parties: [],
    })
    // Some 120,000 requests: either half gets 60,000, give or take 175; five standard errors of the ratio.
    expect(Math.abs(metrics["newcomer.trafficFirstWeek"] - 1)).toBeLessThan(0.03)
    expect(Math.abs(metrics["newcomer.payFirstWeek"] - 1)).toBeLessThan(0.06)
    expect(metrics["newcomer.rampFirstWeek"]).toBe(1)
    expect(metrics["newcomer.trafficLessRamp"]).toBeCloseTo(
      metrics["newcomer.trafficFirstWeek"] - 1,
      12,
    )
  })
})

/**
 * The turn of an hour: what is sampled rather than counted.
 */
import { bountyPoolAccount, instanceView, marketView } from "../../engine/index.ts"
import type { DeviceClass } from "../fleet/devices.ts"
import { serving } from "./nodes-table.ts"
import { healthOf } from "./node-state.ts"
import type { World } from "./world.ts"
import { hourActor, hourLast } from "./world.ts"

const hourMicros = 3_600_000_000
const hourSeconds = 3600
const veteranSeconds = 14 * 86_400

const nodeChannels = {
  consumer: "nodes.consumer",
  datacenter: "nodes.datacenter",
  apple: "nodes.apple",
} as const
const slotChannels = {
  consumer: "slotSeconds.consumer",
  datacenter: "slotSeconds.datacenter",
  apple: "slotSeconds.apple",
} as const

export const onHour = (world: World): void => {
  const { recorder, now } = world
  if (now > world.startMicros) sample(world)
  recorder.turn(now)
  if (now + hourMicros <= world.endMicros)
    world.queue.schedule(hourActor, now + hourMicros, hourLast)
}

/** Samples the hour that ends. */
const sample = (world: World): void => {
  const { recorder, market, scenario, credit } = world
  recorder.add("samples", 1)
  recorder.add("bountyPool", market.ledger.posted[bountyPoolAccount] / credit)
  const { target } = scenario.economy.bounty
  for (const board of marketView(market)) {
    const wanted = target * board.demandTokensPerSecond
    const coverage = wanted === 0 ? 1 : board.supplyTokensPerSecond / wanted
    recorder.sampleModel(board.model, coverage, board.multiplier)
  }
  sampleNodes(world)
}

/** One hour of an online node, as newcomers are compared with veterans. */
interface NodeHour {
  readonly node: number
  readonly group: string
  readonly ageSeconds: number
  readonly ramp: number
  readonly traffic: number
  readonly pay: number
}

const sampleNodes = (world: World): void => {
  const { recorder, nodes, market, offers } = world
  const { columns } = nodes
  const hours: Array<NodeHour> = []
  for (let node = 0; node < nodes.count; node++) {
    if (columns.phase[node] !== serving) continue
    const name: DeviceClass = offers.devices[columns.device[node]].deviceClass
    const view = instanceView(market, node)
    if (view === undefined) throw new Error(`simulator: node ${node} serves without an instance`)
    recorder.add("instances", 1)
    if (view.breaker !== "closed") recorder.add("parkedInstances", 1)
    if (columns.isUp[node] === 1 && columns.isAway[node] === 0) {
      recorder.add(nodeChannels[name], 1)
      recorder.add(slotChannels[name], columns.slots[node] * hourSeconds)
      hours.push({
        node,
        group: `${columns.device[node]}/${columns.model[node]}`,
        ageSeconds: view.onlineMicros / 1e6,
        ramp: view.ramp,
        traffic: columns.requestsHour[node],
        pay: columns.payHour[node],
      })
    }
    columns.health[node] = healthOf(world, node)
  }
  compareNewcomers(world, hours)
  for (let node = 0; node < nodes.count; node++) {
    columns.requestsHour[node] = 0
    columns.payHour[node] = 0
    columns.claimHour[node] = 0
  }
}

/** Sets each newcomer's hour against the mean veteran of the same device and model. */
const compareNewcomers = (world: World, hours: ReadonlyArray<NodeHour>): void => {
  const { recorder } = world
  const veterans = new Map<string, { count: number; traffic: number; pay: number }>()
  for (const { group, ageSeconds, traffic, pay } of hours) {
    if (ageSeconds < veteranSeconds) continue
    const sums = veterans.get(group) ?? { count: 0, traffic: 0, pay: 0 }
    sums.count++
    sums.traffic += traffic
    sums.pay += pay
    veterans.set(group, sums)
  }
  for (const { group, ageSeconds, ramp, traffic, pay } of hours) {
    const equals = veterans.get(group)
    if (equals === undefined || ageSeconds >= veteranSeconds) continue
    recorder.noteNewcomer("nodeHours", ageSeconds, 1)
    recorder.noteNewcomer("ramp", ageSeconds, ramp)
    recorder.noteNewcomer("traffic", ageSeconds, traffic)
    recorder.noteNewcomer("veteranTraffic", ageSeconds, equals.traffic / equals.count)
    recorder.noteNewcomer("pay", ageSeconds, pay)
    recorder.noteNewcomer("veteranPay", ageSeconds, equals.pay / equals.count)
  }
}

/**
 * What is sampled rather than counted: at each turn of the hour, or of the bin where bins are shorter.
 */
import { booksView, instanceView, marketView } from "../../engine/index.ts"
import type { DeviceClass } from "../fleet/devices.ts"
import { markOf } from "../recording/node-marks.ts"
import { nodeOutcomes } from "./node-outcomes.ts"
import type { NodePeriod } from "./newcomers.ts"
import { beginPeriod, compareNewcomers, periodOf } from "./newcomers.ts"
import { serving } from "./nodes-table.ts"
import type { World } from "./world.ts"
import { sampleActor, sampleLast, tell } from "./world.ts"

const nodeChannels = {
  consumer: "nodes.consumer",
  datacenter: "nodes.datacenter",
  apple: "nodes.apple",
} as const

export const onSample = (world: World): void => {
  const { recorder, now } = world
  if (now > world.startMicros) sample(world)
  recorder.turn(now)
  if (now >= world.markMicros[world.marks.length])
    world.marks.push(markOf((now - world.startMicros) / 1e6, nodeOutcomes(world)))
  // The last period may be shorter; it too is closed, so that what ends later counts as later.
  const next = Math.min(now + recorder.sampleSeconds * 1e6, world.endMicros)
  if (next > now) world.queue.schedule(sampleActor, next, sampleLast)
}

/** Samples the period that ends. */
const sample = (world: World): void => {
  const { recorder, market, scenario, credit } = world
  // Its views are as of the kernel's last event, which may have been a while ago.
  tell(world, { _tag: "TimerFired", at: world.now })
  recorder.add("samples", 1)
  const books = booksView(market)
  recorder.add("bountyPool", books.bountyPool / credit)
  recorder.add("customerCredits", books.owned / credit)
  recorder.add("heldCredits", books.held / credit)
  const servingBy = sampleNodes(world)
  const { target } = scenario.economy.bounty
  for (const { model, multiplier, ...board } of marketView(market)) {
    const wanted = target * board.demandTokensPerSecond
    const coverage = wanted === 0 ? 1 : board.supplyTokensPerSecond / wanted
    const short = coverage < 1 ? 1 : 0
    recorder.sampleModel(model, {
      coverage,
      coverageSquares: coverage * coverage,
      short,
      multiplier,
      nodes: servingBy[model],
    })
  }
}

/** Samples the nodes; returns how many that can be reached serve each model. */
const sampleNodes = (world: World): Float64Array => {
  const { recorder, nodes, market, offers, scenario } = world
  const servingBy = new Float64Array(scenario.models.length)
  const { columns } = nodes
  const periods: Array<NodePeriod> = []
  for (let node = 0; node < nodes.count; node++) {
    if (columns.phase[node] !== serving) continue
    const name: DeviceClass = offers.devices[columns.device[node]].deviceClass
    const view = instanceView(market, node)
    if (view === undefined) throw new Error(`simulator: node ${node} serves without an instance`)
    recorder.add("instances", 1)
    if (view.breaker !== "closed") recorder.add("parkedInstances", 1)
    if (columns.isUp[node] === 1 && columns.isAway[node] === 0) {
      recorder.add(nodeChannels[name], 1)
      servingBy[columns.model[node]]++
    }
    columns.health[node] = view.health
    periods.push(periodOf(world, node, view))
    beginPeriod(world, node)
  }
  compareNewcomers(recorder, periods)
  return servingBy
}

/**
 * What is sampled rather than counted: at each turn of the hour, or of the bin where bins are shorter.
 */
import { booksView, instanceView, marketView } from "../../../engine/index.ts"
import type { DeviceClass } from "../../fleet/devices.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import type { NodeMark } from "../../recording/node-marks.ts"
import { markOf, markSeconds } from "../../recording/node-marks.ts"
import { askedPrices } from "../../recording/price-samples.ts"
import type { Recorder } from "../../recording/recorder.ts"
import { isAway, isUp, serving } from "../nodes/node-machine.ts"
import { beginPeriod } from "../nodes/node-meters.ts"
import { nodeOutcomes } from "../nodes/node-outcomes.ts"
import type { Nodes } from "../nodes/nodes.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import type { NodePeriod } from "./newcomers.ts"
import { compareNewcomers, periodOf } from "./newcomers.ts"

/** At one instant, what is sampled of the kernel and of the world comes after both. */
const sampleLast = 1

const nodeChannels = {
  consumer: "nodes.consumer",
  datacenter: "nodes.datacenter",
  apple: "nodes.apple",
} as const

export class Samples {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly port: MarketPort
  private readonly recorder: Recorder
  private readonly nodes: Nodes
  private readonly entry: number
  /** When the nodes' running totals are noted, µs, and those that have been. */
  private readonly markMicros: ReadonlyArray<number>
  readonly marks: Array<NodeMark> = []

  /** `onTurn` is called at each sample; the first comes as demand begins. */
  constructor(
    setting: Setting,
    agenda: Agenda,
    port: MarketPort,
    recorder: Recorder,
    nodes: Nodes,
    onTurn: () => void,
  ) {
    this.setting = setting
    this.agenda = agenda
    this.port = port
    this.recorder = recorder
    this.nodes = nodes
    this.markMicros = markSeconds(setting.scenario, recorder).map(
      (seconds) => setting.startMicros + seconds * 1e6,
    )
    this.entry = agenda.register(onTurn)
    agenda.queue.schedule(this.entry, setting.startMicros, sampleLast)
  }

  /** Closes the period that ends, and wakes at the end of the next. */
  take(): void {
    const { recorder, agenda, setting, nodes, marks } = this
    const { now } = agenda
    if (now > setting.startMicros) this.sample()
    recorder.turn(now)
    if (now >= this.markMicros[marks.length])
      marks.push(markOf((now - setting.startMicros) / 1e6, nodeOutcomes(setting, nodes, now)))
    // The last period may be shorter; it too is closed, so that what ends later counts as later.
    const next = Math.min(now + recorder.sampleSeconds * 1e6, setting.endMicros)
    if (next > now) agenda.queue.schedule(this.entry, next, sampleLast)
  }

  private sample(): void {
    const { recorder, port, setting, agenda } = this
    const { scenario, credit } = setting
    // Its views are as of the kernel's last event, which may have been a while ago.
    port.tell({ _tag: "TimerFired", at: agenda.now })
    recorder.add("samples", 1)
    const books = booksView(port.market)
    recorder.add("bountyPool", books.bountyPool / credit)
    recorder.add("customerCredits", books.owned / credit)
    recorder.add("heldCredits", books.held / credit)
    const servingBy = this.sampleNodes()
    const { target } = scenario.economy.bounty
    for (const { model, multiplier, levels, ...board } of marketView(port.market)) {
      const asked = askedPrices(
        levels.map(({ outputPricePerMtok, instances }) => ({
          price: outputPricePerMtok / credit,
          instances,
        })),
      )
      if (asked !== undefined) recorder.samplePrices(model, asked)
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
  private sampleNodes(): Float64Array {
    const { recorder, port, setting } = this
    const { table, columns } = this.nodes
    const servingBy = new Float64Array(setting.scenario.models.length)
    const periods: Array<NodePeriod> = []
    for (let node = 0; node < table.count; node++) {
      if (columns.phase[node] !== serving) continue
      const name: DeviceClass = setting.offers.devices[columns.device[node]].deviceClass
      const view = instanceView(port.market, node)
      if (view === undefined) throw new Error(`simulator: node ${node} serves without an instance`)
      recorder.add("instances", 1)
      if (view.breaker !== "closed") recorder.add("parkedInstances", 1)
      const reach = columns.reach[node]
      if (isUp(reach) && !isAway(reach)) {
        recorder.add(nodeChannels[name], 1)
        servingBy[columns.model[node]]++
      }
      columns.health[node] = view.health
      periods.push(periodOf(columns, node, view))
      beginPeriod(columns, node, view.onlineMicros)
    }
    compareNewcomers(recorder, periods)
    return servingBy
  }
}

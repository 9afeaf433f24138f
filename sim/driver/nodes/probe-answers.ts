/**
 * What a node answers to the market's own probes and measurements.
 */
import type { Command } from "../../../engine/index.ts"
import type { Offer } from "../../fleet/offers.ts"
import { decodeTokensPerSecond } from "../../fleet/service-model.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import { Relay } from "../../kernel/relay.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import { conductOf, modelRun } from "./conduct.ts"
import { isUp, serving } from "./node-machine.ts"
import type { Nodes } from "./nodes.ts"

const probeMicros = 2_000_000
const measurementMicros = 60_000_000
/** An answer is run again elsewhere within so long. */
const recheckMicros = 300_000_000

export class ProbeAnswers {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly port: MarketPort
  private readonly nodes: Nodes
  /** Instance and probe number; instance and measurement number. */
  readonly probes: Relay
  private readonly measurements: Relay
  /** Request and instance. */
  private readonly rechecks: Relay

  constructor(setting: Setting, agenda: Agenda, port: MarketPort, nodes: Nodes) {
    this.setting = setting
    this.agenda = agenda
    this.port = port
    this.nodes = nodes
    this.probes = new Relay(agenda, probeMicros, (node, probe) => this.onProbed(node, probe))
    this.measurements = new Relay(agenda, measurementMicros, (node, measurement) =>
      this.onMeasured(node, measurement),
    )
    this.rechecks = new Relay(agenda, recheckMicros, (request, node) =>
      this.onRechecked(request, node),
    )
  }

  onRecheck({ request, instance }: Extract<Command, { _tag: "Recheck" }>): void {
    this.rechecks.send(request, instance)
  }

  /** Another machine answers the same, unless it was another model's answer. */
  private onRechecked(request: number, node: number): void {
    const conduct = conductOf(this.setting, this.nodes.columns, node)
    this.port.tell({
      _tag: "QualityAudited",
      at: this.agenda.now,
      request,
      isSame: conduct === undefined || conduct.runsModel === null,
    })
  }

  onProbe({ instance, probe, tokens }: Extract<Command, { _tag: "Probe" }>): void {
    this.nodes.columns.probeTokens[instance] = tokens
    this.probes.send(instance, probe)
  }

  onMeasure({ instance, measurement }: Extract<Command, { _tag: "Measure" }>): void {
    this.measurements.send(instance, measurement)
  }

  /** A probe generates its tokens beside whatever the node is serving. */
  private onProbed(node: number, probe: number): void {
    const { setting, port, agenda } = this
    const { columns, servers, machines } = this.nodes
    const { now } = agenda
    const lead = columns.lead[node]
    if (columns.phase[node] !== serving && !servers.isOpen(lead)) return
    const isReached = isUp(columns.reach[node])
    const isWell = isReached && now >= columns.hiccupUntil[node]
    const offer = this.offerOf(node)
    // An answer that no probe asked for is a token long.
    const tokens = Math.max(1, columns.probeTokens[node])
    const streams = Math.min(
      servers.streams(lead) + 1,
      machines.slotsOf(columns, node, offer.slots).ofMachine,
    )
    const rate =
      this.shownSpeed(node) *
      decodeTokensPerSecond(offer.rates, streams, streams * setting.scenario.fleet.contextTokens)
    // The kernel may have moved on: a probe that it no longer waits for is rejected as stale.
    port.tell({
      _tag: "ProbeEnded",
      at: now,
      instance: node,
      probe,
      outcome: isWell ? "completed" : isReached ? "upstreamError" : "connectFailed",
      outputTokens: isWell ? tokens : 0,
      decodeMicros: isWell ? Math.ceil(((tokens - 1) * 1e6) / rate) : 0,
      retryAfterMicros: 0,
    })
  }

  /**
   * What a verified economy measures: the slots that a node really has, as far as it keeps all of them
   * at the floor or above, at its real speed.
   */
  private onMeasured(node: number, measurement: number): void {
    const { columns, servers } = this.nodes
    if (!servers.isOpen(columns.lead[node])) return
    // A machine that is down cannot be measured: it is tried again.
    if (!isUp(columns.reach[node])) return this.measurements.send(node, measurement)
    const offer = this.offerOf(node)
    const part = columns.slots[node] / offer.slots
    const tokensPerSecond = Math.max(
      1,
      Math.floor(offer.tokensPerSecond * part * this.shownSpeed(node)),
    )
    const floor = this.setting.scenario.economy.floor.tokensPerSecond
    const atFloor = floor === 0 ? Infinity : Math.floor(tokensPerSecond / floor)
    this.port.tell({
      _tag: "CapacityMeasured",
      at: this.agenda.now,
      instance: node,
      measurement,
      slots: Math.max(1, Math.min(columns.slots[node], atFloor)),
      tokensPerSecond,
    })
  }

  /** A party that gives consumers less than the whole machine gives the market's own tests all of it. */
  private shownSpeed(node: number): number {
    const { columns } = this.nodes
    return conductOf(this.setting, columns, node) === undefined ? columns.speed[node] : 1
  }

  private offerOf(node: number): Offer {
    const { device, model } = this.nodes.columns
    const run = modelRun(this.setting, this.nodes.columns, node, model[node])
    const offer = this.setting.offers.offers[device[node]][run]
    if (offer === null) throw new Error("simulator: a node serves a model that does not fit it")
    return offer
  }
}

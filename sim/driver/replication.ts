/**
 * One replication: a market, its fleet, its demand, from an empty world to the last request's end.
 * This is where its actors are put together; each owns its state, and is woken by the agenda.
 *
 * `advance` runs a batch of events synchronously; whoever drives it may do other things between
 * batches. The same scenario and seed give the same digest, whatever the batches.
 */
import type { Command, MarketService } from "../../engine/index.ts"
import { openStream } from "../../engine/index.ts"
import type { OpenSource } from "../demand/open-source.ts"
import type { OfferTable } from "../fleet/offers.ts"
import { Agenda } from "../kernel/agenda.ts"
import { binSecondsFor, Recorder } from "../recording/recorder.ts"
import type { Replicated } from "../recording/replicated.ts"
import { areHoursSold } from "../scenarios/hours-together.ts"
import type { Scenario } from "../scenarios/schema.ts"
import type { Addressees } from "./commands.ts"
import { act } from "./commands.ts"
import { Arrivals } from "./consumers/arrivals.ts"
import { BatchClients } from "./consumers/batch-clients.ts"
import { Calls } from "./consumers/calls.ts"
import { Consumers } from "./consumers/consumers.ts"
import { FollowUps } from "./consumers/follow-ups.ts"
import { NightCalls } from "./consumers/night-calls.ts"
import { OwnCalls } from "./consumers/own-calls.ts"
import { SignUps } from "./consumers/sign-ups.ts"
import { Hours } from "./hours/hours.ts"
import { nodeOutcomes, priceStrategiesOf, strategiesOf } from "./nodes/node-outcomes.ts"
import { Nodes } from "./nodes/nodes.ts"
import { ProbeAnswers } from "./nodes/probe-answers.ts"
import type { Reading } from "./observation/checks.ts"
import { checksAtEnd, faultsInPassing, readingOf } from "./observation/checks.ts"
import { Samples } from "./observation/samples.ts"
import { Operators } from "./operators/operators.ts"
import { Heartbeats } from "./nodes/heartbeats.ts"
import { Population } from "./operators/population.ts"
import { Prices } from "./operators/prices.ts"
import { PublicBoard } from "./operators/public-board.ts"
import { Parties } from "./parties/parties.ts"
import { partyOutcome } from "./parties/party-outcomes.ts"
import { Accounts } from "./stage/accounts.ts"
import type { Extensions } from "./stage/extensions.ts"
import { MarketPort } from "./stage/market-port.ts"
import { RequestsInFlight } from "./stage/requests-in-flight.ts"
import type { Setting } from "./stage/setting.ts"
import { settingOf } from "./stage/setting.ts"

const hourMicros = 3_600_000_000

export interface ReplicationParts {
  /** A new market under the scenario's economy, seeded as the replication is. */
  readonly engine: MarketService
  readonly scenario: Scenario
  readonly seed: string
  readonly offers: OfferTable
  /** Opens the stream of requests. */
  readonly openArrivals: OpenSource
  readonly extensions?: Extensions
  /** Also check the ledger, the holds and the counters at every sample. */
  readonly isChecked: boolean
}

/** The actors of a replication, and what they share. */
const castOf = (
  engine: MarketService,
  setting: Setting,
  openArrivals: OpenSource,
  onTurn: () => void,
) => {
  const { scenario, seed, offers, startMicros, endMicros } = setting
  // Whole microseconds, so that the recorder's end is the event queue's.
  const horizonSeconds = (endMicros - startMicros) / 1e6
  const recorder = new Recorder({
    startMicros,
    horizonSeconds,
    binSeconds: binSecondsFor(horizonSeconds),
    models: scenario.models.length,
    floorTokensPerSecond: scenario.economy.floor.tokensPerSecond,
    hasHostPrices: setting.hasHostPrices,
    queuedTiers: setting.hasQueue ? setting.tiers : undefined,
    classOfDevice: offers.devices.map(({ deviceClass }) => deviceClass),
  })
  const agenda = new Agenda(2 * scenario.fleet.nodes + 64)
  const port = new MarketPort(engine, agenda)
  const requests = new RequestsInFlight()
  const accounts = new Accounts(setting, agenda, port)
  const nodes = new Nodes(setting, agenda, port, recorder, requests)
  const probeAnswers = new ProbeAnswers(setting, agenda, port, nodes)
  const board = new PublicBoard(setting, port)
  const nodesOf: Array<Array<number>> = []
  const prices = new Prices(setting, agenda, port, recorder, nodes, nodesOf)
  const operators = new Operators(setting, agenda, port, accounts, nodes, board, prices, nodesOf)
  const heartbeats = new Heartbeats(setting, agenda, port, nodes)
  const population = new Population(setting, agenda, recorder, nodes, operators)
  const parties = new Parties(setting, nodes, operators)
  const { bins, binSeconds, sampleSeconds } = recorder
  const hours = areHoursSold(scenario)
    ? new Hours({
        setting,
        agenda,
        port,
        accounts,
        nodes,
        parties,
        bins,
        binSeconds,
        sampleSeconds,
      })
    : undefined
  const consumers = new Consumers()
  const signUps = new SignUps(setting, agenda, recorder, accounts, consumers)
  const calls = new Calls({
    setting,
    agenda,
    port,
    recorder,
    requests,
    accounts,
    nodes,
    parties,
    consumers,
    board,
    leastRateOf: (priority) => hours?.listings.leastRateOf(priority) ?? 0,
  })
  const batchClients = new BatchClients({
    setting,
    agenda,
    port,
    accounts,
    parties,
    calls,
    recorder,
  })
  const nightCalls = new NightCalls(setting, agenda, calls)
  const followUps = new FollowUps(setting, agenda, requests, consumers, calls)
  const ownCalls = new OwnCalls(setting, agenda, parties, calls)
  const source = openArrivals(
    {
      arrival: openStream(seed, "arrival", 0),
      model: openStream(seed, "model", 0),
      size: openStream(seed, "size", 0),
    },
    startMicros,
    endMicros,
  )
  const arrivals = new Arrivals({
    setting,
    agenda,
    recorder,
    source,
    operators,
    consumers,
    board,
    calls,
    nightCalls,
    followUps,
  })
  const samples = new Samples(setting, agenda, port, recorder, nodes, onTurn)
  nodes.ownedBy({
    decide: (node) => operators.decide(node),
    beginEpoch: (node) => operators.beginEpoch(node),
    openPrice: (node) => prices.open(node),
    onGone: (node) => parties.onGone(node),
    onRegistered: (node) => hours?.onRegistered(node),
    onLeaving: (node) => hours?.onLeaving(node),
    onReach: (node) => hours?.onReach(node),
    isBooked: (node) => hours?.isBooked(node) === true,
  })
  population.whenAdded((node, entity) => hours?.listings.assign(node, entity))
  parties.whenAdded((node, { settings }) =>
    hours?.listings.assignToParty(node, settings.hours.lets),
  )
  calls.whenServed((slot) => followUps.onServed(slot))
  calls.whenItemEnded((isServed) => batchClients.onItemEnded(isServed))
  return {
    setting,
    recorder,
    agenda,
    port,
    requests,
    accounts,
    nodes,
    probeAnswers,
    operators,
    prices,
    heartbeats,
    population,
    parties,
    hours,
    consumers,
    signUps,
    calls,
    batchClients,
    ownCalls,
    arrivals,
    samples,
  }
}

export class Replication {
  private readonly setting: Setting
  private readonly actors: ReturnType<typeof castOf>
  private readonly isChecked: boolean
  private readonly faults: Array<string> = []
  private events = 0
  /** ∫ open requests dt within the horizon, µs. */
  private openMicros = 0

  constructor(parts: ReplicationParts) {
    const { engine, scenario, seed, offers, openArrivals, extensions, isChecked } = parts
    this.setting = settingOf(scenario, seed, offers, extensions)
    this.isChecked = isChecked
    this.actors = castOf(engine, this.setting, extensions?.openSource ?? openArrivals, () =>
      this.onTurn(),
    )
    this.open()
  }

  /** Virtual time that has passed, 0…1 of the horizon. */
  get progress(): number {
    const { startMicros, endMicros } = this.setting
    const { now } = this.actors.agenda
    return Math.min(1, Math.max(0, (now - startMicros) / (endMicros - startMicros)))
  }

  /** Runs at most so many events; false once everything has ended. */
  advance(maxEvents: number): boolean {
    const { agenda, requests } = this.actors
    const { endMicros } = this.setting
    const { queue } = agenda
    for (let i = 0; i < maxEvents; i++) {
      if (queue.peekTime() > endMicros && this.isDrained()) return false
      const since = queue.now
      const entry = queue.pop()
      // No event lies on both sides of the horizon's end: the last sample is taken at it.
      if (since < endMicros) this.openMicros += requests.open * (queue.now - since)
      this.events++
      agenda.run(entry)
    }
    return true
  }

  /** The results, once `advance` has returned false. */
  finish(): Replicated {
    const { setting } = this
    const { recorder, port, nodes, accounts, parties, samples, agenda, prices, hours } = this.actors
    const { now } = agenda
    recorder.turn(now)
    return {
      digest: port.digest,
      requests: recorder.sums.arrived.reduce((sum, one) => sum + one, 0),
      events: this.events,
      recording: recorder.recording(),
      hours: hours?.recording() ?? null,
      nodes: nodeOutcomes(setting, nodes, now),
      marks: samples.marks,
      strategies: strategiesOf(setting, nodes),
      mixedStrategies: [...new Set(setting.strategyMix.map(({ strategy }) => strategy))],
      priceStrategies: priceStrategiesOf(setting, nodes, prices),
      parties: parties.all.map((party) => partyOutcome(setting, nodes, accounts, party, now)),
      checks: checksAtEnd(this.reading(), this.isChecked ? this.faults : undefined),
    }
  }

  private reading(): Reading {
    const { agenda, calls, ...actors } = this.actors
    const { sojournMicros } = calls
    const { openMicros } = this
    const heldForHours = actors.hours?.heldMinor()
    const heldForBatches = actors.batchClients.heldMinor()
    return readingOf({
      ...actors,
      now: agenda.now,
      openMicros,
      sojournMicros,
      heldForHours,
      heldForBatches,
    })
  }

  private isDrained(): boolean {
    const { requests, calls, hours } = this.actors
    return requests.open === 0 && !calls.isAnyComingBack && hours?.isDrained !== false
  }

  /** The models are listed, and those come who are there before demand begins. */
  private open(): void {
    const { port, population, parties, hours } = this.actors
    const { scenario, credit } = this.setting
    port.connect({
      act: (command) => this.act(command),
      onTimer: () => this.onTimer(),
    })
    scenario.models.forEach((model, index) => {
      port.tell({
        _tag: "ModelListed",
        at: 0,
        model: index,
        inputPricePerMtok: Math.round(model.inputPricePerMtok * credit),
        outputPricePerMtok: Math.round(model.outputPricePerMtok * credit),
        ...(model.accuracy === null ? {} : { accuracyBps: Math.round(model.accuracy * 10_000) }),
      })
    })
    hours?.openRegions()
    population.populate(true)
    parties.join(true)
  }

  private act(command: Command): void {
    act(this.actors satisfies Addressees, command)
  }

  private onTimer(): void {
    const { agenda, nodes } = this.actors
    if (agenda.now % hourMicros === 0) nodes.onHourTurned()
  }

  /** A sample is due. The first comes as demand begins: that is when the rest of the world opens. */
  private onTurn(): void {
    const { agenda, samples } = this.actors
    const { startMicros } = this.setting
    if (agenda.now === startMicros) this.openDemand()
    samples.take()
    this.actors.hours?.sample()
    if (!this.isChecked) return
    const hour = Math.round((agenda.now - startMicros) / hourMicros)
    this.faults.push(...faultsInPassing(this.reading(), hour))
  }

  private openDemand(): void {
    const { operators, population, parties, ownCalls, signUps, arrivals, heartbeats } = this.actors
    const { batchClients, hours } = this.actors
    operators.beginBooks()
    heartbeats.begin()
    population.populate(false)
    parties.join(false)
    ownCalls.open()
    signUps.open()
    batchClients.begin()
    hours?.open()
    population.scheduleJoin()
    arrivals.scheduleNext()
  }
}

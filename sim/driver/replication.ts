/**
 * One replication: a market, its fleet, its demand, from an empty world to the last request's end.
 *
 * `advance` runs a batch of events synchronously; whoever drives it may do other things between
 * batches. The same scenario and seed give the same digest, whatever the batches.
 */
import { digestOf } from "../../engine/index.ts"
import type { ArrivalSource } from "../demand/source.ts"
import type { OfferTable } from "../fleet/offers.ts"
import { markSeconds } from "../recording/node-marks.ts"
import type { Replicated } from "../recording/replicated.ts"
import { binSecondsFor, Recorder } from "../recording/recorder.ts"
import type { Scenario } from "../scenarios/schema.ts"
import { onSignUp, scheduleSignUp, signUpConsumer } from "./accounts.ts"
import { onQuickEnd, onRetry, onServerEvent } from "./attempts.ts"
import { onArrival, onFollowUp, onNight, onOwnCall } from "./calls.ts"
import { checksAtEnd, faultsInPassing, readingOf } from "./checks.ts"
import { onSample } from "./samples.ts"
import { onLife } from "./node-life.ts"
import { strategiesOf, nodeOutcomes } from "./node-outcomes.ts"
import { beginBooks } from "./decisions.ts"
import { act, onHourTurned } from "./commands.ts"
import { NodesTable } from "./nodes-table.ts"
import { openOwnDemand } from "./own-demand.ts"
import { joinParties, onGone } from "./parties.ts"
import { partyOutcomes } from "./party-outcomes.ts"
import { openParties } from "./party-state.ts"
import { onJoin, populate, scheduleJoin } from "./population.ts"
import { onMeasured, onProbeAnswered } from "./probe-answers.ts"
import type { World } from "./world.ts"
import {
  arrivalActor,
  firstNodeActor,
  firstPartyActor,
  firstRetryActor,
  sampleActor,
  sampleLast,
  joinActor,
  kernelActor,
  makeWorld,
  followUpActor,
  measureActor,
  nightActor,
  openStreams,
  probeActor,
  quickEndActor,
  signUpActor,
  tell,
} from "./world.ts"

const hourMicros = 3_600_000_000
const dayMicros = 24 * hourMicros

export interface ReplicationParts {
  readonly scenario: Scenario
  readonly seed: string
  readonly offers: OfferTable
  /** Opens the stream of requests that begins at `startMicros`. */
  readonly openArrivals: (
    streams: World["streams"],
    startMicros: number,
    endMicros: number,
  ) => ArrivalSource
  /** Also check the ledger, the holds and the counters at every sample. */
  readonly isChecked: boolean
}

export class Replication {
  private readonly world: World
  private readonly isChecked: boolean
  private readonly faults: Array<string> = []

  constructor({ scenario, seed, offers, openArrivals, isChecked }: ReplicationParts) {
    const { fleet } = scenario
    const isAnyEstablished = fleet.establishedShare > 0
    // Whole days, so that the kernel's hours and the recorder's bins turn together.
    const startMicros = isAnyEstablished ? Math.ceil(fleet.establishedDays) * dayMicros : 0
    const endMicros = startMicros + Math.round(scenario.horizonDays * dayMicros)
    const streams = openStreams(seed)
    // Whole microseconds, so that the recorder's end is the event queue's.
    const horizonSeconds = (endMicros - startMicros) / 1e6
    const recorder = new Recorder({
      startMicros,
      horizonSeconds,
      binSeconds: binSecondsFor(horizonSeconds),
      models: scenario.models.length,
      floorTokensPerSecond: scenario.economy.floor.tokensPerSecond,
      classOfDevice: offers.devices.map(({ deviceClass }) => deviceClass),
    })
    this.isChecked = isChecked
    this.world = makeWorld({
      scenario,
      seed,
      offers,
      nodes: new NodesTable(fleet.nodes),
      streams,
      arrivals: openArrivals(streams, startMicros, endMicros),
      recorder,
      startMicros,
      endMicros,
      markMicros: markSeconds(scenario, recorder).map((seconds) => startMicros + seconds * 1e6),
      parties: openParties(scenario, seed),
      act,
      onGone,
    })
    this.open()
  }

  /** Virtual time that has passed, 0…1 of the horizon. */
  get progress(): number {
    const { now, startMicros, endMicros } = this.world
    return Math.min(1, Math.max(0, (now - startMicros) / (endMicros - startMicros)))
  }

  /** Runs at most so many events; false once everything has ended. */
  advance(maxEvents: number): boolean {
    const { world } = this
    const { queue } = world
    for (let i = 0; i < maxEvents; i++) {
      if (queue.peekTime() > world.endMicros && this.isDrained()) return false
      const actor = queue.pop()
      // No event lies on both sides of the horizon's end: the last sample is taken at it.
      if (world.now < world.endMicros)
        world.openMicros += world.requests.open * (queue.now - world.now)
      world.now = queue.now
      world.events++
      this.handle(actor)
    }
    return true
  }

  /** The results, once `advance` has returned false. */
  finish(): Replicated {
    const { world } = this
    world.recorder.turn(world.now)
    return {
      digest: digestOf(world.market),
      requests: world.recorder.sums.arrived.reduce((sum, one) => sum + one, 0),
      events: world.events,
      recording: world.recorder.recording(),
      nodes: nodeOutcomes(world),
      marks: world.marks,
      strategies: strategiesOf(world),
      parties: partyOutcomes(world),
      checks: checksAtEnd(readingOf(world), this.isChecked ? this.faults : undefined),
    }
  }

  private get hour(): number {
    const { now, startMicros } = this.world
    return Math.round((now - startMicros) / hourMicros)
  }

  private isDrained(): boolean {
    const { requests, retryLines } = this.world
    return requests.open === 0 && retryLines.every(({ dueMicros }) => dueMicros === Infinity)
  }

  private open(): void {
    const { world } = this
    const { scenario, credit } = world
    scenario.models.forEach((model, index) => {
      tell(world, {
        _tag: "ModelListed",
        at: 0,
        model: index,
        inputPricePerMtok: Math.round(model.inputPricePerMtok * credit),
        outputPricePerMtok: Math.round(model.outputPricePerMtok * credit),
      })
    })
    populate(world, true)
    joinParties(world, true)
    // The sampling actor first wakes at the start of demand: that is when the rest of the world opens.
    world.queue.schedule(sampleActor, world.startMicros, sampleLast)
  }

  private openDemand(): void {
    const { world } = this
    beginBooks(world)
    populate(world, false)
    joinParties(world, false)
    openOwnDemand(world)
    for (let i = 0; i < world.scenario.consumers.count; i++) signUpConsumer(world)
    scheduleSignUp(world)
    scheduleJoin(world)
    const first = world.arrivals.nextMicros()
    if (first <= world.endMicros) world.queue.schedule(arrivalActor, first)
  }

  private handle(actor: number): void {
    const { world } = this
    if (actor >= firstNodeActor) {
      const node = (actor - firstNodeActor) >> 1
      if ((actor - firstNodeActor) % 2 === 0) onServerEvent(world, node)
      else onLife(world, node)
      return
    }
    if (actor >= firstPartyActor) return onOwnCall(world, actor - firstPartyActor)
    if (actor >= firstRetryActor) return onRetry(world, actor - firstRetryActor)
    switch (actor) {
      case kernelActor:
        world.kernelDue = Infinity
        tell(world, { _tag: "TimerFired", at: world.now })
        if (world.now % hourMicros === 0) onHourTurned(world)
        return
      case arrivalActor:
        return onArrival(world)
      case nightActor:
        return onNight(world)
      case followUpActor:
        return onFollowUp(world)
      case quickEndActor:
        return onQuickEnd(world)
      case probeActor:
        return onProbeAnswered(world)
      case measureActor:
        return onMeasured(world)
      case signUpActor:
        return onSignUp(world)
      case joinActor:
        return onJoin(world)
      case sampleActor:
        if (world.now === world.startMicros) this.openDemand()
        onSample(world)
        if (this.isChecked) this.faults.push(...faultsInPassing(readingOf(world), this.hour))
        return
      default:
        throw new Error(`simulator: no actor ${actor}`)
    }
  }
}

/**
 * The world of one replication: the market (the kernel) and everything around it that the simulator
 * plays, on one virtual clock.
 */
import type { Command, Market, MarketEvent, Stream } from "../../engine/index.ts"
import { createMarket, nextWake, openStream, step } from "../../engine/index.ts"
import type { ArrivalSource } from "../demand/source.ts"
import type { OfferTable } from "../fleet/offers.ts"
import { InstanceServers } from "../fleet/instance-server.ts"
import { EventQueue } from "../kernel/event-queue.ts"
import type { NodeMark } from "../recording/node-marks.ts"
import type { Recorder } from "../recording/recorder.ts"
import type { Scenario } from "../scenarios/schema.ts"
import { maxParties } from "../scenarios/schema.ts"
import { Consumers } from "./consumers.ts"
import type { Beliefs } from "./belief-table.ts"
import type { Call } from "./call.ts"
import { DelayLine } from "../kernel/delay-line.ts"
import { FollowUps } from "./follow-up-line.ts"
import type { PartyState } from "./party-state.ts"
import type { NodesTable } from "./nodes-table.ts"
import { RequestsInFlight } from "./requests-in-flight.ts"

/** Actors of the event queue. Each has at most one pending entry. */
export const kernelActor = 0
export const sampleActor = 1
export const arrivalActor = 2
export const signUpActor = 3
export const joinActor = 4
export const quickEndActor = 5
export const probeActor = 6
export const measureActor = 7
export const nightActor = 8
export const followUpActor = 9
export const firstRetryActor = 10
const maxRetryLines = 8
export const firstPartyActor = firstRetryActor + maxRetryLines
/** The next call that a party makes itself. */
export const partyActor = (party: number): number => firstPartyActor + party
export const firstNodeActor = firstPartyActor + maxParties
/** Two actors a node: what the server that it leads does next, and what happens to it next. */
export const serverActor = (node: number): number => firstNodeActor + 2 * node
export const lifeActor = (node: number): number => firstNodeActor + 2 * node + 1

/** At one instant: the kernel's timers, then the world, then what is sampled of both. */
const kernelFirst = -1
export const sampleLast = 1

export interface World {
  readonly scenario: Scenario
  readonly seed: string
  readonly market: Market
  readonly queue: EventQueue
  readonly servers: InstanceServers
  readonly offers: OfferTable
  readonly nodes: NodesTable
  readonly requests: RequestsInFlight
  readonly consumers: Consumers
  readonly recorder: Recorder
  readonly arrivals: ArrivalSource
  readonly streams: { readonly [name in StreamName]: Stream }
  /**
   * By node: its own faults and decisions, so that a new node changes no other's; what happens to
   * attempts apart from what happens to the machine, so that traffic does not move the crashes.
   */
  readonly faultStreams: Array<Stream>
  readonly attemptStreams: Array<Stream>
  readonly decisionStreams: Array<Stream>
  /** Attempts that end at once: bad input, errors, refusals. Request id and outcome. */
  readonly quickEnds: DelayLine
  /** Answers to probes: instance and probe number. */
  readonly probeAnswers: DelayLine
  readonly measurements: DelayLine
  /** Calls that wait for the night, and those that follow upon others. */
  readonly nightCalls: Array<Call>
  readonly followUps: FollowUps
  /** Requests that come back after 1, 2, 4 … times the retry pause. */
  readonly retryLines: ReadonlyArray<DelayLine>
  /** By customer number of the ledger: which operator it is, −1: a consumer. */
  readonly operatorOfCustomer: Array<number>
  /** By operator: its nodes, first to last. */
  readonly nodesOf: Array<Array<number>>
  /** By operator: what it took out, minor units. */
  readonly withdrawnMinor: Array<number>
  /** Operators of no party: those who may also be consumers. */
  readonly residents: Array<number>
  /** In the scenario's order. */
  readonly parties: ReadonlyArray<PartyState>
  /** By leading node: all nodes of a machine that poses as several. */
  readonly machines: Map<number, ReadonlyArray<number>>
  /** By node: what it has learned, once it has decided. */
  readonly beliefs: Array<Beliefs | undefined>
  /** By model: tokens of the calls that were served, as the market publishes them. */
  readonly servedInput: Float64Array
  readonly servedOutput: Float64Array
  /** Virtual time at which demand begins; what was before only made nodes old. */
  readonly startMicros: number
  readonly endMicros: number
  /** Minor units of a credit. */
  readonly credit: number
  now: number
  nextRequest: number
  nextTransfer: number
  /** Counts the nodes that were there from the start. */
  nextResident: number
  /** Counts those who considered joining, whether they did or not. */
  nextCandidate: number
  kernelDue: number
  events: number
  /** ∫ open requests dt, and summed times in the market of those that are over; both within the horizon. */
  openMicros: number
  sojournMicros: number
  /** Commands of the step under way; drained before the next. */
  readonly out: Array<Command>
  isDraining: boolean
  /** When the nodes' running totals are noted, µs, and those that have been. */
  readonly markMicros: ReadonlyArray<number>
  readonly marks: Array<NodeMark>
  /** What the world does on a command (`commands.ts`). */
  readonly act: (world: World, command: Command) => void
  /** What becomes of a machine whose node is gone (`parties.ts`). */
  readonly onGone: (world: World, node: number) => void
}

const streamNames = [
  "arrival",
  "consumer",
  "model",
  "size",
  "flaw",
  "signUp",
  "join",
  "budget",
  "device",
  "kind",
  "worth",
  "session",
] as const
export type StreamName = (typeof streamNames)[number]

export const openStreams = (seed: string): World["streams"] =>
  Object.fromEntries(
    streamNames.map((name) => [name, openStream(seed, name, 0)]),
  ) as World["streams"]

export interface WorldParts {
  readonly scenario: Scenario
  readonly seed: string
  readonly offers: OfferTable
  readonly nodes: NodesTable
  readonly recorder: Recorder
  readonly arrivals: ArrivalSource
  readonly streams: World["streams"]
  readonly startMicros: number
  readonly endMicros: number
  readonly markMicros: ReadonlyArray<number>
  readonly parties: ReadonlyArray<PartyState>
  readonly act: World["act"]
  readonly onGone: World["onGone"]
}

export const makeWorld = (parts: WorldParts): World => {
  // A pause of no time at all would have a consumer come back for ever at the same instant.
  const retryMicros = Math.max(1, Math.round(parts.scenario.consumers.retrySeconds * 1e6))
  return {
    ...parts,
    market: createMarket(parts.scenario.economy, parts.seed),
    queue: new EventQueue(firstNodeActor + 2 * parts.scenario.fleet.nodes),
    servers: new InstanceServers(),
    requests: new RequestsInFlight(),
    consumers: new Consumers(),
    faultStreams: [],
    attemptStreams: [],
    decisionStreams: [],
    quickEnds: new DelayLine(200_000),
    probeAnswers: new DelayLine(2_000_000),
    measurements: new DelayLine(60_000_000),
    retryLines: Array.from(
      { length: maxRetryLines },
      (_, k) => new DelayLine(retryMicros * 2 ** k),
    ),
    nightCalls: [],
    followUps: new FollowUps(),
    servedInput: new Float64Array(parts.scenario.models.length),
    servedOutput: new Float64Array(parts.scenario.models.length),
    operatorOfCustomer: [],
    nodesOf: [],
    withdrawnMinor: [],
    residents: [],
    machines: new Map(),
    beliefs: [],
    credit: 10 ** parts.scenario.economy.money.scale,
    now: 0,
    nextRequest: 0,
    nextTransfer: 0,
    nextResident: 0,
    nextCandidate: 0,
    kernelDue: Infinity,
    events: 0,
    openMicros: 0,
    sojournMicros: 0,
    out: [],
    marks: [],
    isDraining: false,
  }
}

/** Hands one event to the kernel, keeps its next wake in the queue, and acts on what it asks for. */
export const tell = (world: World, event: MarketEvent): void => {
  step(world.market, event, world.out)
  const due = nextWake(world.market)
  if (due !== world.kernelDue) {
    world.kernelDue = due
    world.queue.schedule(kernelActor, due, kernelFirst)
  }
  drain(world)
}

/**
 * Acts on the commands of the step, in order. Acting on one may lead to further steps; their commands
 * go to the end of the same line, and the first caller works through all of it.
 */
const drain = (world: World): void => {
  if (world.isDraining) return
  const { out } = world
  world.isDraining = true
  for (let i = 0; i < out.length; i++) world.act(world, out[i])
  out.length = 0
  world.isDraining = false
}

/** Sends on a delay line and makes sure that its actor wakes for it. */
export const send = (
  world: World,
  line: DelayLine,
  actor: number,
  first: number,
  second: number,
): void => {
  line.send(world.now, first, second)
  if (!world.queue.isPending(actor)) world.queue.schedule(actor, line.dueMicros)
}

/** After the due entry of a line was taken out: wakes for the next. */
export const rearm = (world: World, line: DelayLine, actor: number): void => {
  if (line.dueMicros !== Infinity) world.queue.schedule(actor, line.dueMicros)
}

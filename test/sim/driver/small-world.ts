/**
 * Small worlds for the driver's tests: a scenario from a few settings laid over the calm one that all
 * scenarios extend, requests written down one by one, and a replication that is driven to an instant
 * and looked into.
 */
import { NodeContext } from "@effect/platform-node"
import { Effect, Either } from "effect"
import { createMarket, engineOf } from "../../../engine/index.ts"
import type { Command, Market } from "../../../engine/index.ts"
import { openSource } from "../../../sim/demand/open-source.ts"
import type { ArrivalSource } from "../../../sim/demand/source.ts"
import type { NodeColumns } from "../../../sim/driver/nodes/nodes-table.ts"
import type { Replicated } from "../../../sim/recording/replicated.ts"
import type { ReplicationParts } from "../../../sim/driver/replication.ts"
import { Replication } from "../../../sim/driver/replication.ts"
import type { Accounts } from "../../../sim/driver/stage/accounts.ts"
import type { RequestsInFlight } from "../../../sim/driver/stage/requests-in-flight.ts"
import type { Consumers } from "../../../sim/driver/consumers/consumers.ts"
import type { Nodes } from "../../../sim/driver/nodes/nodes.ts"
import type { ProbeAnswers } from "../../../sim/driver/nodes/probe-answers.ts"
import type { Reading } from "../../../sim/driver/observation/checks.ts"
import type { Samples } from "../../../sim/driver/observation/samples.ts"
import type { Operators } from "../../../sim/driver/operators/operators.ts"
import type { Parties } from "../../../sim/driver/parties/parties.ts"
import type { OfferTable } from "../../../sim/fleet/offers.ts"
import type { Recorder } from "../../../sim/recording/recorder.ts"
import { offerTable } from "../../../sim/fleet/offers.ts"
import type { Tree } from "../../../engine/index.ts"
import { withEconomyGroup } from "../../../sim/settings/assign.ts"
import { loadScenario } from "../../../sim/scenarios/load.ts"
import { overlay, resolve } from "../../../sim/scenarios/resolve.ts"
import type { Scenario } from "../../../sim/scenarios/schema.ts"

const base = await Effect.runPromise(
  loadScenario("base", []).pipe(Effect.provide(NodeContext.layer)),
)

export const hour = 3_600_000_000
export const day = 24 * hour

/** Settings that belong together; numbers at the leaves. */
export type Patch = Tree

/** The base scenario with a patch laid over it; throws where the patch is not allowed. */
export const scenarioWith = (patch: Patch = {}): Scenario => {
  const plain = { ...base, economy: { extends: "pooled" } }
  return Either.getOrThrow(resolve(overlay(plain, withEconomyGroup(patch)) as Tree, "test"))
}

/** Nodes that are there, old and calm, with no demand but what a test writes down. */
const quiet: Patch = {
  horizonDays: 1,
  fleet: { nodes: 1, establishedDays: 14 },
  consumers: { count: 1, maxRetries: 0, spread: 0 },
}

/** A model that any small device holds, by the name and price it has in most tests. */
export const modelCalled = (name: string, settings: Patch = {}): Patch => ({
  name,
  quantisation: "q4",
  inputPricePerMtok: 20,
  outputPricePerMtok: 60,
  popularity: 1,
  initialSupply: 1,
  ...settings,
})

/** A request as a test writes it down, seconds since demand began. */
export interface Asked {
  readonly at: number
  readonly model?: number
  readonly inputTokens?: number
  readonly outputTokens?: number
}

/** The requests of a test, in order of time, as a stream of arrivals. */
export const asking =
  (requests: ReadonlyArray<Asked>): ReplicationParts["openArrivals"] =>
  (_streams, startMicros) => {
    let next = 0
    const source = {
      model: 0,
      inputTokens: 0,
      outputTokens: 0,
      nextMicros: () =>
        next < requests.length ? startMicros + Math.round(requests[next].at * 1e6) : Infinity,
      read: () => {
        const { model = 0, inputTokens = 100, outputTokens = 100 } = requests[next++]
        source.model = model
        source.inputTokens = inputTokens
        source.outputTokens = outputTokens
      },
    } satisfies ArrivalSource
    return source
  }

export interface Opening {
  readonly seed?: string
  readonly isChecked?: boolean
  readonly openArrivals?: ReplicationParts["openArrivals"]
}

export const openReplication = (
  scenario: Scenario,
  { seed = "test", ...opening }: Opening = {},
): Replication =>
  new Replication({
    engine: engineOf(createMarket(scenario.economy, seed)),
    scenario,
    seed,
    offers: offerTable(scenario),
    openArrivals: opening.openArrivals ?? openSource(scenario, undefined),
    isChecked: opening.isChecked ?? true,
  })

/** What a replication keeps to itself, for a test to look at and to meddle with. */
export interface World {
  readonly now: number
  readonly startMicros: number
  readonly endMicros: number
  /** Minor units of a credit. */
  readonly credit: number
  readonly events: number
  readonly market: Market
  readonly nodes: Nodes["table"]
  readonly servers: Nodes["servers"]
  readonly offers: OfferTable
  readonly recorder: Recorder
  readonly requests: RequestsInFlight
  readonly consumers: Consumers
  readonly parties: Parties["all"]
  readonly marks: Samples["marks"]
  readonly probes: ProbeAnswers["probes"]
  readonly operatorOfCustomer: Accounts["operatorOfCustomer"]
  readonly nodesOf: Operators["nodesOf"]
  readonly askedRequests: number
  readonly transfers: number
  readonly candidates: number
  readonly reading: () => Reading
  readonly act: (command: Command) => void
  readonly scheduleLife: (node: number) => void
}

const worlds = new WeakMap<Replication, World>()

/** The same world each time. */
export const worldOf = (replication: Replication): World => {
  const world = worlds.get(replication) ?? windowInto(replication)
  worlds.set(replication, world)
  return world
}

const windowInto = (replication: Replication): World => {
  const actors = replication["actors"]
  const { setting, nodes } = actors
  return {
    get now() {
      return actors.agenda.now
    },
    get events() {
      return replication["events"]
    },
    get askedRequests() {
      return actors.calls.asked
    },
    get transfers() {
      return actors.accounts.transfers
    },
    get candidates() {
      return actors.population.candidates
    },
    startMicros: setting.startMicros,
    endMicros: setting.endMicros,
    credit: setting.credit,
    market: actors.port.market,
    nodes: nodes.table,
    servers: nodes.servers,
    offers: setting.offers,
    recorder: actors.recorder,
    requests: actors.requests,
    consumers: actors.consumers,
    parties: actors.parties.all,
    marks: actors.samples.marks,
    probes: actors.probeAnswers.probes,
    operatorOfCustomer: actors.accounts.operatorOfCustomer,
    nodesOf: actors.operators.nodesOf,
    reading: () => replication["reading"](),
    act: (command) => replication["act"](command),
    scheduleLife: (node) => nodes.scheduleLife(node),
  }
}

/** Lets everything up to and including an instant happen, µs since demand began. */
export const advanceTo = (replication: Replication, micros: number): World => {
  const world = worldOf(replication)
  const { queue } = replication["actors"].agenda
  while (queue.peekTime() <= world.startMicros + micros) advanceOne(replication)
  return world
}

/** Lets events happen, one by one, for as long as something holds. */
export const advanceWhile = (replication: Replication, holds: (world: World) => boolean): void => {
  while (holds(worldOf(replication))) advanceOne(replication)
}

/** The next event; throws where there is none, so that no test waits for ever. */
const advanceOne = (replication: Replication): void => {
  if (!replication.advance(1)) throw new Error("the replication is over")
}

/** Far more events than any small world has. */
const mostEvents = 5_000_000

/** Runs to the end in batches; throws where there is no end to be seen. */
export const runToEnd = (replication: Replication, batch = 20_000): Replicated => {
  while (replication.advance(batch))
    if (worldOf(replication).events > mostEvents) throw new Error("the replication does not end")
  return replication.finish()
}

/** A world whose requests a test has written down, at the instant when demand begins. */
export const openQuietWorld = (
  patch: Patch = {},
  requests: ReadonlyArray<Asked> = [],
): { readonly replication: Replication; readonly world: World } => {
  const scenario = scenarioWith(overlay(quiet, patch) as Patch)
  const replication = openReplication(scenario, { openArrivals: asking(requests) })
  return { replication, world: advanceTo(replication, 0) }
}

type Clock = {
  [K in keyof NodeColumns]: NodeColumns[K] extends Float64Array ? K : never
}[keyof NodeColumns]

/** Sets when something happens to a node next, µs since demand began. */
export const setClock = (world: World, node: number, clock: Clock, micros: number): void => {
  world.nodes.columns[clock][node] = world.startMicros + micros
  world.scheduleLife(node)
}

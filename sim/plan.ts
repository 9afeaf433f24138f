/**
 * A run made ready: the scenario, the trace that it replays, and a look at whether the machine has
 * the memory for it.
 */
import { Data, Effect } from "effect"
import { freemem } from "node:os"
import { getHeapStatistics } from "node:v8"
import type { Trace } from "./demand/trace.ts"
import { loadTrace } from "./demand/trace.ts"
import { offerTable } from "./fleet/offers.ts"
import { loadScenario } from "./scenarios/load.ts"
import { ScenarioInvalid } from "./scenarios/scenario-error.ts"
import type { Scenario } from "./scenarios/schema.ts"
import { mostDays } from "./scenarios/schema.ts"

export interface Plan {
  readonly scenario: Scenario
  readonly trace: Trace | undefined
}

export class NotEnoughMemory extends Data.TaggedError("NotEnoughMemory")<{
  readonly neededBytes: number
  readonly availableBytes: number
}> {
  override get message(): string {
    const mb = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`
    return [
      `This run needs about ${mb(this.neededBytes)} of memory, and ${mb(this.availableBytes)} are free.`,
      "Fewer fleet.nodes, fewer consumers.count, a shorter horizonDays or fewer --workers need less.",
    ].join(" ")
  }
}

/**
 * Loads and checks everything that a run needs before it begins. Fails where it would need more than
 * `availableBytes` of memory.
 */
export const makePlan = (
  name: string,
  assignments: ReadonlyArray<string>,
  workers: number,
  availableBytes = memoryFor(workers),
) =>
  Effect.gen(function* () {
    const written = yield* loadScenario(name, assignments)
    const plan = yield* withTrace(written, name)
    yield* checkFleet(plan.scenario, name)
    yield* checkMemory(plan.scenario, workers, availableBytes)
    return plan
  })

/** With a trace, the horizon is the trace's own length. */
const withTrace = (scenario: Scenario, source: string) =>
  Effect.gen(function* () {
    const settings = scenario.demand.trace
    if (settings === null) return { scenario, trace: undefined }
    const trace = yield* loadTrace(settings.path)
    const last = trace.times[trace.times.length - 1]
    const seconds = last / 1e6 / settings.speed + settings.jitterSeconds + 1
    const horizonDays = seconds / 86_400
    if (horizonDays > mostDays)
      return yield* new ScenarioInvalid({
        source,
        issues: [
          {
            path: "demand.trace",
            message: `replayed like this, the trace takes ${Math.ceil(horizonDays)} days, and a run ${mostDays} at most`,
          },
        ],
      })
    return { scenario: { ...scenario, horizonDays }, trace }
  })

const checkFleet = (scenario: Scenario, source: string) => {
  const { devices, offers } = offerTable(scenario)
  const lost = devices.filter(
    (_, index) =>
      scenario.fleet.devices[index].weight > 0 &&
      offers[index].every(
        (offer, model) => offer === null || scenario.models[model].initialSupply === 0,
      ),
  )
  return lost.length === 0
    ? Effect.void
    : new ScenarioInvalid({
        source,
        issues: lost.map(({ name }) => ({
          path: "fleet.devices",
          message: `${name} can serve none of the models that have an initialSupply, at ${scenario.economy.floor.tokensPerSecond} tokens/s`,
        })),
      })
}

/** Rough upper bounds of what one replication keeps, bytes; measured on runs of 1,000 nodes. */
const bytesPerNode = 14_000
const bytesPerConsumer = 600
const bytesAtRest = 120e6

/** What the machine can give to so many workers now, bytes. */
const memoryFor = (workers: number): number =>
  Math.min(freemem(), getHeapStatistics().heap_size_limit * workers)

const checkMemory = (scenario: Scenario, workers: number, availableBytes: number) =>
  Effect.suspend(() => {
    const days = scenario.horizonDays
    const nodes = scenario.fleet.nodes + scenario.churn.joinsPerDay * days
    const consumers = scenario.consumers.count + scenario.consumers.signUpsPerDay * days
    const each = bytesAtRest + nodes * bytesPerNode + consumers * bytesPerConsumer
    const neededBytes = Math.min(workers, scenario.replications) * each
    return neededBytes <= availableBytes
      ? Effect.void
      : new NotEnoughMemory({ neededBytes, availableBytes })
  })

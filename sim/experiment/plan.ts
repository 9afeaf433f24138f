/**
 * A run made ready: the scenario, the trace that it replays, and a look at whether the machine has
 * the memory for it.
 */
import { Data, Effect } from "effect"
import { freemem, totalmem } from "node:os"
import { getHeapStatistics } from "node:v8"
import type { TraceSurvey } from "../demand/trace/read-trace.ts"
import { surveyTrace } from "../demand/trace/read-trace.ts"
import type { ReadSettings } from "../demand/trace/request-reader.ts"
import type { OfferTable } from "../fleet/offers.ts"
import { offerTable } from "../fleet/offers.ts"
import { binSecondsFor } from "../recording/recorder.ts"
import { loadScenario } from "../scenarios/load.ts"
import type { ScenarioIssue } from "../settings/scenario-error.ts"
import { ScenarioInvalid } from "../settings/scenario-error.ts"
import type { Scenario } from "../scenarios/schema.ts"
import { mostDays } from "../scenarios/schema.ts"

export interface Plan {
  readonly scenario: Scenario
  readonly trace: TraceSurvey | undefined
}

export class NotEnoughMemory extends Data.TaggedError("NotEnoughMemory")<{
  readonly neededBytes: number
  readonly availableBytes: number
  /** Whether it is a thread's own share that does not suffice, or what the machine has free. */
  readonly isOfThread: boolean
}> {
  override get message(): string {
    const mb = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`
    const needed = mb(this.neededBytes)
    const available = mb(this.availableBytes)
    return [
      this.isOfThread
        ? `A thread of this run needs about ${needed} of memory, and Node gives it ${available}; NODE_OPTIONS=--max-old-space-size=… gives more.`
        : `This run needs about ${needed} of memory, and ${available} are free.`,
      "Fewer fleet.nodes, fewer consumers.count, a shorter horizonDays, fewer --replications or fewer --workers need less.",
    ].join(" ")
  }
}

export interface PlanOptions {
  /** Replications that are to be run; by default as many as the scenario says. */
  readonly replications?: number
  /** By default what there is. */
  readonly memory?: Memory
}

export interface Memory {
  /** What the machine, or the container, can still give, bytes. */
  readonly freeBytes: number
  /** What one thread may take of it, bytes. */
  readonly threadBytes: number
}

/**
 * Loads and checks everything that a run on so many workers needs before it begins. Fails where it
 * would need more memory than there is.
 */
export const makePlan = (
  name: string,
  assignments: ReadonlyArray<string>,
  workers: number,
  options: PlanOptions = {},
) =>
  Effect.flatMap(loadScenario(name, assignments), (scenario) =>
    planOf(scenario, name, workers, options),
  )

/** The same for a scenario at hand, whose trace `survey` reads. */
export const planOf = (
  written: Scenario,
  name: string,
  workers: number,
  options: PlanOptions,
  survey: typeof surveyTrace = surveyTrace,
) =>
  Effect.gen(function* () {
    const plan = yield* withTrace(written, name, survey)
    yield* checkFleet(plan.scenario, name)
    yield* checkMemory(plan.scenario, workers, options)
    return plan
  })

/** What of a trace's settings says what is read of it. */
export const readSettingsOf = ({
  path,
  timeUnit,
  fromSeconds,
  untilSeconds,
}: ReadSettings): ReadSettings => ({ path, timeUnit, fromSeconds, untilSeconds })

/** With a trace, the horizon is the trace's own length. */
const withTrace = (scenario: Scenario, source: string, survey: typeof surveyTrace) =>
  Effect.gen(function* () {
    const settings = scenario.demand.trace
    if (settings === null) return { scenario, trace: undefined }
    const trace = yield* survey(readSettingsOf(settings))
    const seconds = trace.lastMicros / 1e6 / settings.speed + settings.jitterSeconds + 1
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
  const table = offerTable(scenario)
  const issues = [...issuesOfFleet(scenario, table), ...issuesOfParties(scenario, table)]
  return issues.length === 0 ? Effect.void : new ScenarioInvalid({ source, issues })
}

/** Devices of the fleet that could serve nothing. */
const issuesOfFleet = (
  { fleet, models, economy }: Scenario,
  { offers }: OfferTable,
): ReadonlyArray<ScenarioIssue> =>
  fleet.devices
    .filter(
      ({ weight }, index) =>
        weight > 0 &&
        offers[index].every((offer, model) => offer === null || models[model].initialSupply === 0),
    )
    .map(({ device }) => ({
      path: "fleet.devices",
      message: `${device} can serve none of the models that have an initialSupply, at ${economy.floor.tokensPerSecond} tokens/s`,
    }))

/** Parties whose machines cannot serve their model, or have fewer slots than they pose as nodes. */
const issuesOfParties = (
  { parties, models }: Scenario,
  { devices, offers }: OfferTable,
): ReadonlyArray<ScenarioIssue> =>
  parties.flatMap(({ device, model: said, conduct }, index) => {
    const model = conduct.runsModel ?? said
    const at = devices.findIndex(({ name }) => name === device)
    const slots = offers[at][models.findIndex(({ name }) => name === model)]?.slots ?? 0
    if (slots === 0)
      return [{ path: `parties.${index}.device`, message: `${device} cannot serve ${model}` }]
    return conduct.splitInto <= slots
      ? []
      : [
          {
            path: `parties.${index}.conduct.splitInto`,
            message: `a ${device} has ${slots} slots for ${model} to deal out`,
          },
        ]
  })

/** Rough upper bounds of what a replication takes while it runs, bytes; measured on 1,000 nodes. */
const bytesPerNode = 14_000
const bytesPerConsumer = 600
const bytesAtRest = 120e6
/** And of what is kept of it until the run is over, so that all can be summed up. */
const keptBytesPerNode = 1_300
const keptBytesPerBin = 2_200

/** What there is now. Unconstrained, Node says more than the machine has, or nothing. */
const memoryNow = (): Memory => {
  const limit = process.constrainedMemory()
  const isLimited = limit > 0 && limit < totalmem()
  return {
    freeBytes: Math.min(freemem(), isLimited ? limit - process.memoryUsage.rss() : Infinity),
    threadBytes: getHeapStatistics().heap_size_limit,
  }
}

const checkMemory = (
  scenario: Scenario,
  workers: number,
  { replications = scenario.replications, memory = memoryNow() }: PlanOptions,
) =>
  Effect.suspend(() => {
    const days = scenario.horizonDays
    const nodes = scenario.fleet.nodes + scenario.churn.joinsPerDay * days
    const consumers = scenario.consumers.count + scenario.consumers.signUpsPerDay * days
    const seconds = days * 86_400
    const bins = Math.ceil(seconds / binSecondsFor(seconds))
    const running = bytesAtRest + nodes * bytesPerNode + consumers * bytesPerConsumer
    const kept = replications * (nodes * keptBytesPerNode + bins * keptBytesPerBin)
    const inAll = Math.min(workers, replications) * running + kept
    if (inAll > memory.freeBytes)
      return new NotEnoughMemory({
        neededBytes: inAll,
        availableBytes: memory.freeBytes,
        isOfThread: false,
      })
    const ofThread = Math.max(running, kept)
    return ofThread > memory.threadBytes
      ? new NotEnoughMemory({
          neededBytes: ofThread,
          availableBytes: memory.threadBytes,
          isOfThread: true,
        })
      : Effect.void
  })

/**
 * A scenario's requests, generated or replayed, as one source of arrivals.
 */
import type { Stream } from "../../engine/index.ts"
import { choice } from "../kernel/variates.ts"
import type { Scenario } from "../scenarios/schema.ts"
import { gammaArrivals, modulatedArrivals, poissonArrivals, type Arrivals } from "./arrivals.ts"
import {
  azureConversationBounds,
  azureConversationRates,
  azureConversationSizes,
} from "./azure-conversation.ts"
import { demandSteps, stepIndexAt, type DemandStep } from "./crowds.ts"
import { assumedDailyWeights, assumedWeeklyWeights, DemandProfile, flattened } from "./profile.ts"
import { logNormalSizes, MixtureSizes, type SizeBounds, type SizeMixture } from "./sizes.ts"
import type { ArrivalSource } from "./source.ts"
import type { ReadyRequests } from "./trace/replay.ts"

export interface DemandStreams {
  readonly arrival: Stream
  readonly model: Stream
  readonly size: Stream
}

/** Demand's own clock (its first midnight, its crowds, a trace's first request) is at `startMicros`. */
export type OpenSource = (
  streams: DemandStreams,
  startMicros: number,
  endMicros: number,
) => ArrivalSource

/** `recorded` requests are replayed where they are given; else requests are generated. */
export const openSource =
  (scenario: Scenario, recorded: ReadyRequests | undefined): OpenSource =>
  (streams, startMicros, endMicros) =>
    recorded === undefined
      ? generated(scenario, streams, startMicros, endMicros)
      : replayed(scenario, recorded, streams, startMicros)

const HOUR_MICROS = 3_600_000_000

const stepsOf = ({ demand, models }: Scenario): ReadonlyArray<DemandStep> =>
  demandSteps(
    models.map(({ popularity }) => popularity),
    demand.flashCrowds.map(({ atHours, durationHours, multiplier, model }) => ({
      atMicros: atHours * HOUR_MICROS,
      durationMicros: durationHours * HOUR_MICROS,
      multiplier,
      model: model === undefined ? null : models.findIndex(({ name }) => name === model),
    })),
  )

const generated = (
  scenario: Scenario,
  streams: DemandStreams,
  startMicros: number,
  endMicros: number,
): ArrivalSource => {
  const { demand } = scenario
  const steps = stepsOf(scenario)
  const profile = new DemandProfile({
    dailyWeights: flattened(assumedDailyWeights, demand.daily),
    weeklyWeights: flattened(assumedWeeklyWeights, demand.weekly),
    growthPerDay: demand.growthPerDay,
    steps,
  })
  const arrivals = arrivalsOf(demand, profile, streams.arrival, endMicros - startMicros)
  const sizes = new MixtureSizes(mixtureOf(demand.sizes))
  let now = 0
  const source = {
    model: 0,
    inputTokens: 0,
    outputTokens: 0,
    nextMicros: () => {
      now = arrivals.nextMicros()
      return startMicros + now
    },
    read: () => {
      source.model = choice(streams.model, steps[stepIndexAt(steps, now)].weights)
      sizes.draw(streams.size)
      source.inputTokens = sizes.inputTokens
      source.outputTokens = sizes.outputTokens
    },
  }
  return source
}

const arrivalsOf = (
  demand: Scenario["demand"],
  profile: DemandProfile,
  stream: Stream,
  untilMicros: number,
): Arrivals => {
  const settings = {
    profile,
    ratePerSecond: demand.requestsPerSecond,
    startMicros: 0,
    untilMicros,
  }
  switch (demand.arrivals) {
    case "poisson":
      return poissonArrivals(settings, stream)
    case "gamma":
      return gammaArrivals(settings, demand.burstiness, stream)
    case "mmpp":
      return modulatedArrivals(settings, azureConversationRates, stream, stream)
  }
}

const mixtureOf = (sizes: Scenario["demand"]["sizes"]): SizeMixture => {
  const { maxInputTokens, maxOutputTokens } = sizes
  const bounds: SizeBounds = { input: [1, maxInputTokens], output: [1, maxOutputTokens] }
  return sizes.kind === "azure-conversation"
    ? { components: azureConversationSizes, bounds: within(azureConversationBounds, bounds) }
    : logNormalSizes(sizes.medianInputTokens, sizes.medianOutputTokens, sizes.spread, bounds)
}

/** The narrower of two bounds; where they do not meet, the second's greatest. */
const within = (bounds: SizeBounds, limits: SizeBounds): SizeBounds => ({
  input: narrowed(bounds.input, limits.input),
  output: narrowed(bounds.output, limits.output),
})

const narrowed = (
  [least, greatest]: SizeBounds["input"],
  [, limit]: SizeBounds["input"],
): SizeBounds["input"] => [Math.min(least, limit), Math.min(greatest, limit)]

const replayed = (
  scenario: Scenario,
  recorded: ReadyRequests,
  streams: DemandStreams,
  startMicros: number,
): ArrivalSource => {
  const steps = stepsOf(scenario)
  const source = {
    model: 0,
    inputTokens: 0,
    outputTokens: 0,
    nextMicros: () => startMicros + recorded.nextMicros,
    read: () => {
      const { weights } = steps[stepIndexAt(steps, recorded.nextMicros)]
      source.model = choice(streams.model, weights)
      source.inputTokens = recorded.inputTokens
      // A request that failed when it was recorded asks for one token: it takes a place here too.
      source.outputTokens = Math.max(1, recorded.outputTokens)
      recorded.drop()
    },
  }
  return source
}

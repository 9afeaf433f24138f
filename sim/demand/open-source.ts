/**
 * The requests of a scenario, generated or replayed, as one stream of arrivals.
 */
import type { Stream } from "../../engine/index.ts"
import type { Scenario } from "../scenarios/schema.ts"
import { Arrivals } from "./arrivals.ts"
import { crowdFactor, rateAt } from "./profile.ts"
import type { DrawnSize } from "./sizes.ts"
import { sizeDrawer } from "./sizes.ts"
import type { ArrivalSource } from "./source.ts"
import type { Trace } from "./trace.ts"

interface DemandStreams {
  readonly arrival: Stream
  readonly model: Stream
  readonly size: Stream
}

type OpenSource = (streams: DemandStreams, startMicros: number, endMicros: number) => ArrivalSource

export const openSource =
  (scenario: Scenario, trace: Trace | undefined): OpenSource =>
  (streams, startMicros, endMicros) =>
    trace === undefined
      ? generated(scenario, streams, startMicros, endMicros)
      : replayed(scenario, trace, streams, startMicros)

/** Index of a model, by popularity times whatever crowd it has drawn. */
const drawModel = (scenario: Scenario, stream: Stream, seconds: number): number => {
  const { models, demand } = scenario
  const weights = models.map(
    ({ name, popularity }) => popularity * crowdFactor(demand, name, seconds),
  )
  let lot = stream.next() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    lot -= weight
    if (lot < 0) return index
  }
  return weights.length - 1
}

const generated: (scenario: Scenario, ...rest: Parameters<OpenSource>) => ArrivalSource = (
  scenario,
  streams,
  startMicros,
  endMicros,
) => {
  const { demand, models } = scenario
  const popularity = models.reduce((sum, model) => sum + model.popularity, 0)
  // A crowd for one model adds to the whole; it does not take from the others.
  const crowdedRate = (seconds: number): number =>
    (rateAt(demand, seconds) *
      models.reduce(
        (sum, model) => sum + model.popularity * crowdFactor(demand, model.name, seconds),
        0,
      )) /
    popularity
  const arrivals = new Arrivals(
    { kind: demand.arrivals, burstiness: demand.burstiness, rateAt: crowdedRate },
    streams.arrival,
    (endMicros - startMicros) / 1e6,
  )
  const drawSize = sizeDrawer(demand.sizes)
  let seconds = 0
  const source: DrawnSize & { model: number } & Pick<ArrivalSource, "nextMicros" | "read"> = {
    model: 0,
    inputTokens: 0,
    outputTokens: 0,
    nextMicros: () => {
      seconds = arrivals.next()
      return startMicros + Math.ceil(seconds * 1e6)
    },
    read: () => {
      source.model = drawModel(scenario, streams.model, seconds)
      drawSize(streams.size, source)
    },
  }
  return source
}

const replayed = (
  scenario: Scenario,
  trace: Trace,
  streams: DemandStreams,
  startMicros: number,
): ArrivalSource => {
  const settings = scenario.demand.trace ?? { speed: 1, jitterSeconds: 0 }
  const order = jittered(trace, settings, streams.arrival)
  let next = 0
  const source = {
    model: 0,
    inputTokens: 0,
    outputTokens: 0,
    nextMicros: () =>
      next < order.length ? startMicros + Math.round(order[next].micros) : Infinity,
    read: () => {
      const { row, micros } = order[next++]
      source.model = drawModel(scenario, streams.model, micros / 1e6)
      source.inputTokens = trace.inputTokens[row]
      source.outputTokens = Math.max(1, trace.outputTokens[row])
    },
  }
  return source
}

/** Rows with their times at the replay's speed, spread over the jitter where stamps are coarse. */
const jittered = (
  { times }: Trace,
  { speed, jitterSeconds }: { readonly speed: number; readonly jitterSeconds: number },
  stream: Stream,
) =>
  Array.from(times, (time, row) => ({
    row,
    micros: time / speed + (jitterSeconds === 0 ? 0 : stream.next() * jitterSeconds * 1e6),
  })).toSorted((a, b) => a.micros - b.micros)

/**
 * The batching server once more, the slow and obvious way: it walks in steps of a microsecond or
 * less, keeps each stream's own progress, and sorts nothing. Tests hold the instance server to it.
 */
import type { ServiceRates } from "../../../sim/fleet/service-model.ts"

export interface Arrival {
  readonly at: number
  readonly input: number
  readonly output: number
  /** When its consumer goes away, if still there; +∞ for never. */
  readonly abortAt: number
}

export interface SpeedChange {
  readonly at: number
  readonly factor: number
}

export interface Outcome {
  firstTokenAt: number
  completedAt: number
}

interface Stream {
  readonly request: number
  readonly input: number
  readonly output: number
  readonly abortAt: number
  prefillLeft: number
  /** Output tokens so far, fractional; 0 while the prompt is waiting or being read. */
  delivered: number
}

/** Outcomes by request; +∞ for what did not happen before `end`. */
export const walkInSmallSteps = (
  rates: ServiceRates,
  arrivals: ReadonlyArray<Arrival>,
  speedChanges: ReadonlyArray<SpeedChange>,
  end: number,
  stepsPerMicro: number,
): ReadonlyArray<Outcome> => {
  const outcomes = arrivals.map(() => ({ firstTokenAt: Infinity, completedAt: Infinity }))
  let streams: Array<Stream> = []
  let speed = 1
  const step = 1 / stepsPerMicro
  const quietAfter = Math.max(...arrivals.map(({ at }) => at), ...speedChanges.map(({ at }) => at))
  for (let micro = 0; micro < end; micro++) {
    for (const change of speedChanges) if (change.at === micro) speed = change.factor
    streams = streams.filter((stream) => stream.abortAt !== micro)
    for (const [request, arrival] of arrivals.entries()) {
      if (arrival.at !== micro || arrival.abortAt <= micro) continue
      streams.push({
        request,
        input: arrival.input,
        output: arrival.output,
        abortAt: arrival.abortAt,
        prefillLeft: arrival.input * rates.prefillMicrosPerToken,
        delivered: 0,
      })
    }
    if (streams.length === 0 && micro > quietAfter) break
    if (speed === 0) continue
    for (let part = 1; streams.length > 0 && part <= stepsPerMicro; part++) {
      walk(rates, streams, step * speed)
      const now = micro + part * step
      for (const stream of streams) {
        const outcome = outcomes[stream.request]
        if (stream.delivered > 0 && outcome.firstTokenAt === Infinity) outcome.firstTokenAt = now
        if (stream.delivered >= stream.output) outcome.completedAt = now
      }
      streams = streams.filter((stream) => stream.delivered < stream.output)
    }
  }
  return outcomes
}

const walk = (rates: ServiceRates, streams: ReadonlyArray<Stream>, work: number): void => {
  const decoding = streams.filter((stream) => stream.delivered > 0)
  const prefilling = nextPrompt(rates, streams)
  const prefillShare = decoding.length > 0 ? rates.prefillShare : 1
  // A prompt that ends within the step ends it: the rest is walked with one stream more.
  const part =
    prefilling === undefined ? work : Math.min(work, prefilling.prefillLeft / prefillShare)
  if (decoding.length > 0) {
    const context = decoding.reduce((sum, stream) => sum + stream.input + stream.delivered, 0)
    const stepMicros = Math.max(
      rates.stepMicros[decoding.length] + rates.contextMicrosPerToken * context,
      rates.arithmeticMicrosPerStream * decoding.length,
    )
    const share = prefilling === undefined ? 1 : 1 - rates.prefillShare
    for (const stream of decoding) stream.delivered += (share * part) / stepMicros
  }
  if (prefilling === undefined) return
  prefilling.prefillLeft -= part * prefillShare
  if (prefilling.prefillLeft > 1e-9) return
  prefilling.delivered = 1
  walk(rates, streams, work - part)
}

/** First come, first served, and only when memory has room beside the streams already started. */
const nextPrompt = (rates: ServiceRates, streams: ReadonlyArray<Stream>): Stream | undefined => {
  const waiting = streams.filter((stream) => stream.delivered === 0)
  if (waiting.length === 0) return undefined
  const started = streams.filter((stream) => stream.delivered > 0)
  const reserved = [...started, waiting[0]].reduce(
    (sum, { input, output }) => sum + input + output,
    0,
  )
  return reserved <= rates.contextCapacityTokens ? waiting[0] : undefined
}

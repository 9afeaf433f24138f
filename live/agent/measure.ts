/**
 * What this host can do, measured before it is declared: the speed of one stream, and how many
 * streams at once all stay at 5 tokens/s or more, the market's floor. Declaring more than that earns
 * nothing: the gateway measures, too, and counts the smaller.
 *
 * A ladder of 1, 2, 4, … streams is climbed until a stream falls below the floor or waits too long for
 * its first token, a call fails, or time is up. The last rung that held is declared.
 */
import type { Backend } from "./backends/backend.ts"
import { isContent, usageIn } from "./chunk-facts.ts"

export interface MeasureOptions {
  /** Tokens a stream. */
  readonly tokens?: number
  readonly mostStreams?: number
  /** For the whole measurement. */
  readonly limitMillis?: number
  readonly floorTokensPerSecond?: number
  /** A stream that waits longer for its first token was queued, not served. */
  readonly longestFirstMillis?: number
}

export interface Rung {
  readonly streams: number
  /** Decode rate of the slowest stream, tokens/s. */
  readonly slowestTokensPerSecond: number
  /** All streams together, from the first call to the last token. */
  readonly totalTokensPerSecond: number
  /** Longest of the streams', ms. */
  readonly timeToFirstTokenMillis: number
}

export interface Measurement {
  /** Streams at once that all stay at the floor or above. */
  readonly slots: number
  /** Of a single stream. */
  readonly singleTokensPerSecond: number
  /** Of all slots together. */
  readonly tokensPerSecond: number
  readonly rungs: ReadonlyArray<Rung>
}

class MeasurementFailed extends Error {
  override readonly name = "MeasurementFailed"
}

/** Measures one model of a backend that has started. */
export const measure = async (
  backend: Backend,
  model: string,
  options: MeasureOptions = {},
  signal?: AbortSignal,
): Promise<Measurement> => {
  const {
    tokens = 48,
    mostStreams = 64,
    limitMillis = 60_000,
    floorTokensPerSecond = 5,
    longestFirstMillis = 5000,
  } = options
  const limit = AbortSignal.timeout(limitMillis)
  const stop = signal === undefined ? limit : AbortSignal.any([limit, signal])
  const rungs: Array<Rung> = []
  let failure: unknown
  try {
    // The first call may load the model; it is not timed.
    await runStream(backend, model, 2, stop)
    for (let streams = 1; streams <= mostStreams; streams *= 2) {
      const rung = await climb(backend, model, streams, tokens, stop)
      failure = shortfall(rung, floorTokensPerSecond, longestFirstMillis)
      if (failure !== undefined) break
      rungs.push(rung)
    }
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason
    failure = limit.aborted
      ? `nothing was measured within ${limitMillis / 1000} s`
      : (error as Error).message
  }
  const [first] = rungs
  const last = rungs.at(-1)
  if (first === undefined || last === undefined)
    throw new MeasurementFailed(
      `${model} could not be measured: ${String(failure)}. Where you know better, give slots and tokens per second yourself`,
    )
  return {
    slots: last.streams,
    singleTokensPerSecond: first.slowestTokensPerSecond,
    // The ladder's best: at the last rung, queueing may already cost more than batching gains.
    tokensPerSecond: Math.max(...rungs.map(({ totalTokensPerSecond }) => totalTokensPerSecond)),
    rungs,
  }
}

/** What keeps a rung from holding, if anything does. */
const shortfall = (rung: Rung, floor: number, longestFirstMillis: number): string | undefined => {
  const { streams, slowestTokensPerSecond: slowest, timeToFirstTokenMillis: first } = rung
  const what = streams === 1 ? "a single stream" : `the slowest of ${streams} streams`
  if (slowest < floor)
    return `${what} makes ${slowest.toFixed(1)} tokens/s; the market's floor is ${floor}`
  if (first > longestFirstMillis)
    return `${what} waits ${(first / 1000).toFixed(1)} s for its first token; at most ${longestFirstMillis / 1000} s are meant`
  return undefined
}

const climb = async (
  backend: Backend,
  model: string,
  streams: number,
  tokens: number,
  signal: AbortSignal,
): Promise<Rung> => {
  const startedMillis = performance.now()
  const timings = await Promise.all(
    Array.from({ length: streams }, () => runStream(backend, model, tokens, signal)),
  )
  const seconds = (performance.now() - startedMillis) / 1000
  return {
    streams,
    slowestTokensPerSecond: Math.min(...timings.map(decodeRate)),
    totalTokensPerSecond: timings.reduce((sum, one) => sum + one.tokens, 0) / seconds,
    timeToFirstTokenMillis: Math.max(...timings.map((one) => one.firstMillis - one.startedMillis)),
  }
}

interface Timing {
  readonly tokens: number
  readonly startedMillis: number
  readonly firstMillis: number
  readonly lastMillis: number
}

/**
 * (tokens − 1) / (last token − first token), as the gateway counts it; of an answer in one piece,
 * tokens by the whole time.
 */
const decodeRate = ({ tokens, startedMillis, firstMillis, lastMillis }: Timing): number =>
  lastMillis > firstMillis
    ? ((tokens - 1) * 1000) / (lastMillis - firstMillis)
    : (tokens * 1000) / (lastMillis - startedMillis)

/** A prompt that asks for a long answer; whether it is a good one is not the question. */
const prompt = "Count from one to one hundred in words, one number a line."

const runStream = async (
  backend: Backend,
  model: string,
  tokens: number,
  signal: AbortSignal,
): Promise<Timing> => {
  const body = {
    model,
    messages: [{ role: "user", content: prompt }],
    max_tokens: tokens,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
  }
  const startedMillis = performance.now()
  let pieces = 0
  let counted: number | undefined
  let firstMillis = startedMillis
  let lastMillis = startedMillis
  // A signal of its own: one that a hundred streams listen to looks like a leak.
  const own = AbortSignal.any([signal])
  for await (const chunk of backend.generate({ kind: "chat", body }, own)) {
    counted = usageIn(chunk)?.completion_tokens ?? counted
    if (!isContent(chunk)) continue
    lastMillis = performance.now()
    if (pieces++ === 0) firstMillis = lastMillis
  }
  if (pieces === 0) throw new Error("the answer was empty")
  return { tokens: counted ?? pieces, startedMillis, firstMillis, lastMillis }
}

/**
 * What this host can do, measured before it is declared: the speed of one stream, and how many
 * streams at once all stay at 5 tokens/s or more, the market's floor. Declaring more than that earns
 * nothing: the gateway measures, too, and counts the smaller.
 *
 * A ladder of 1, 2, 4, … streams is climbed until a stream falls below the floor or waits too long for
 * its first token, a call fails, or time is up. The last rung that held is declared.
 *
 * A model that hides its first tokens is asked for more of them, and where nothing shows even then, its
 * server's own count is taken (platform/model-server/generation-rate.ts), as by the gateway.
 */
import { Data } from "effect"
import { microsPerSecond } from "../../../engine/index.ts"
import { finishOf } from "../../../platform/model-server/finish-reason.ts"
import { isObject } from "../../../platform/json/json-object.ts"
import type { Generation } from "../../../platform/model-server/generation-rate.ts"
import { rateOf, tokensForMore } from "../../../platform/model-server/generation-rate.ts"
import type { Backend, Chunk } from "../backends/backend.ts"
import { isContent, usageIn } from "../backends/chunk-facts.ts"

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
  /** Longest of the streams', without the time of tokens that did not show, ms. */
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

const microsPerMilli = 1000

class MeasurementFailed extends Data.TaggedError("MeasurementFailed")<{
  readonly message: string
}> {}

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
    // The first call may load the model; it is not timed, and may well have nothing to show.
    await runStream(backend, model, 2, stop)
    const untilMillis = performance.now() + limitMillis
    let asked = tokens
    for (let streams = 1; streams <= mostStreams; streams *= 2) {
      let timings = await climb(backend, model, streams, asked, stop)
      let more = tokensForMore(timings, left(untilMillis))
      while (more !== undefined) {
        asked = more
        timings = await climb(backend, model, streams, asked, stop)
        more = tokensForMore(timings, left(untilMillis))
      }
      const rung = rungOf(timings)
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
    throw new MeasurementFailed({
      message: `${model} could not be measured: ${String(failure)}. Where you know better, give slots and tokens per second yourself`,
    })
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

/** For another try, µs; not all of it, since the rungs after it take time, too. */
const left = (untilMillis: number): number =>
  ((untilMillis - performance.now()) / 3) * microsPerMilli

/** A generation, and how long it kept its consumer waiting. */
interface Timing extends Generation {
  readonly firstMillis: number
}

/** So many streams at once. */
const climb = async (
  backend: Backend,
  model: string,
  streams: number,
  tokens: number,
  signal: AbortSignal,
): Promise<ReadonlyArray<Timing>> =>
  Promise.all(Array.from({ length: streams }, () => runStream(backend, model, tokens, signal)))

const rungOf = (timings: ReadonlyArray<Timing>): Rung => {
  const speeds = timings.map(speedOf)
  if (speeds.includes(0)) throw new Error("the answer was empty")
  const wallMicros = Math.max(...timings.map((one) => one.wallMicros))
  const tokens = timings.reduce((sum, one) => sum + (one.claimedTokens ?? one.shownTokens), 0)
  return {
    streams: timings.length,
    slowestTokensPerSecond: Math.min(...speeds),
    totalTokensPerSecond: (tokens * microsPerSecond) / wallMicros,
    timeToFirstTokenMillis: Math.max(...timings.map(waitOf)),
  }
}

/**
 * Tokens a second. Where the server counts more tokens than pieces came, some pieces are several tokens,
 * or some tokens did not show: its count over the whole time is safe in either case. The agent's own
 * server has no reason to lie to it.
 */
const speedOf = (timing: Timing): number => {
  const { claimedTokens = timing.shownTokens, shownTokens, wallMicros } = timing
  if (shownTokens === 0) return rateOf(timing)
  if (claimedTokens <= shownTokens) return rateOf({ ...timing, shownTokens: claimedTokens })
  return (Math.max(1, claimedTokens - 1) * microsPerSecond) / wallMicros
}

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
  let claimedTokens: number | undefined
  let isCut = false
  let firstMillis: number | undefined
  let lastMillis = startedMillis
  // A signal of its own: one that a hundred streams listen to looks like a leak.
  const own = AbortSignal.any([signal])
  for await (const chunk of backend.generate({ kind: "chat", body }, own)) {
    claimedTokens = usageIn(chunk)?.completion_tokens ?? claimedTokens
    isCut ||= isCutBy(chunk)
    if (!isContent(chunk)) continue
    pieces++
    lastMillis = performance.now()
    firstMillis ??= lastMillis
  }
  const endMillis = performance.now()
  return {
    askedTokens: tokens,
    shownTokens: pieces,
    claimedTokens,
    isCut,
    decodeMicros: (lastMillis - (firstMillis ?? lastMillis)) * microsPerMilli,
    wallMicros: Math.max(1, (endMillis - startedMillis) * microsPerMilli),
    // Of what does not show, nobody knows when it began.
    firstMillis: firstMillis === undefined ? 0 : firstMillis - startedMillis,
  }
}

/** How long a stream waited before anything was generated: what did not show took its time, too. */
const waitOf = ({ firstMillis, claimedTokens = 0, shownTokens, wallMicros }: Timing): number => {
  const hiddenTokens = Math.max(0, claimedTokens - shownTokens)
  if (hiddenTokens === 0) return firstMillis
  return Math.max(0, firstMillis - (hiddenTokens / claimedTokens) * (wallMicros / microsPerMilli))
}

const isCutBy = ({ choices }: Chunk): boolean => {
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined
  return isObject(choice) && finishOf(choice["finish_reason"])?.reason === "length"
}

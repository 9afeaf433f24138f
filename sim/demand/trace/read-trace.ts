/**
 * A trace read from beginning to end: to know, before anything is replayed, that all of it can be, and
 * how long that takes; or to have it as a whole.
 */
import { Effect } from "effect"
import { createHash } from "node:crypto"
import type { ReadSettings, Take } from "./request-reader.ts"
import { RequestReader } from "./request-reader.ts"
import type { FileVersion } from "./trace-file.ts"
import { openText, versionOf } from "./trace-file.ts"
import { TraceInvalid } from "./trace-invalid.ts"

/** What is known of the window of a trace that is replayed. Plain data: it crosses threads. */
export interface TraceSurvey {
  readonly path: string
  readonly version: FileVersion
  /** Its layout and its stamps, in words. */
  readonly description: string
  readonly requests: number
  /** Time of its last request, whole microseconds from the start of the window. */
  readonly lastMicros: number
  /** SHA-256 of its requests. */
  readonly digest: string
}

/** Three arrays of equal length, at least 1. */
export interface Trace {
  /** Microseconds since the first request was recorded, whole, in ascending order. */
  readonly times: Float64Array
  /** Each from 0: a request that failed has no output. */
  readonly inputTokens: Int32Array
  readonly outputTokens: Int32Array
}

/** What the reader throws as a failure; anything else is a mistake in it. */
export const reading = <A>(read: () => A): Effect.Effect<A, TraceInvalid> =>
  Effect.try({
    try: read,
    catch: (cause) => {
      if (!(cause instanceof TraceInvalid)) throw cause
      return cause
    },
  })

/** Reads a window of a trace. O(trace until the window's end) time; memory for one piece of it. */
const readWindow = (settings: ReadSettings, take: Take) =>
  Effect.gen(function* () {
    const next = yield* openText(settings.path)
    const reader = new RequestReader(settings, take)
    while (!reader.isPast) {
      const text = yield* next
      if (text === null) break
      yield* reading(() => reader.push(text))
    }
    yield* reading(() => reader.end())
    return reader
  }).pipe(Effect.scoped)

export const surveyTrace = (settings: ReadSettings): Effect.Effect<TraceSurvey, TraceInvalid> =>
  Effect.gen(function* () {
    const { path } = settings
    const version = yield* versionOf(path)
    const hash = createHash("sha256")
    const block = new Float64Array(3 * 4096)
    let filled = 0
    let requests = 0
    let lastMicros = 0
    const reader = yield* readWindow(settings, (micros, inputTokens, outputTokens) => {
      requests++
      lastMicros = micros
      block[filled++] = micros
      block[filled++] = inputTokens
      block[filled++] = outputTokens
      if (filled < block.length) return
      hash.update(block)
      filled = 0
    })
    hash.update(block.subarray(0, filled))
    if (requests === 0)
      return yield* new TraceInvalid({
        path,
        line: null,
        column: null,
        found: `no request from ${settings.fromSeconds} to ${settings.untilSeconds ?? "the last"} seconds`,
        allowed: "a window with at least one",
      })
    const digest = hash.digest("hex")
    return { path, version, description: reader.description, requests, lastMicros, digest }
  })

/** A whole trace, in memory at once. */
export const loadTrace = (path: string): Effect.Effect<Trace, TraceInvalid> =>
  Effect.gen(function* () {
    yield* versionOf(path)
    const times: Array<number> = []
    const inputs: Array<number> = []
    const outputs: Array<number> = []
    const settings = { path, timeUnit: null, fromSeconds: 0, untilSeconds: null }
    yield* readWindow(settings, (micros, inputTokens, outputTokens) => {
      times.push(micros)
      inputs.push(inputTokens)
      outputs.push(outputTokens)
    })
    return {
      times: Float64Array.from(times),
      inputTokens: Int32Array.from(inputs),
      outputTokens: Int32Array.from(outputs),
    }
  })

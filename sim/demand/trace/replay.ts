/**
 * A trace as it is replayed: its window, thinned, sped up and jittered, a piece of it in memory at a
 * time.
 *
 * Files are read asynchronously, and the simulated world is synchronous: whoever runs it makes requests
 * ready before each batch of events, as many as the batch could take. What is drawn depends on the
 * requests alone, not on how they were read.
 */
import type { Scope } from "effect"
import { Effect } from "effect"
import type { Stream } from "../../../engine/index.ts"
import { reading } from "./read-trace.ts"
import type { TraceSurvey } from "./read-trace.ts"
import type { ReadSettings } from "./request-reader.ts"
import { RequestReader } from "./request-reader.ts"
import { openText, versionOf } from "./trace-file.ts"
import { TraceInvalid } from "./trace-invalid.ts"
import { WaitingRequests } from "./waiting-requests.ts"

export interface ReplaySettings extends ReadSettings {
  /** Times the recorded speed. */
  readonly speed: number
  /** Each request comes later by a uniform draw from 0 to so much. */
  readonly jitterSeconds: number
  /** Each request is replayed with this probability. */
  readonly share: number
}

export interface ReplayStreams {
  readonly jitter: Stream
  readonly share: Stream
}

/** Requests in the order in which they are replayed, as far as they are ready. */
export interface ReadyRequests {
  /** How many are ready. */
  readonly ready: number
  /** Time of the next request, whole microseconds from the replay's start; +∞ after the last. */
  readonly nextMicros: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly drop: () => void
}

export interface Replay {
  readonly requests: ReadyRequests
  /** Makes at least so many requests ready, or all that are left. */
  readonly makeReady: (count: number) => Effect.Effect<void, TraceInvalid>
}

/** Opens a trace that was surveyed, for the time of the scope. */
export const openReplay = (
  survey: TraceSurvey,
  settings: ReplaySettings,
  streams: ReplayStreams,
): Effect.Effect<Replay, TraceInvalid, Scope.Scope> =>
  Effect.gen(function* () {
    const { path } = settings
    const version = yield* versionOf(path)
    if (
      version.bytes !== survey.version.bytes ||
      version.modifiedMillis !== survey.version.modifiedMillis
    )
      return yield* new TraceInvalid({
        path,
        line: null,
        column: null,
        found: "a file that has changed since the run began",
        allowed: "one that stays as it is",
      })
    const next = yield* openText(path)
    const requests = new WaitingRequests()
    const jitterMicros = settings.jitterSeconds * 1e6
    const reader = new RequestReader(settings, (recorded, inputTokens, outputTokens) => {
      const micros = Math.round(recorded / settings.speed)
      const isReplayed = settings.share === 1 || streams.share.next() < settings.share
      const delay = jitterMicros === 0 ? 0 : jitterMicros * streams.jitter.next()
      if (isReplayed) requests.add(Math.floor(micros + delay), inputTokens, outputTokens)
      // All that follow come no earlier than this one was recorded.
      requests.release(micros)
    })
    const readOn = Effect.flatMap(next, (text) =>
      reading(() => {
        if (text === null) reader.end()
        else reader.push(text)
        if (text === null || reader.isPast) requests.release(Infinity)
      }),
    )
    return {
      requests,
      makeReady: (count) =>
        Effect.whileLoop({
          while: () => requests.ready < count && !requests.isComplete,
          body: () => readOn,
          step: () => {},
        }),
    }
  })

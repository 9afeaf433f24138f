/**
 * One job, from its handing-out to its end. Tokens go up as they come; whatever ends the upload early
 * (the gateway because the consumer has left, or the network) stops the GPU at once, and so does a
 * heartbeat that no longer lists the job.
 */
import { Data, Effect } from "effect"
import type { Failure, HandedJob } from "../../protocol/host-protocol.ts"
import { isHostFailure } from "../../protocol/host-protocol.ts"
import { backoff } from "../transport/backoff.ts"
import { fromPromise } from "../transport/from-promise.ts"
import type { Backend, Chunk } from "../backends/backend.ts"
import { BackendError } from "../backends/backend.ts"
import type { TokenUsage } from "../backends/chunk-facts.ts"
import { isContent, usageIn } from "../backends/chunk-facts.ts"
import type { GatewayLink, Upload } from "./gateway-link.ts"
import { Refused } from "./gateway-link.ts"
import type { QualityChecker } from "../backends/quality-check.ts"
import { checkedBy, readAnswer } from "../backends/quality-check.ts"

export type JobEnd = "completed" | "withdrawn" | "failed" | "lost"

export interface JobReport {
  readonly end: JobEnd
  /** Chunks with text in them. */
  readonly pieces: number
  readonly usage: TokenUsage | undefined
  readonly detail: string | undefined
}

/** The gateway does not want the job any more: it has ended the upload, or no longer lists it. */
export class Withdrawn extends Data.TaggedError("Withdrawn")<{ readonly message: string }> {}
/** The agent ends before the job does. */
export class Leaving extends Data.TaggedError("Leaving")<{ readonly message: string }> {}
/** The connection of the upload broke. */
class Disconnected extends Data.TaggedError("Disconnected")<{ readonly message: string }> {}

/** What a job under way has to show for itself. */
export interface Progress {
  /** Since something was first sent, ms; `undefined`: nothing was yet, or all of it was. */
  readonly sentSinceMillis: () => number | undefined
  /** Whether the backend is taken to be at work still. */
  readonly isAlive: () => boolean
}
/** The same, for `runJob` to say where it is found. */
export interface OwnProgress extends Progress {
  readonly begin: (upload: Upload) => void
  /** Something has come from the backend, and goes up. */
  readonly sends: () => void
  /** The backend's turn again. */
  readonly waits: () => void
}

/**
 * An open connection is no sign of life for longer: who hangs holds one open, too. A long prefill or a
 * tool call in one piece takes less, and what takes more sends comments.
 */
const longestSilenceMillis = 60_000
/** What has come may go up slowly, as the consumer reads it: the backend is not to blame. */
const longestSendingMillis = 300_000
/** In silence, a sign goes up so often. */
const signMillis = 1000

export const makeProgress = (): OwnProgress => {
  let latestMillis = performance.now()
  let mostMillis = longestSilenceMillis
  const turn = (most: number): void => {
    latestMillis = performance.now()
    mostMillis = most
  }
  let sentSinceMillis = (): number | undefined => undefined
  return {
    begin: (upload) => {
      sentSinceMillis = upload.sentSinceMillis
    },
    sends: () => turn(longestSendingMillis),
    waits: () => turn(longestSilenceMillis),
    sentSinceMillis: () => sentSinceMillis(),
    isAlive: () => performance.now() - latestMillis < mostMillis,
  }
}

type Work = Pick<HandedJob, "job_id" | "attempt" | "epoch" | "kind" | "body"> &
  Partial<Pick<HandedJob, "model" | "timeout_seconds">>

/** The host's own check of it has failed: it is not handed in. */
class QualityFailed extends Data.TaggedError("QualityFailed")<{ readonly message: string }> {}

/**
 * Runs a job to its end. `stop` ends it early, its reason says why. With a `check`, nothing of an answer goes up
 * before it is whole and has passed.
 */
export const runJob = (
  link: GatewayLink,
  backend: Backend,
  job: Work,
  stop: AbortSignal,
  progress: OwnProgress,
  check?: QualityChecker,
): Effect.Effect<JobReport> =>
  Effect.gen(function* () {
    const upload = link.upload(job)
    const { outcome, ...counts } = yield* Effect.promise(() =>
      streamUp(upload, backend, job, stop, progress, check),
    )
    switch (outcome._tag) {
      case "Uploaded": {
        const { attempt, epoch } = job
        const completion = { attempt, epoch, ...countsOf(counts.usage) }
        const isTaken = yield* settled(() => link.complete(job.job_id, completion))
        return { end: isTaken ? "completed" : "lost", ...counts, detail: undefined }
      }
      case "Withdrawn":
        return { end: "withdrawn", ...counts, detail: outcome.detail }
      case "Failed": {
        // An upload that breaks off is a failure of its own, and tokens on their way would be lost.
        yield* Effect.timeoutOption(
          Effect.promise(() => upload.finish()),
          finishMillis,
        )
        upload.abort()
        yield* settled(() => link.fail(job.job_id, outcome.failure))
        return { end: "failed", ...counts, detail: outcome.failure.message }
      }
    }
  })

/** How it went until the gateway has all that is to go up. */
type Outcome =
  | { readonly _tag: "Uploaded" }
  | { readonly _tag: "Withdrawn"; readonly detail: string }
  | { readonly _tag: "Failed"; readonly failure: Failure }

/** From the backend to the gateway, chunk by chunk; never rejects. */
const streamUp = async (
  upload: Upload,
  backend: Backend,
  job: Work,
  stop: AbortSignal,
  progress: OwnProgress,
  check: QualityChecker | undefined,
): Promise<Pick<JobReport, "pieces" | "usage"> & { readonly outcome: Outcome }> => {
  progress.begin(upload)
  const signs = setInterval(() => {
    if (progress.isAlive()) upload.sign()
  }, signMillis)
  const ending = endingOf(upload, stop)
  const startedMillis = performance.now()
  const held: Array<Chunk> = []
  let pieces = 0
  let usage: TokenUsage | undefined
  const send = async (chunk: Chunk): Promise<void> => {
    if (isContent(chunk)) pieces++
    await upload.write(chunk)
  }
  try {
    const { kind, body } = job
    for await (const chunk of promptly(
      () => backend.generate({ kind, body }, ending.signal),
      ending.signal,
    )) {
      progress.sends()
      signs.refresh()
      usage = usageIn(chunk) ?? usage
      if (check === undefined) await send(chunk)
      else held.push(chunk)
      progress.waits()
    }
    if (check !== undefined) {
      const { isGood, reason } = await checkedBy(check, {
        jobId: job.job_id,
        model: job.model ?? String(job.body["model"]),
        completionTime: (performance.now() - startedMillis) / 1000,
        timeout: job.timeout_seconds ?? usualTimeoutSeconds,
        ...readAnswer(held),
      })
      if (!isGood) throw new QualityFailed({ message: reason })
    }
    for (const chunk of held) await send(chunk)
    progress.sends()
    ending.isFinishing()
    clearInterval(signs)
    const status = await upload.finish()
    if (status === 0) throw new Disconnected({ message: "the connection of the upload broke" })
    const outcome: Outcome =
      status >= 300 ? { _tag: "Withdrawn", detail: `upload: ${status}` } : { _tag: "Uploaded" }
    return { outcome, pieces, usage }
  } catch (thrown) {
    const error = ending.signal.aborted ? (ending.signal.reason as Error) : (thrown as Error)
    if (error instanceof Withdrawn) {
      upload.abort()
      return { outcome: { _tag: "Withdrawn", detail: error.message }, pieces, usage }
    }
    return { outcome: { _tag: "Failed", failure: failureOf(job, error, pieces) }, pieces, usage }
  } finally {
    clearInterval(signs)
    ending.release()
  }
}

/** A signal for the backend that ends with the upload, or with `stop`, whichever comes first. */
const endingOf = (upload: Upload, stop: AbortSignal) => {
  const controller = new AbortController()
  let isFinishing = false
  const onStop = (): void => controller.abort(stop.reason)
  if (stop.aborted) onStop()
  else stop.addEventListener("abort", onStop, { once: true })
  const follow = async (): Promise<void> => {
    const status = await upload.answered
    if (isFinishing) return
    controller.abort(
      status === undefined
        ? new Disconnected({ message: "the connection of the upload broke" })
        : new Withdrawn({ message: `the gateway ended the upload with status ${status}` }),
    )
  }
  void follow()
  return {
    signal: controller.signal,
    isFinishing: () => {
      isFinishing = true
    },
    release: () => {
      isFinishing = true
      stop.removeEventListener("abort", onStop)
    },
  }
}

/**
 * The chunks, but none after the signal, and no waiting for a backend that is slow to notice it:
 * ending the job is not its choice.
 */
async function* promptly(
  generate: () => AsyncIterable<Chunk>,
  signal: AbortSignal,
): AsyncGenerator<Chunk, void, undefined> {
  if (signal.aborted) throw signal.reason
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true })
  })
  aborted.catch(() => {})
  const chunks = generate()[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = chunks.next()
      next.catch(() => {})
      const step = await Promise.race([next, aborted])
      if (step.done === true) return
      yield step.value
    }
  } finally {
    // Queued behind what the backend is at; whether it ever gets there is its own affair.
    void Promise.resolve(chunks.return?.()).catch(() => {})
  }
}

/** What was reasoning of it has gone up with the chunks. */
const countsOf = (usage: TokenUsage | undefined): { readonly usage?: TokenUsage } => {
  if (usage === undefined) return {}
  const { completion_tokens_details: _known, ...counts } = usage
  return { usage: counts }
}

/** Where a gateway does not say what a call may take: a market's `quality.timeoutSeconds`. */
const usualTimeoutSeconds = 600

const longestMessage = 2000
/** For what was generated before a failure to go up. */
const finishMillis = 5000

const failureOf = (job: Work, error: Error, pieces: number): Failure => {
  const { attempt, epoch } = job
  const message = (error.message || error.name).slice(0, longestMessage)
  const counted = pieces > 0 ? { usage: { completion_tokens: pieces } } : {}
  if (error instanceof BackendError) {
    const { outcome, status, retryAfterSeconds } = error
    return {
      attempt,
      epoch,
      outcome: isHostFailure(outcome) ? outcome : "upstreamError",
      message,
      ...(status === undefined ? {} : { status }),
      ...(retryAfterSeconds === undefined
        ? {}
        : { retry_after_seconds: Math.min(86_400, retryAfterSeconds) }),
      ...counted,
    }
  }
  if (error instanceof QualityFailed)
    return { attempt, epoch, outcome: "qualityFailed", message, ...counted }
  // Before its first token, a job can still go to another host, and it is nobody's fault.
  const isUntouched = error instanceof Leaving && pieces === 0
  const isCut = error instanceof Leaving || error instanceof Disconnected
  const outcome = isUntouched ? "backpressure" : isCut ? "truncated" : "upstreamError"
  return { attempt, epoch, outcome, message, ...counted }
}

/** Tries of one message. */
const settleTries = 8

/**
 * Sends what ends a job, again and again while the gateway cannot be reached: it counts once, however
 * often it comes. Gives whether it was taken.
 */
const settled = (send: () => Promise<void>): Effect.Effect<boolean> =>
  fromPromise(send).pipe(
    Effect.retry({
      schedule: backoff({ firstMillis: 200, mostMillis: 10_000 }),
      times: settleTries - 1,
      until: (error) => error instanceof Refused && error.status < 500,
    }),
    Effect.isSuccess,
  )

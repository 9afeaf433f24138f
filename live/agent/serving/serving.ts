/**
 * The serving of a registered host: a heartbeat, a poll for jobs while there is a slot free, and the
 * jobs. It lasts until it is told to drain, or until the gateway refuses the host for good and there is
 * no way to another identity.
 *
 * The heartbeats alone find out who the host is (standing.ts): whatever a poll is answered, it asks for a
 * heartbeat and waits. While jobs run they come at least twice in a lease, so that a job whose upload is
 * held up on its way is not taken for lost.
 */
import { randomUUID } from "node:crypto"
import { Duration, Effect, Either, Exit, Fiber, Schedule, Scope } from "effect"
import type { HostHealth, Monitoring } from "../../protocol/figures-protocol.ts"
import type { HandedJob, Heartbeat } from "../../protocol/host-protocol.ts"
import type { HostBooking } from "../../protocol/hours-protocol.ts"
import { proxiesPage } from "../../protocol/upload-way.ts"
import { backoff } from "../transport/backoff.ts"
import { fromPromise } from "../transport/from-promise.ts"
import type { Backend } from "../backends/backend.ts"
import type { GatewayLink } from "./gateway-link.ts"
import { Refused } from "./gateway-link.ts"
import type { Progress } from "./job-run.ts"
import { Leaving, makeProgress, runJob, Withdrawn } from "./job-run.ts"
import type { QualityChecker } from "../backends/quality-check.ts"
import type { AgentEvent } from "../plan/options.ts"
import { AgentError } from "../plan/options.ts"
import type { Identity, Loss } from "./registrar.ts"
import { standingAfter } from "./standing.ts"
import { makeUploadWatch } from "./upload-watch.ts"

export interface ServingOptions {
  readonly link: GatewayLink
  readonly backend: Backend
  readonly identity: Identity
  /** Finds another identity; waits for a gateway that is not there, fails where there is none. */
  readonly replace: (lost: Identity, how: Loss, why: string) => Effect.Effect<Identity, Error>
  readonly load: Effect.Effect<Heartbeat>
  /** Hears of the hours that were sold, with every heartbeat. */
  readonly onBookings?: (bookings: ReadonlyArray<HostBooking>) => void
  /** The check of results before they are handed in, as it stands when a job begins. */
  readonly qualityChecker?: () => QualityChecker | undefined
  /** Looks at the machine, where the gateway asks for it. */
  readonly watch?: ServingWatch
  /** Ends when the host is to take no more jobs; those that run may end within the limit. */
  readonly toldToDrain: Effect.Effect<void>
  readonly drainMillis: number
  readonly say: (event: AgentEvent) => void
}

export interface ServingWatch {
  /** Hears what is asked for, with every heartbeat. */
  readonly hear: (asked: Monitoring | undefined) => void
  readonly health: () => HostHealth | undefined
  /** No jobs for now. */
  readonly isHolding: () => boolean
  /** Has the gateway hear of it at once, from here on. */
  readonly onUrgent: (beat: () => void) => void
}

/** What the gateway dictates; until it has, these. */
const firstHeartbeatSeconds = 30
const firstLeaseSeconds = 20
const pollSeconds = 25
/** While a job runs and it is not known yet whether uploads arrive as they are sent. */
const lookMillis = 1000
/** Identities in a row of which the gateway has accepted none, before that is the end. */
const mostRefusals = 5
/** How long an identity has to last for its loss not to count with the one before. */
const lastingMillis = 60_000
/** Between two identities, at most. */
const mostReplaceMillis = 300_000
/** Between two looks at a backend that is not ready. */
const readyCheckMillis = 250
/** A gateway that answers polls without waiting is not asked faster than this. */
const leastPollMillis = 200
/** For the last messages of jobs that are cut off at the end of the drain. */
const lastWordsMillis = 3000
const goodbyeMillis = 3000
/**
 * Between telling the gateway of the drain and the end of the last poll: a job that was handed out
 * before it knew may be on its way, and would be lost.
 */
const lastJobMillis = 300

interface RunningJob {
  readonly job: HandedJob
  readonly controller: AbortController
  readonly progress: Progress
  readonly fiber: Fiber.Fiber<void>
}

/** The waits for a gateway, by what it was that went wrong; nothing where it is only doubted. */
type Patience = Schedule.ScheduleDriver<unknown, Error | undefined>

const statusIn = (error: Error): number | undefined =>
  error instanceof Refused ? error.status : undefined

/** Lets those who wait at a latch go on. */
const pulse = (latch: Effect.Latch): void => {
  latch.unsafeOpen()
  latch.unsafeClose()
}

/** Serves until it has drained; fails with an `AgentError` where it cannot go on. */
export const serve = (options: ServingOptions): Effect.Effect<void, Error> =>
  Effect.scopedWith((scope) => serveIn(scope, options)).pipe(
    Effect.ensuring(Effect.sync(() => options.say({ type: "stopped" }))),
  )

/** The jobs live as long as the scope. */
const serveIn = (scope: Scope.Scope, options: ServingOptions): Effect.Effect<void, Error> =>
  Effect.gen(function* () {
    const { link, backend, say, drainMillis } = options
    const running = new Map<string, RunningJob>()
    const session = randomUUID()
    const watch = makeUploadWatch()
    let identity = options.identity
    let heartbeatSeconds = firstHeartbeatSeconds
    let leaseSeconds = firstLeaseSeconds
    let longestPollSeconds = pollSeconds
    let isConnected = true
    let isDraining = false
    let lastSkip: string | undefined
    /** When the next heartbeat is due, ms. */
    let dueMillis = 0
    const dueSooner = yield* Effect.makeLatch()
    const slotFreed = yield* Effect.makeLatch()
    /** Ends the waits of polls: the host is known again. */
    const known = yield* Effect.makeLatch()

    const isHolding = (): boolean => options.watch?.isHolding() === true
    const slots = (): number => identity.models.reduce((sum, one) => sum + one.slots, 0)

    const beatWithin = (millis: number): void => {
      dueMillis = Math.min(dueMillis, performance.now() + millis)
      pulse(dueSooner)
    }

    /** Longer each time, and no less than the gateway asks for. */
    const makePatience: Effect.Effect<Patience> = Schedule.driver(
      Schedule.identity<Error | undefined>().pipe(
        Schedule.intersect(backoff()),
        Schedule.modifyDelay(([error], delay) =>
          error === undefined ? delay : toldOf(error, Duration.toMillis(delay)),
        ),
      ),
    )
    const toldOf = (error: Error, millis: number): number => {
      const askedFor = error instanceof Refused ? (error.retryAfterSeconds ?? 0) * 1000 : 0
      const retryMillis = Math.max(askedFor, millis)
      if (isConnected) say({ type: "disconnected", detail: error.message, retryMillis })
      isConnected = false
      return retryMillis
    }
    /** Waits out a trouble with the gateway, or fails where waiting does not help. */
    const waitOut = (error: Error, patience: Patience): Effect.Effect<unknown, Error> =>
      error instanceof AgentError ? Effect.fail(error) : Effect.ignore(patience.next(error))
    const connected = (): void => {
      if (isConnected) return
      isConnected = true
      say({ type: "reconnected" })
      beatWithin(0)
    }

    const sendBeat = Effect.gen(function* () {
      const load = yield* options.load
      const own = identity
      const jobs = [...running.values()]
      const health = options.watch?.health()
      const sent = new Map<string, number>()
      for (const { job, progress } of jobs) {
        const millis = progress.sentSinceMillis()
        if (millis !== undefined) sent.set(job.job_id, millis)
      }
      const answer = yield* fromPromise(() =>
        link.heartbeat(own.hostId, {
          ...load,
          jobs: jobs.filter(({ progress }) => progress.isAlive()).map(({ job }) => job.job_id),
          held_back: watch.heldBack(),
          session,
          is_draining: isDraining || isHolding(),
          ...(health === undefined ? {} : { health }),
        }),
      )
      // It speaks of a host that this one is no more.
      if (identity !== own) return
      heartbeatSeconds = answer.heartbeat_interval_seconds
      leaseSeconds = answer.lease_seconds
      longestPollSeconds = answer.poll_seconds
      const listed = new Set(answer.jobs.map(claimOf))
      for (const { job, controller } of jobs)
        if (!listed.has(claimOf(job)))
          controller.abort(new Withdrawn({ message: "the gateway no longer lists the job" }))
      tellWay(watch.see(sent, answer.jobs))
      options.onBookings?.(answer.bookings ?? [])
      options.watch?.hear(answer.monitoring)
    })
    /** One after the other, and each to its end: the gateway is to hear of a drain last. */
    const oneAtATime = yield* Effect.makeSemaphore(1)
    const beat = Effect.uninterruptible(oneAtATime.withPermits(1)(sendBeat))
    /** A beat that is not waited for much longer than it takes. */
    const goodbye = beat.pipe(Effect.disconnect, Effect.timeout(goodbyeMillis), Effect.ignore)

    const tellWay = (news: ReturnType<typeof watch.see>): void => {
      if (news === "held") {
        say({ type: "notice", detail: heldBackNotice })
        // The gateway is to know, too.
        beatWithin(0)
      } else if (news === "released")
        say({ type: "notice", detail: "What this host sends arrives as it is sent again" })
    }

    const heartbeats = Effect.gen(function* () {
      const patience = yield* makePatience
      const succession = yield* makeSuccession
      for (;;) {
        dueMillis = Infinity
        const beaten = yield* Effect.either(beat)
        if (Either.isLeft(beaten)) {
          const standing = standingAfter("heartbeat", statusIn(beaten.left))
          if (standing !== "forgotten" && standing !== "refused")
            yield* waitOut(beaten.left, patience)
          // Its last jobs are lost with it, and it wants no others.
          else if (isDraining) return
          else yield* succession.lost(standing, beaten.left.message)
          continue
        }
        yield* succession.accepted
        yield* patience.reset
        connected()
        beatWithin(intervalMillis())
        yield* untilDue
      }
    })
    /** Twice in a lease, at least, while there is something to lose. */
    const intervalMillis = (): number => {
      const heartbeatMillis = heartbeatSeconds * 1000
      if (running.size === 0) return heartbeatMillis
      const halfLeaseMillis = (leaseSeconds * 1000) / 2
      return Math.min(heartbeatMillis, halfLeaseMillis, watch.isKnown() ? Infinity : lookMillis)
    }
    const untilDue = Effect.gen(function* () {
      for (let left; (left = dueMillis - performance.now()) > 0;)
        yield* Effect.timeoutOption(dueSooner.await, left)
    })

    /** One identity after the other, the more slowly the sooner they are lost. */
    const makeSuccession = Effect.gen(function* () {
      const waits = yield* Schedule.driver(backoff({ mostMillis: mostReplaceMillis }))
      let sinceMillis = performance.now()
      let refusals = 0
      let isAccepted = false
      return {
        accepted: Effect.suspend(() => {
          isAccepted = true
          refusals = 0
          return performance.now() - sinceMillis >= lastingMillis ? waits.reset : Effect.void
        }),
        lost: (how: Loss, why: string) =>
          Effect.gen(function* () {
            if (how === "refused" && !isAccepted && ++refusals >= mostRefusals)
              return yield* new AgentError({
                message: `The gateway refuses every key that it gives: ${why}. Something between may leave out the header Authorization`,
              })
            // Agents that share an identity lose it together: whoever comes second takes what the first got.
            yield* Effect.ignore(waits.next(undefined))
            if (isDraining) return
            identity = yield* options.replace(identity, how, why)
            sinceMillis = performance.now()
            isAccepted = false
            pulse(known)
          }),
      }
    })

    const polls = Effect.gen(function* () {
      const patience = yield* makePatience
      for (;;) {
        if (running.size >= slots() || !backend.isReady() || isHolding()) {
          yield* Effect.timeoutOption(slotFreed.await, readyCheckMillis)
          continue
        }
        const startedMillis = performance.now()
        const polled = yield* Effect.either(poll)
        if (Either.isLeft(polled)) {
          const isDoubted = standingAfter("work", statusIn(polled.left)) === "doubted"
          if (isDoubted) beatWithin(0)
          const wait = isDoubted
            ? Effect.ignore(patience.next(undefined))
            : waitOut(polled.left, patience)
          yield* Effect.raceFirst(wait, known.await)
          continue
        }
        yield* patience.reset
        const { job, skipped } = polled.right
        if (job !== undefined) continue
        if (skipped !== lastSkip && skipped !== undefined)
          say({ type: "notice", detail: `no jobs at the moment: ${skipped}` })
        lastSkip = skipped
        yield* Effect.sleep(Math.max(0, leastPollMillis - (performance.now() - startedMillis)))
      }
    })
    /** A job that was handed out is started, whatever ends the polls just then. */
    const poll = Effect.uninterruptibleMask((restore) =>
      restore(fromPromise((signal) => link.nextJob(longestPollSeconds, session, signal))).pipe(
        Effect.tap(({ job }) => {
          connected()
          return job === undefined ? Effect.void : start(job)
        }),
      ),
    )

    const start = (job: HandedJob): Effect.Effect<void> =>
      Effect.gen(function* () {
        // The gateway hands out a job a second time only where the first answer was lost.
        running
          .get(job.job_id)
          ?.controller.abort(new Withdrawn({ message: "the job was handed out again" }))
        const controller = new AbortController()
        const progress = makeProgress()
        const run = Effect.map(
          runJob(link, backend, job, controller.signal, progress, options.qualityChecker?.()),
          ({ end, pieces, usage, detail }) => {
            if (running.get(job.job_id)?.controller === controller) running.delete(job.job_id)
            pulse(slotFreed)
            const tokens = usage?.completion_tokens ?? pieces
            const why = detail === undefined ? {} : { detail }
            say({ type: "jobEnded", jobId: job.job_id, end, tokens, ...why })
          },
        )
        say({ type: "jobStarted", jobId: job.job_id, model: job.model })
        const fiber = yield* Effect.forkIn(Effect.interruptible(run), scope)
        running.set(job.job_id, { job, controller, progress, fiber })
        beatWithin(intervalMillis())
      })

    const settle = (limitMillis: number): Effect.Effect<unknown> =>
      Effect.timeoutOption(
        Effect.forEach([...running.values()], ({ fiber }) => Fiber.await(fiber)),
        limitMillis,
      )
    const cutOff = (reason: Error): Effect.Effect<unknown> =>
      Effect.suspend(() => {
        for (const { controller } of running.values()) controller.abort(reason)
        return settle(lastWordsMillis)
      })

    const drained = Effect.gen(function* () {
      yield* options.toldToDrain
      isDraining = true
      say({ type: "draining", jobs: running.size })
      // So that the gateway sends nothing more here while the last jobs finish.
      yield* goodbye
      yield* Effect.sleep(Math.min(lastJobMillis, drainMillis / 2))
    })

    options.watch?.onUrgent(() => beatWithin(0))
    const beating = yield* Effect.fork(heartbeats)
    // Without heartbeats the host is none: where they fail, the polls end, too.
    yield* Effect.raceFirst(Effect.raceFirst(polls, drained), Fiber.join(beating)).pipe(
      Effect.zipRight(Effect.suspend(() => settle(drainMillis))),
      Effect.zipRight(cutOff(new Leaving({ message: "the host is shutting down" }))),
      Effect.tapError(() =>
        cutOff(new Leaving({ message: "the host can no longer reach its gateway" })),
      ),
    )
    const beats = yield* Fiber.interrupt(beating)
    if (Exit.isFailure(beats) && !Exit.isInterrupted(beats)) return yield* beats
    yield* goodbye
  })

const heldBackNotice = `Something between this host and the gateway holds back what it sends until an answer is whole, such as a proxy that buffers request bodies: answers do not stream, and long ones fail. With nginx, "proxy_request_buffering off" helps; see ${proxiesPage}`

const claimOf = ({
  job_id,
  attempt,
  epoch,
}: {
  readonly job_id: string
  readonly attempt: number
  readonly epoch: number
}): string => `${job_id} ${attempt} ${epoch}`

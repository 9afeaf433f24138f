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
import type { HandedJob, Heartbeat } from "../../protocol/host-protocol.ts"
import { proxiesPage } from "../../protocol/upload-way.ts"
import type { Backoff } from "../transport/backoff.ts"
import { makeBackoff, pause } from "../transport/backoff.ts"
import type { Backend } from "../backends/backend.ts"
import type { GatewayLink } from "./gateway-link.ts"
import { Refused } from "./gateway-link.ts"
import type { Progress } from "./job-run.ts"
import { Leaving, makeProgress, runJob, Withdrawn } from "./job-run.ts"
import type { AgentEvent } from "../plan/options.ts"
import { AgentError } from "../plan/options.ts"
import type { Identity, Loss } from "./registrar.ts"
import { standingAfter } from "./standing.ts"
import { makeUploadWatch } from "./upload-watch.ts"

export interface ServingOptions {
  readonly link: GatewayLink
  readonly backend: Backend
  readonly identity: Identity
  /** Finds another identity; waits for a gateway that is not there, rejects where there is none. */
  readonly replace: (lost: Identity, how: Loss, why: string) => Promise<Identity>
  readonly load: () => Promise<Heartbeat>
  readonly drainMillis: number
  readonly say: (event: AgentEvent) => void
  readonly makeBackoff?: () => Backoff
}

export interface Serving {
  /** Resolves once it has drained; rejects with an `AgentError` where it cannot go on. */
  readonly done: Promise<void>
  /** Takes no more jobs, lets those that run finish within the limit, and ends. */
  readonly drain: () => void
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
  readonly done: Promise<void>
}

export const startServing = (options: ServingOptions): Serving => {
  const { link, backend, say, drainMillis } = options
  const newBackoff = options.makeBackoff ?? (() => makeBackoff())
  const running = new Map<string, RunningJob>()
  const draining = new AbortController()
  /** No more polls. */
  const leaving = new AbortController()
  const over = new AbortController()
  const session = randomUUID()
  const watch = makeUploadWatch()
  let identity = options.identity
  let heartbeatSeconds = firstHeartbeatSeconds
  let leaseSeconds = firstLeaseSeconds
  let longestPollSeconds = pollSeconds
  let isConnected = true
  let lastSkip: string | undefined
  let slotFreed = (): void => {}
  /** When the next heartbeat is due, ms. */
  let dueMillis = 0
  let awake = new AbortController()
  /** Ends the waits of polls: the host is known again. */
  let known = new AbortController()

  const slots = (): number => identity.models.reduce((sum, one) => sum + one.slots, 0)

  const beatWithin = (millis: number): void => {
    dueMillis = Math.min(dueMillis, performance.now() + millis)
    awake.abort()
  }
  /** Waits out a trouble with the gateway, or throws where waiting does not help. */
  const waitOut = async (error: unknown, backoff: Backoff, signal: AbortSignal): Promise<void> => {
    if (error instanceof AgentError) throw error
    const asked = error instanceof Refused ? (error.retryAfterSeconds ?? 0) * 1000 : 0
    const retryMillis = Math.max(asked, backoff.nextMillis())
    if (isConnected) say({ type: "disconnected", detail: (error as Error).message, retryMillis })
    isConnected = false
    await pause(retryMillis, signal)
  }
  const succeeded = (backoff: Backoff): void => {
    backoff.reset()
    if (isConnected) return
    isConnected = true
    say({ type: "reconnected" })
    beatWithin(0)
  }

  /** One after the other: the gateway is to hear of a drain last. */
  let latestBeat = Promise.resolve()
  const beat = (): Promise<void> => {
    const next = latestBeat.then(sendBeat)
    latestBeat = next.catch(() => {})
    return next
  }
  const sendBeat = async (): Promise<void> => {
    const load = await options.load()
    const asked = identity
    const jobs = [...running.values()]
    const sent = new Map<string, number>()
    for (const { job, progress } of jobs) {
      const millis = progress.sentSinceMillis()
      if (millis !== undefined) sent.set(job.job_id, millis)
    }
    const answer = await link.heartbeat(asked.hostId, {
      ...load,
      jobs: jobs.filter(({ progress }) => progress.isAlive()).map(({ job }) => job.job_id),
      held_back: watch.heldBack(),
      session,
      is_draining: draining.signal.aborted,
    })
    // It speaks of a host that this one is no more.
    if (identity !== asked) return
    heartbeatSeconds = answer.heartbeat_interval_seconds
    leaseSeconds = answer.lease_seconds
    longestPollSeconds = answer.poll_seconds
    const listed = new Set(answer.jobs.map(claimOf))
    for (const { job, controller } of jobs)
      if (!listed.has(claimOf(job)))
        controller.abort(new Withdrawn("the gateway no longer lists the job"))
    tellWay(watch.see(sent, answer.jobs))
  }
  const tellWay = (news: ReturnType<typeof watch.see>): void => {
    if (news === "held") {
      say({ type: "notice", detail: heldBackNotice })
      // The gateway is to know, too.
      beatWithin(0)
    } else if (news === "released")
      say({ type: "notice", detail: "What this host sends arrives as it is sent again" })
  }

  const heartbeats = async (): Promise<void> => {
    const backoff = newBackoff()
    const succession = makeSuccession()
    while (!over.signal.aborted) {
      dueMillis = Infinity
      try {
        await beat()
        succession.accepted()
        succeeded(backoff)
      } catch (error) {
        const status = error instanceof Refused ? error.status : undefined
        const standing = standingAfter("heartbeat", status)
        if (standing !== "forgotten" && standing !== "refused") {
          await waitOut(error, backoff, over.signal)
          continue
        }
        // Its last jobs are lost with it, and it wants no others.
        if (draining.signal.aborted) return
        await succession.lost(standing, (error as Error).message)
        continue
      }
      beatWithin(intervalMillis())
      await untilDue()
    }
  }
  /** Twice in a lease, at least, while there is something to lose. */
  const intervalMillis = (): number => {
    const heartbeatMillis = heartbeatSeconds * 1000
    if (running.size === 0) return heartbeatMillis
    const halfLeaseMillis = (leaseSeconds * 1000) / 2
    return Math.min(heartbeatMillis, halfLeaseMillis, watch.isKnown() ? Infinity : lookMillis)
  }
  const untilDue = async (): Promise<void> => {
    for (let left; (left = dueMillis - performance.now()) > 0 && !over.signal.aborted;) {
      awake = new AbortController()
      await pause(left, AbortSignal.any([awake.signal, over.signal]))
    }
  }

  /** One identity after the other, the more slowly the sooner they are lost. */
  const makeSuccession = () => {
    const backoff = makeBackoff({ mostMillis: mostReplaceMillis })
    let sinceMillis = performance.now()
    let refusals = 0
    let isAccepted = false
    return {
      accepted: (): void => {
        isAccepted = true
        refusals = 0
        if (performance.now() - sinceMillis >= lastingMillis) backoff.reset()
      },
      lost: async (how: Loss, why: string): Promise<void> => {
        if (how === "refused" && !isAccepted && ++refusals >= mostRefusals)
          throw new AgentError(
            `The gateway refuses every key that it gives: ${why}. Something between may leave out the header Authorization`,
          )
        // Agents that share an identity lose it together: whoever comes second takes what the first got.
        await pause(backoff.nextMillis(), over.signal)
        if (draining.signal.aborted || over.signal.aborted) return
        identity = await options.replace(identity, how, why)
        sinceMillis = performance.now()
        isAccepted = false
        known.abort()
        known = new AbortController()
      },
    }
  }

  const polls = async (): Promise<void> => {
    const backoff = newBackoff()
    const { signal } = leaving
    while (!signal.aborted) {
      if (running.size >= slots() || !backend.isReady()) {
        const freed = new Promise<void>((resolve) => {
          slotFreed = resolve
        })
        await Promise.race([freed, pause(readyCheckMillis, signal)])
        continue
      }
      const startedMillis = performance.now()
      try {
        const { job, skipped } = await link.nextJob(longestPollSeconds, session, signal)
        succeeded(backoff)
        if (job !== undefined) start(job)
        else {
          if (skipped !== lastSkip && skipped !== undefined)
            say({ type: "notice", detail: `no jobs at the moment: ${skipped}` })
          lastSkip = skipped
          await pause(leastPollMillis - (performance.now() - startedMillis), signal)
        }
      } catch (error) {
        if (signal.aborted) return
        const status = error instanceof Refused ? error.status : undefined
        const patience = AbortSignal.any([signal, known.signal])
        if (standingAfter("work", status) === "doubted") {
          beatWithin(0)
          await pause(backoff.nextMillis(), patience)
        } else await waitOut(error, backoff, patience)
      }
    }
  }

  const start = (job: HandedJob): void => {
    // The gateway hands out a job a second time only where the first answer was lost.
    running.get(job.job_id)?.controller.abort(new Withdrawn("the job was handed out again"))
    const controller = new AbortController()
    const progress = makeProgress()
    const run = async (): Promise<void> => {
      const report = await runJob(link, backend, job, controller.signal, progress)
      const { end, pieces, usage, detail } = report
      if (running.get(job.job_id)?.controller === controller) running.delete(job.job_id)
      slotFreed()
      const tokens = usage?.completion_tokens ?? pieces
      const why = detail === undefined ? {} : { detail }
      say({ type: "jobEnded", jobId: job.job_id, end, tokens, ...why })
    }
    say({ type: "jobStarted", jobId: job.job_id, model: job.model })
    running.set(job.job_id, { job, controller, progress, done: run() })
    beatWithin(intervalMillis())
  }

  const settle = async (limitMillis: number): Promise<void> => {
    const limit = new AbortController()
    const all = Promise.all([...running.values()].map(({ done }) => done))
    await Promise.race([all, pause(limitMillis, limit.signal)])
    limit.abort()
  }
  const cutOff = async (reason: Error): Promise<void> => {
    for (const { controller } of running.values()) controller.abort(reason)
    await settle(lastWordsMillis)
  }

  const life = async (): Promise<void> => {
    const beating = heartbeats()
    beating.catch(() => leaving.abort())
    try {
      // A loop that fails ends the other: without heartbeats the host is none.
      await Promise.race([polls(), beating])
      await settle(drainMillis)
      await cutOff(new Leaving("the host is shutting down"))
    } catch (error) {
      await cutOff(new Leaving("the host can no longer reach its gateway"))
      throw error
    } finally {
      leaving.abort()
      over.abort()
    }
    await beating
    await Promise.race([beat().catch(() => {}), pause(goodbyeMillis)])
  }
  const drain = async (): Promise<void> => {
    if (draining.signal.aborted || over.signal.aborted) return
    draining.abort()
    say({ type: "draining", jobs: running.size })
    // So that the gateway sends nothing more here while the last jobs finish.
    await Promise.race([beat().catch(() => {}), pause(goodbyeMillis, over.signal)])
    await pause(Math.min(lastJobMillis, drainMillis / 2), over.signal)
    leaving.abort()
  }
  return {
    done: life().finally(() => say({ type: "stopped" })),
    drain: () => void drain(),
  }
}

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

/**
 * The serving of a registered host: a heartbeat, a poll for jobs while there is a slot free, and the
 * jobs. It lasts until it is told to drain, or until the gateway refuses the host for good.
 */
import type { HandedJob, Heartbeat } from "../hosts/protocol.ts"
import type { Backoff } from "./backoff.ts"
import { makeBackoff, pause } from "./backoff.ts"
import type { Backend } from "./backends/backend.ts"
import type { GatewayLink } from "./gateway-link.ts"
import { Refused } from "./gateway-link.ts"
import { Leaving, runJob, Withdrawn } from "./job-run.ts"
import type { AgentEvent } from "./options.ts"
import { AgentError } from "./options.ts"
import type { Identity } from "./registrar.ts"

export interface ServingOptions {
  readonly link: GatewayLink
  readonly backend: Backend
  readonly identity: Identity
  readonly registerAgain: () => Promise<Identity>
  readonly load: () => Promise<Heartbeat>
  readonly drainMillis: number
  readonly say: (event: AgentEvent) => void
  /** Shown where the key is refused. */
  readonly stateFile: string
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
const pollSeconds = 25
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
  let identity = options.identity
  let heartbeatSeconds = firstHeartbeatSeconds
  let longestPollSeconds = pollSeconds
  let isConnected = true
  let lastSkip: string | undefined
  let renewal: Promise<void> | undefined
  let slotFreed = (): void => {}
  let heartbeatNow = (): void => {}

  const slots = (): number => identity.models.reduce((sum, one) => sum + one.slots, 0)

  /** Waits out a trouble with the gateway, or throws where waiting does not help. */
  const recover = async (error: unknown, backoff: Backoff, signal: AbortSignal): Promise<void> => {
    if (error instanceof AgentError) throw error
    if (error instanceof Refused && error.status === 404) {
      await registerAgain()
      // Should the gateway not know the new host either, it is not asked without end.
      return pause(backoff.nextMillis(), signal)
    }
    if (error instanceof Refused && (error.status === 401 || error.status === 403))
      throw new AgentError(
        `The gateway refuses the key of host ${identity.hostId}: ${error.message}. If the host was removed or its key replaced, remove ${options.stateFile} and start again with the account's key to register a new host`,
      )
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
    heartbeatNow()
  }
  /** Both loops may find out at once that the gateway has forgotten the host; it registers once. */
  const registerAgain = (): Promise<void> => {
    const renew = async (): Promise<void> => {
      try {
        identity = await options.registerAgain()
        heartbeatNow()
      } finally {
        renewal = undefined
      }
    }
    renewal ??= renew()
    return renewal
  }

  const beat = async (): Promise<void> => {
    const load = await options.load()
    const known = [...running.values()]
    const answer = await link.heartbeat(identity.hostId, {
      ...load,
      jobs: known.map(({ job }) => job.job_id),
      is_draining: draining.signal.aborted,
    })
    heartbeatSeconds = answer.heartbeat_interval_seconds
    longestPollSeconds = answer.poll_seconds
    const listed = new Set(answer.jobs.map(claimOf))
    for (const { job, controller } of known)
      if (!listed.has(claimOf(job)))
        controller.abort(new Withdrawn("the gateway no longer lists the job"))
  }

  const heartbeats = async (): Promise<void> => {
    const backoff = newBackoff()
    while (!over.signal.aborted) {
      try {
        await beat()
        succeeded(backoff)
      } catch (error) {
        await recover(error, backoff, over.signal)
        continue
      }
      const awake = new AbortController()
      heartbeatNow = () => awake.abort()
      await pause(heartbeatSeconds * 1000, AbortSignal.any([awake.signal, over.signal]))
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
        const { job, skipped } = await link.nextJob(longestPollSeconds, signal)
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
        await recover(error, backoff, signal)
      }
    }
  }

  const start = (job: HandedJob): void => {
    // The gateway hands out a job a second time only where the first answer was lost.
    running.get(job.job_id)?.controller.abort(new Withdrawn("the job was handed out again"))
    const controller = new AbortController()
    const run = async (): Promise<void> => {
      const { end, pieces, usage, detail } = await runJob(link, backend, job, controller.signal)
      if (running.get(job.job_id)?.controller === controller) running.delete(job.job_id)
      slotFreed()
      const tokens = usage?.completion_tokens ?? pieces
      const why = detail === undefined ? {} : { detail }
      say({ type: "jobEnded", jobId: job.job_id, end, tokens, ...why })
    }
    say({ type: "jobStarted", jobId: job.job_id, model: job.model })
    running.set(job.job_id, { job, controller, done: run() })
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

const claimOf = ({
  job_id,
  attempt,
  epoch,
}: {
  readonly job_id: string
  readonly attempt: number
  readonly epoch: number
}): string => `${job_id} ${attempt} ${epoch}`

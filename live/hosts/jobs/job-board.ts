/**
 * The way to hosts that poll: a job waits on its host's shelf, or goes straight to a poll that waits,
 * and is then the host's until it ends. Knows nothing of HTTP, and no clock but the one it is given.
 *
 * How far each job has come is a state of job-machine.ts.
 *
 * A host speaks of a job by (job, attempt, epoch); the epoch is the number of times that the job was
 * handed out. What it submits counts only where all of them are those in force: the same submission
 * again gets the same answer again, a late or a foreign one is refused.
 *
 * A job ends without its host's word where nobody fetched it in time, where it was handed out and
 * showed no sign of life within its lease, or where its upload broke off. It is not handed out again
 * then: the consumer waits, and another host may be faster than another try. Only an answer that is
 * known not to have reached the host is given back to the queue, for what is left of its time.
 */
import { Context } from "effect"
import { move } from "../../../engine/index.ts"
import type { UploadWays } from "../../directory/upload-ways.ts"
import { wayOf } from "../../directory/upload-ways.ts"
import type { Clock } from "../../driver/clock.ts"
import type { Courier, Delivery, DeliveryEnd, DeliverySink, Job } from "../../protocol/delivery.ts"
import { proxiesPage } from "../../protocol/upload-way.ts"
import type {
  Claim,
  ClaimRefusal,
  Ending,
  Handout,
  HeldJob,
  Submission,
  Upload,
  UploadFeed,
} from "./claim.ts"
import { makeEndedJobs } from "./ended-jobs.ts"
import type { JobInput, JobOutput } from "./job-machine.ts"
import { jobMachine } from "./job-machine.ts"
import type { OpenJob } from "./open-job.ts"
import { connectFailed, cutOff, openJob, phaseOf } from "./open-job.ts"
import type { Waiter } from "./shelves.ts"
import { answerAll, makeShelves, take } from "./shelves.ts"

export interface BoardLimits {
  readonly queuedJobs: number
  readonly polls: number
  readonly leaseMicros: number
  /** Within which somebody has to fetch a job. */
  readonly pickUpMicros: number
  /** Answers that are remembered for submissions that come twice. */
  readonly answers: number
}

export interface BoardOptions {
  readonly clock: Clock
  readonly hostOf: (instance: number) => number | undefined
  readonly uploads: UploadWays
  readonly limits: BoardLimits
}

export interface JobBoard extends Courier {
  /**
   * Waits for a job. `answer` is called once, now or later: with a job, or with none when the wait
   * is over. Gives what ends the wait without an answer, or `undefined` where too many polls of this
   * host wait already. `mayTake`: whether whoever waits still wants one, asked when there is one.
   */
  readonly poll: (
    host: number,
    waitMicros: number,
    answer: (handout: Handout | undefined) => void,
    mayTake?: () => boolean,
  ) => (() => void) | undefined
  /** The answer to a poll did not reach its host: the job is for the next poll. */
  readonly giveBack: (claim: Claim) => void
  readonly openUpload: (claim: Claim, upload: Upload) => UploadFeed | ClaimRefusal
  /**
   * The host's last word. While an upload is open it counts as soon as that has ended: what is still
   * on its way belongs to the answer. `response`: the whole answer, where nothing was streamed.
   */
  readonly complete: (
    claim: Claim,
    end: DeliveryEnd,
    response: Readonly<Record<string, unknown>> | undefined,
    answer: (submission: Submission) => void,
  ) => void
  readonly fail: (claim: Claim, end: DeliveryEnd) => Submission
  /** A job that the claim is for and that is open. */
  readonly jobOf: (claim: Claim) => Job | ClaimRefusal
  /** A sign of life of these jobs. Gives all jobs that the host should be working on. */
  readonly heardOf: (host: number, jobIds: ReadonlyArray<string>) => ReadonlyArray<HeldJob>
  /** Someone who waits may take jobs again: hands out what has waited for that. */
  readonly offerAgain: (host: number) => void
  /** All deliveries to a host end as failures; its polls are answered. */
  readonly hostLost: (host: number) => void
  readonly countsOf: (host: number) => { readonly waiting: number; readonly open: number }
  /** Over all hosts. */
  readonly totals: () => {
    readonly polls: number
    readonly waiting: number
    readonly open: number
    readonly remembered: number
  }
  /** Answers every poll; those that come later too. */
  readonly close: () => void
}

export class Jobs extends Context.Tag("evenkeel/JobBoard")<Jobs, JobBoard>() {}

/** What an input brings with it. */
interface Brought {
  /** How the delivery ends, where it ends now; absent: nobody listens any more. */
  readonly end?: DeliveryEnd
  /** With the host's last word. */
  readonly response?: Readonly<Record<string, unknown>> | undefined
}

export const makeJobBoard = ({ clock, hostOf, uploads, limits }: BoardOptions): JobBoard => {
  const open = new Map<string, OpenJob>()
  const shelves = makeShelves()
  const ended = makeEndedJobs(limits.answers)
  let isClosed = false

  /** Ends a job, once: every way out of the board goes through here. */
  const settle = (job: OpenJob, ending: Ending, end: DeliveryEnd | undefined): void => {
    if (!open.delete(job.id)) return
    job.disarm()
    ended.remember(job, ending)
    const shelf = shelves.of(job.host)
    shelf.jobs.delete(job)
    take(shelf.queue, job)
    shelves.clear(job.host)
    const { upload } = job
    job.upload = undefined
    upload?.end(ending)
    if (end !== undefined) job.sink.end(end)
    const submission: Submission =
      ending === "completed"
        ? { isTaken: true, status: "completed" }
        : { isTaken: false, reason: ending }
    for (const answer of job.answers) answer(submission)
  }

  /** Gives `false` where the input is not legal now: then nothing has changed. */
  const step = (job: OpenJob, input: JobInput, brought: Brought = {}): boolean => {
    const moved = move(jobMachine, job.state, input)
    if (moved === undefined) return false
    const [next, ...outputs] = moved
    job.state = next
    for (const output of outputs) act(job, output, brought)
    return true
  }
  const act = (job: OpenJob, output: JobOutput, { end, response }: Brought): void => {
    switch (output) {
      case "startLease":
        return startLease(job)
      case "stopLease":
        return job.disarm()
      case "offer":
        return offer(job)
      case "noteWay":
        return noteWay(job)
      case "keepWord":
        job.word ??= end
        return
      case "takeResponse":
        if (response === undefined) return
        job.chunks += 1
        return job.sink.chunk(response)
      case "endCompleted":
        return settle(job, "completed", end ?? job.word)
      case "endFailed":
        return settle(job, "failed", end)
      case "endLost":
        return settle(job, "lost", end)
      case "endWithdrawn":
        return settle(job, "withdrawn", undefined)
    }
  }

  /** Ends the job at a time, unless something else happens to it before. */
  const endAt = (job: OpenJob, atMicros: number, end: DeliveryEnd): void => {
    job.disarm()
    job.disarm = clock.wakeAt(atMicros, () => step(job, "timedOut", { end }))
  }
  const startLease = (job: OpenJob): void =>
    endAt(
      job,
      clock.nowMicros() + limits.leaseMicros,
      job.chunks > 0
        ? { outcome: "stalled", detail: "the host streamed and then fell silent" }
        : unheard(job),
    )
  /** Where it is known that something holds the host's uploads back, its silence is not its own. */
  const unheard = ({ host }: OpenJob): DeliveryEnd =>
    uploads.of(host) === "heldBack"
      ? {
          outcome: "firstTokenTimeout",
          detail: `no token came through in time: a proxy between holds the host's uploads back until they are whole; see ${proxiesPage}`,
        }
      : connectFailed("the host took the job and showed no sign of life within its lease")
  const startWaiting = (job: OpenJob): void =>
    endAt(job, job.pickUpBy, connectFailed("the host did not poll for the job in time"))

  const handOut = (job: OpenJob, waiter: Waiter): void => {
    waiter.disarm()
    job.epoch += 1
    job.handedMicros = clock.nowMicros()
    job.openedMicros = -1
    step(job, "handedOut")
    const { id: jobId, host, epoch } = job
    waiter.answer({ host, jobId, attempt: job.job.attempt, epoch, job: job.job })
  }
  const offer = (job: OpenJob): void => {
    const shelf = shelves.of(job.host)
    const waiter = shelf.waiters.find(({ mayTake }) => mayTake())
    if (waiter !== undefined) {
      take(shelf.waiters, waiter)
      return handOut(job, waiter)
    }
    startWaiting(job)
    shelf.queue.push(job)
  }

  const deliver = (job: Job, sink: DeliverySink): Delivery => {
    const host = hostOf(job.instance)
    const now = clock.nowMicros()
    const opened = openJob(job, sink, host ?? -1, now + limits.pickUpMicros)
    open.set(opened.id, opened)
    const shelf = shelves.of(opened.host)
    shelf.jobs.add(opened)
    if (host === undefined || isClosed)
      endAt(opened, now, connectFailed("no host takes jobs of this instance"))
    else if (
      shelf.queue.length >= limits.queuedJobs &&
      !shelf.waiters.some(({ mayTake }) => mayTake())
    )
      endAt(opened, now, {
        outcome: "backpressure",
        detail: `${limits.queuedJobs} jobs wait for the host already`,
      })
    else offer(opened)
    return {
      cancel: () => void step(opened, "withdrawn"),
      pause: () => {
        opened.isPaused = true
        opened.upload?.hold()
      },
      resume: () => {
        opened.isPaused = false
        opened.upload?.release()
      },
    }
  }

  const poll: JobBoard["poll"] = (host, waitMicros, answer, mayTake = () => true) => {
    const shelf = shelves.of(host)
    const waiter: Waiter = { answer, mayTake, disarm: () => {} }
    const job = mayTake() ? shelf.queue.shift() : undefined
    if (job !== undefined) {
      handOut(job, waiter)
      return () => {}
    }
    if (isClosed || waitMicros <= 0) {
      shelves.clear(host)
      answer(undefined)
      return () => {}
    }
    if (shelf.waiters.length >= limits.polls) return undefined
    const leave = (): void => {
      waiter.disarm()
      take(shelf.waiters, waiter)
      shelves.clear(host)
    }
    waiter.disarm = clock.wakeAt(clock.nowMicros() + waitMicros, () => {
      leave()
      answer(undefined)
    })
    shelf.waiters.push(waiter)
    return leave
  }

  /** The open job that a claim is good for. */
  const find = ({ host, jobId, attempt, epoch }: Claim): OpenJob | ClaimRefusal => {
    const job = open.get(jobId)
    if (job !== undefined && job.host === host)
      return job.state !== "queued" && job.job.attempt === attempt && job.epoch === epoch
        ? job
        : "stale"
    const before = ended.get(jobId)
    if (before === undefined || before.host !== host) return "unknown"
    return before.attempt === attempt && before.epoch === epoch ? before.ending : "stale"
  }
  /** A submission for a job that is over: the same again gets the same answer again. */
  const again = (refusal: ClaimRefusal, submitted: "completed" | "failed"): Submission =>
    refusal === submitted
      ? { isTaken: true, status: submitted }
      : { isTaken: false, reason: refusal }

  const openUpload: JobBoard["openUpload"] = (claim, upload) => {
    const job = find(claim)
    if (job === "lost" && ended.get(claim.jobId)?.hadUpload === false)
      uploads.note(claim.host, "heldBack")
    if (typeof job === "string") return job
    if (!step(job, "uploadOpened")) return "uploadOpen"
    job.openedMicros = clock.nowMicros()
    job.upload = upload
    if (job.isPaused) upload.hold()
    const isOver = (): boolean => job.upload !== upload
    const endUpload = (input: JobInput, end?: DeliveryEnd): void => {
      if (isOver()) return
      job.upload = undefined
      step(job, input, end === undefined ? {} : { end })
    }
    return {
      chunk: (chunk) => {
        if (isOver()) return
        job.chunks += 1
        job.sink.chunk(chunk)
      },
      alive: () => {
        if (!isOver()) job.sink.alive()
      },
      malformed: (detail) => endUpload("uploadMalformed", { outcome: "malformed", detail }),
      finished: () => endUpload("uploadFinished"),
      broken: () => endUpload("uploadBroken", cutOff(job, "the host's upload broke off")),
    }
  }
  const noteWay = ({ host, handedMicros, openedMicros, chunks }: OpenJob): void => {
    const finishedMicros = clock.nowMicros()
    uploads.note(host, wayOf({ handedMicros, openedMicros, finishedMicros, chunks }))
  }

  const complete: JobBoard["complete"] = (claim, end, response, answer) => {
    const job = find(claim)
    if (typeof job === "string") return answer(again(job, "completed"))
    job.answers.push(answer)
    step(job, "completed", { end, response })
  }

  const fail: JobBoard["fail"] = (claim, end) => {
    const job = find(claim)
    if (typeof job === "string") return again(job, "failed")
    step(job, "failed", { end })
    return { isTaken: true, status: "failed" }
  }

  return {
    deliver,
    poll,
    giveBack: (claim) => {
      const job = find(claim)
      if (typeof job !== "string") step(job, "gaveBack")
    },
    openUpload,
    complete,
    fail,
    jobOf: (claim) => {
      const job = find(claim)
      return typeof job === "string" ? job : job.job
    },
    heardOf: (host, jobIds) => {
      const heard = new Set(jobIds)
      const held: Array<HeldJob> = []
      for (const job of shelves.find(host)?.jobs ?? []) {
        const { id: jobId, epoch, chunks } = job
        const phase = phaseOf(job)
        if (phase === undefined) continue
        held.push({ host, jobId, attempt: job.job.attempt, epoch, phase, chunks })
        if (!heard.has(jobId)) continue
        step(job, "heard")
        job.sink.alive()
      }
      return held
    },
    offerAgain: (host) => {
      const shelf = shelves.find(host)
      if (shelf === undefined) return
      for (const job of shelf.queue.splice(0)) offer(job)
    },
    hostLost: (host) => {
      const shelf = shelves.find(host)
      if (shelf === undefined) return
      for (const job of shelf.jobs)
        step(job, "hostLost", { end: cutOff(job, "the host fell silent") })
      answerAll(shelf)
      shelves.clear(host)
    },
    countsOf: (host) => {
      const shelf = shelves.find(host)
      const waiting = shelf?.queue.length ?? 0
      return { waiting, open: (shelf?.jobs.size ?? 0) - waiting }
    },
    totals: () => {
      let polls = 0
      let waiting = 0
      for (const [, shelf] of shelves.all()) {
        polls += shelf.waiters.length
        waiting += shelf.queue.length
      }
      return { polls, waiting, open: open.size - waiting, remembered: ended.size() }
    },
    close: () => {
      isClosed = true
      for (const [host, shelf] of shelves.all()) {
        answerAll(shelf)
        shelves.clear(host)
      }
    },
  }
}

/**
 * A model of the job board: what it should know of every job, kept beside it by rules that are written
 * down again, and compared with it after each step.
 */
import { assert } from "vitest"
import type { DeliveryEnd, Job } from "../../../../live/protocol/delivery.ts"
import type {
  Claim,
  ClaimRefusal,
  Handout,
  Submission,
  UploadFeed,
} from "../../../../live/hosts/jobs/claim.ts"
import type { JobBoard } from "../../../../live/hosts/jobs/job-board.ts"
import { makeJobBoard } from "../../../../live/hosts/jobs/job-board.ts"
import { makeUploadWays } from "../../../../live/directory/upload-ways.ts"
import { manualClock } from "../../support/manual-clock.ts"

export const limits = {
  queuedJobs: 3,
  polls: 2,
  leaseMicros: 20_000_000,
  pickUpMicros: 5_000_000,
  answers: 50,
}

/** Instances count by tens: 12 is on host 1. Those from 90 on are on no host. */
export const hostOf = (instance: number): number | undefined =>
  instance >= 90 ? undefined : Math.floor(instance / 10)

export const jobFor = (instance: number, attempt = 0): Job => ({
  request: 1,
  attempt,
  instance,
  kind: "chat",
  body: {},
  inputTokens: 1,
  maxTokens: 1,
})

export const feedOf = (feed: UploadFeed | string): UploadFeed => {
  if (typeof feed === "string") throw new Error(`no upload: ${feed}`)
  return feed
}

/** What the board should know of a job, kept beside it by rules that are written down again. */
interface Expected {
  readonly host: number
  readonly heard: Array<"chunk" | DeliveryEnd>
  readonly cancel: () => void
  readonly pause: () => void
  readonly resume: () => void
  readonly pickUpBy: number
  phase: "queued" | "handed" | "uploading" | "over"
  deadline: number
  id: string | undefined
  epoch: number
  isCompleting: boolean
  hasChunks: boolean
  ending: "completed" | "failed" | "withdrawn" | "lost" | undefined
  /** The sink may be told nothing any more. */
  isDeaf: boolean
  upload: { readonly ends: Array<string>; readonly feed: UploadFeed } | undefined
}

/** A job that waits is nobody's; one that was never handed out has no name that a host could know. */
const refusalOf = ({ id }: Expected): ClaimRefusal => (id === undefined ? "unknown" : "stale")

export const operations = [
  "deliver",
  "poll",
  "leave",
  "giveBack",
  "open",
  "chunk",
  "finish",
  "break",
  "nonsense",
  "complete",
  "fail",
  "late",
  "cancel",
  "pause",
  "resume",
  "heartbeat",
  "lose",
  "pass",
  "restart",
] as const
type Operation = (typeof operations)[number]

export class Model {
  readonly clock = manualClock()
  readonly jobs: Array<Expected> = []
  board: JobBoard = makeJobBoard({ clock: this.clock, hostOf, uploads: makeUploadWays(), limits })
  /** What every poll was answered. */
  readonly polls: Array<Array<Handout | undefined>> = []
  waiters: Array<{
    readonly host: number
    readonly until: number
    readonly got: Array<Handout | undefined>
    readonly leave: () => void
  }> = []

  run(operation: Operation, a: number, b: number): void {
    const live = this.jobs.filter(({ phase }) => phase !== "over")
    const job = live.length === 0 ? undefined : live[a % live.length]
    if (operation === "deliver") return this.deliver(a % 3)
    if (operation === "poll") return this.poll(a % 3, b)
    if (operation === "pass") return this.pass(b * 250_000)
    if (operation === "lose") return this.lose(a % 3)
    if (operation === "restart") return b === 0 ? this.restart() : undefined
    if (operation === "leave") return this.leave(a)
    if (operation === "late") return this.late(a)
    if (job === undefined) return
    const claim: Claim = { host: job.host, jobId: job.id ?? "?", attempt: 0, epoch: job.epoch }
    const isHeld = job.phase === "handed" || job.phase === "uploading"
    switch (operation) {
      case "giveBack":
        this.board.giveBack(claim)
        if (job.phase === "handed") this.giveBack(job)
        return
      case "open":
        return this.open(job, claim)
      case "chunk":
        job.upload?.feed.chunk({ text: "x" })
        if (job.phase === "uploading") job.hasChunks = true
        return
      case "finish":
        job.upload?.feed.finished()
        return job.phase === "uploading" ? this.finish(job) : undefined
      case "break":
        job.upload?.feed.broken()
        return job.phase === "uploading" ? this.over(job, "lost") : undefined
      case "nonsense":
        job.upload?.feed.malformed("nonsense")
        return job.phase === "uploading" ? this.over(job, "failed") : undefined
      case "complete":
        return this.complete(job, claim)
      case "fail":
        assert.deepEqual(
          this.board.fail(claim, { outcome: "upstreamError" }),
          isHeld ? { isTaken: true, status: "failed" } : { isTaken: false, reason: refusalOf(job) },
        )
        return isHeld ? this.over(job, "failed") : undefined
      case "cancel":
        job.cancel()
        job.isDeaf = true
        return this.over(job, "withdrawn")
      case "pause":
        return job.pause()
      case "resume":
        return job.resume()
      case "heartbeat":
        return this.heartbeat(job.host)
    }
  }

  deliver(host: number): void {
    let isDelivering = true
    const heard: Expected["heard"] = []
    const tell = (what: "chunk" | DeliveryEnd): void => {
      assert.equal(isDelivering, false, "told before deliver returned")
      assert.equal(job.isDeaf, false, "told after it was cancelled")
      assert.isTrue(
        heard.every((one) => one === "chunk"),
        "told after the end",
      )
      heard.push(what)
    }
    const delivery = this.board.deliver(jobFor(host * 10), {
      chunk: () => tell("chunk"),
      alive: () => {},
      end: (end) => tell(end),
    })
    isDelivering = false
    const pickUpBy = this.clock.nowMicros() + limits.pickUpMicros
    const job: Expected = {
      host,
      heard,
      ...delivery,
      pickUpBy,
      phase: "queued",
      deadline: pickUpBy,
      id: undefined,
      epoch: 0,
      isCompleting: false,
      hasChunks: false,
      ending: undefined,
      isDeaf: false,
      upload: undefined,
    }
    const isFull =
      this.waitersOf(host).length === 0 && this.queueOf(host).length >= limits.queuedJobs
    this.jobs.push(job)
    if (!isFull) return this.offer(job)
    this.clock.pass(0)
    assert.containsSubset(heard, [{ outcome: "backpressure" }])
    this.over(job, "lost")
  }

  /** The order of those that wait: one that is given back comes after those that wait already. */
  queue: Array<Expected> = []
  queueOf = (host: number) =>
    this.queue.filter((job) => job.host === host && job.phase === "queued")
  waitersOf = (host: number) => this.waiters.filter((one) => one.host === host)

  offer(job: Expected): void {
    const [waiter] = this.waitersOf(job.host)
    if (waiter === undefined) {
      this.queue.push(job)
      return
    }
    this.waiters = this.waiters.filter((one) => one !== waiter)
    this.handed(job, waiter.got)
  }
  handed(job: Expected, got: ReadonlyArray<Handout | undefined>): void {
    job.epoch += 1
    job.phase = "handed"
    job.deadline = this.clock.nowMicros() + limits.leaseMicros
    this.queue = this.queue.filter((one) => one !== job)
    assert.containsSubset(got, [{ host: job.host, attempt: 0, epoch: job.epoch }])
    if (job.id !== undefined) assert.equal(got[0]?.jobId, job.id)
    job.id = got[0]?.jobId
  }
  giveBack(job: Expected): void {
    job.phase = "queued"
    job.deadline = Math.max(job.pickUpBy, this.clock.nowMicros())
    this.offer(job)
    this.expire()
  }

  poll(host: number, wait: number): void {
    const got: Array<Handout | undefined> = []
    this.polls.push(got)
    const waitMicros = wait * 100_000
    const before = this.waitersOf(host).length
    const leave = this.board.poll(host, waitMicros, (handout) => void got.push(handout))
    const [job] = this.queueOf(host)
    if (job !== undefined) return this.handed(job, got)
    if (waitMicros === 0) return assert.deepEqual(got, [undefined])
    assert.deepEqual(got, [])
    if (before >= limits.polls) return assert.isUndefined(leave)
    const until = this.clock.nowMicros() + waitMicros
    if (leave !== undefined) this.waiters.push({ host, until, got, leave })
  }
  leave(index: number): void {
    const waiter = this.waiters[index % Math.max(1, this.waiters.length)]
    if (waiter === undefined) return
    waiter.leave()
    waiter.leave()
    this.waiters = this.waiters.filter((one) => one !== waiter)
    assert.deepEqual(waiter.got, [])
  }

  open(job: Expected, claim: Claim): void {
    const ends: Array<string> = []
    const feed = this.board.openUpload(claim, {
      end: (why) => void ends.push(why),
      hold: () => {},
      release: () => {},
    })
    if (job.phase === "queued") return assert.equal(feed, refusalOf(job))
    if (job.phase === "uploading") return assert.equal(feed, "uploadOpen")
    job.phase = "uploading"
    job.deadline = Infinity
    job.upload = { ends, feed: feedOf(feed) }
  }
  finish(job: Expected): void {
    job.phase = "handed"
    job.deadline = this.clock.nowMicros() + limits.leaseMicros
    if (job.isCompleting) this.over(job, "completed")
  }
  complete(job: Expected, claim: Claim): void {
    const got: Array<Submission> = []
    this.board.complete(claim, { outcome: "completed" }, undefined, (one) => void got.push(one))
    if (job.phase === "queued")
      return assert.deepEqual(got, [{ isTaken: false, reason: refusalOf(job) }])
    if (job.phase === "uploading") {
      job.isCompleting = true
      return assert.deepEqual(got, [])
    }
    assert.deepEqual(got, [{ isTaken: true, status: "completed" }])
    this.over(job, "completed")
  }
  /** A submission for any job, with the claim that it ended with. */
  late(index: number): void {
    const past = this.jobs.filter(({ phase, id }) => phase === "over" && id !== undefined)
    const job = past[index % Math.max(1, past.length)]
    if (job?.id === undefined) return
    const claim = { host: job.host, jobId: job.id, attempt: 0, epoch: job.epoch }
    const got: Array<Submission> = []
    // The consumer may not have heard yet that it is over.
    job.pause()
    job.resume()
    job.cancel()
    job.upload?.feed.chunk({ text: "late" })
    job.upload?.feed.finished()
    this.board.giveBack(claim)
    this.board.complete(claim, { outcome: "completed" }, undefined, (one) => void got.push(one))
    const failed = this.board.fail(claim, { outcome: "stalled" })
    assert.lengthOf(got, 1)
    // Bounded memory: an answer may be forgotten, never be another one.
    const expected = (isSame: boolean, status: string): unknown =>
      isSame ? { isTaken: true, status } : { isTaken: false, reason: job.ending }
    if (got[0]?.isTaken === false && got[0].reason === "unknown") return
    assert.deepEqual<unknown>(got[0], expected(job.ending === "completed", "completed"))
    assert.deepEqual<unknown>(failed, expected(job.ending === "failed", "failed"))
    const foreign = { ...claim, host: (job.host + 1) % 3 }
    assert.equal(this.board.jobOf(foreign), "unknown")
    assert.equal(this.board.jobOf({ ...claim, epoch: claim.epoch + 1 }), "stale")
  }

  heartbeat(host: number): void {
    const known = this.jobs.filter(
      (job) => job.host === host && (job.phase === "handed" || job.phase === "uploading"),
    )
    const claims = this.board.heardOf(
      host,
      known.map(({ id }) => id ?? ""),
    )
    assert.deepEqual(new Set(claims.map(({ jobId }) => jobId)), new Set(known.map(({ id }) => id)))
    for (const job of known)
      if (job.phase === "handed") job.deadline = this.clock.nowMicros() + limits.leaseMicros
  }
  lose(host: number): void {
    this.board.hostLost(host)
    for (const job of this.jobs)
      if (job.host === host && job.phase !== "over") this.over(job, "lost")
    for (const waiter of this.waitersOf(host)) assert.deepEqual(waiter.got, [undefined])
    this.waiters = this.waiters.filter((one) => one.host !== host)
  }
  pass(micros: number): void {
    this.clock.pass(micros)
    this.expire()
  }
  expire(): void {
    this.clock.pass(0)
    const now = this.clock.nowMicros()
    for (const job of this.jobs)
      if (job.phase !== "over" && job.deadline <= now) this.over(job, "lost")
    for (const waiter of this.waiters)
      if (waiter.until <= now) assert.deepEqual(waiter.got, [undefined])
    this.waiters = this.waiters.filter(({ until }) => until > now)
  }
  over(job: Expected, ending: NonNullable<Expected["ending"]>): void {
    const wasUploading = job.phase === "uploading"
    job.phase = "over"
    job.ending = ending
    const ends = job.heard.filter((one) => one !== "chunk")
    assert.lengthOf(ends, ending === "withdrawn" ? 0 : 1)
    // An upload that ended by itself is not ended again.
    if (wasUploading && job.upload !== undefined) assert.isAtMost(job.upload.ends.length, 1)
  }
  /** The process ends: what it knew is gone, and nobody hears of it from the board. */
  restart(): void {
    for (const job of this.jobs)
      if (job.phase !== "over") {
        job.phase = "over"
        job.isDeaf = true
        job.cancel()
      }
    const old = this.jobs.filter(({ id }) => id !== undefined)
    this.board.close()
    this.board = makeJobBoard({ clock: this.clock, hostOf, uploads: makeUploadWays(), limits })
    for (const { host, id, epoch } of old)
      assert.equal(this.board.jobOf({ host, jobId: id ?? "", attempt: 0, epoch }), "unknown")
    this.jobs.length = 0
    this.queue = []
    this.waiters = []
  }

  /** Lets everything end by itself, and looks for what is left. */
  settle(): void {
    for (const job of this.jobs)
      if (job.phase === "uploading") {
        job.upload?.feed.broken()
        this.over(job, "lost")
      }
    this.pass(1e9)
    assert.containsSubset(this.board.totals(), { polls: 0, waiting: 0, open: 0 })
    for (const got of this.polls) assert.isAtMost(got.length, 1)
    for (const job of this.jobs) {
      assert.equal(job.phase, "over")
      assert.lengthOf(
        job.heard.filter((one) => one !== "chunk"),
        job.isDeaf ? 0 : 1,
      )
    }
  }
}

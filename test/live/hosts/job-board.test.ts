import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { DeliveryEnd, Job } from "../../../live/gateway/delivery.ts"
import type {
  Claim,
  Handout,
  JobBoard,
  Submission,
  Upload,
  UploadFeed,
} from "../../../live/hosts/job-board.ts"
import { makeJobBoard } from "../../../live/hosts/job-board.ts"
import { manualClock } from "../support/manual-clock.ts"

const limits = {
  queuedJobs: 3,
  polls: 2,
  leaseMicros: 20_000_000,
  pickUpMicros: 5_000_000,
  answers: 50,
}

/** Instances count by tens: 12 is on host 1. Those from 90 on are on no host. */
const hostOf = (instance: number): number | undefined =>
  instance >= 90 ? undefined : Math.floor(instance / 10)

const jobFor = (instance: number, attempt = 0): Job => ({
  request: 1,
  attempt,
  instance,
  kind: "chat",
  body: {},
  inputTokens: 1,
  maxTokens: 1,
})

const open = () => {
  const clock = manualClock()
  const board = makeJobBoard({ clock, hostOf, limits })
  const deliver = (instance: number, attempt = 0) => {
    const heard: Array<string | DeliveryEnd> = []
    const delivery = board.deliver(jobFor(instance, attempt), {
      chunk: (chunk) => void heard.push(String(chunk["text"])),
      end: (end) => void heard.push(end),
    })
    expect(heard).toEqual([])
    return { heard, delivery }
  }
  const poll = (host: number, waitMicros = 0): Array<Handout | undefined> => {
    const got: Array<Handout | undefined> = []
    board.poll(host, waitMicros, (handout) => void got.push(handout))
    return got
  }
  const complete = (claim: Claim): Array<Submission> => {
    const got: Array<Submission> = []
    board.complete(claim, { outcome: "completed" }, undefined, (one) => void got.push(one))
    return got
  }
  return { clock, board, deliver, poll, complete }
}

const noUpload: Upload = { end: () => {}, hold: () => {}, release: () => {} }

const feedOf = (feed: UploadFeed | string): UploadFeed => {
  if (typeof feed === "string") throw new Error(`no upload: ${feed}`)
  return feed
}

describe("the board of jobs", () => {
  it("hands jobs out in the order in which they came", () => {
    const { deliver, poll } = open()
    for (const attempt of [0, 1, 2]) deliver(12, attempt)
    deliver(25, 9)
    expect([0, 1, 2].map(() => poll(1)[0]?.attempt)).toEqual([0, 1, 2])
    expect(poll(1)).toEqual([undefined])
    expect(poll(2)[0]?.attempt).toBe(9)
  })

  it("answers a poll when its wait is over, and never twice", () => {
    const { clock, deliver, poll, board } = open()
    const got = poll(1, 1_000_000)
    clock.pass(999_999)
    expect(got).toEqual([])
    clock.pass(1)
    expect(got).toEqual([undefined])
    deliver(10)
    expect(got).toEqual([undefined])
    expect(board.totals()).toMatchObject({ polls: 0, waiting: 1 })
  })

  it("gives up a job that nobody fetches, and one that shows no sign of life", () => {
    const { clock, deliver, poll } = open()
    const unfetched = deliver(10)
    clock.pass(limits.pickUpMicros)
    expect(unfetched.heard).toMatchObject([{ outcome: "connectFailed" }])
    expect(poll(1)).toEqual([undefined])

    const silent = deliver(10)
    poll(1)
    clock.pass(limits.leaseMicros - 1)
    expect(silent.heard).toEqual([])
    clock.pass(1)
    expect(silent.heard).toMatchObject([{ outcome: "connectFailed" }])
  })

  it("takes a heartbeat that names a job for a sign of life", () => {
    const { clock, board, deliver, poll } = open()
    const { heard, delivery } = deliver(10)
    deliver(11)
    const [handout] = poll(1)
    for (let beat = 0; beat < 5; beat++) {
      clock.pass(limits.leaseMicros - 1)
      expect(board.heardOf(1, [handout?.jobId ?? "", "job_else"])).toMatchObject([
        { jobId: handout?.jobId, attempt: 0, epoch: 1 },
      ])
    }
    expect(heard).toEqual([])
    delivery.cancel()
    expect(board.heardOf(1, [handout?.jobId ?? ""])).toEqual([])
  })

  it("refuses a queue without end, later and neutrally", () => {
    const { clock, deliver } = open()
    for (let job = 0; job < limits.queuedJobs; job++) deliver(10)
    const { heard } = deliver(10)
    clock.pass(0)
    expect(heard).toMatchObject([{ outcome: "backpressure" }])
    const elsewhere = deliver(95)
    clock.pass(0)
    expect(elsewhere.heard).toMatchObject([{ outcome: "connectFailed" }])
  })

  it("hands out again what is known not to have arrived, under another epoch", () => {
    const { clock, board, deliver, poll, complete } = open()
    const { heard } = deliver(10)
    const [lost] = poll(1)
    if (lost === undefined) throw new Error("no job")
    board.giveBack(lost)
    expect(complete(lost)).toEqual([{ isTaken: false, reason: "stale" }])
    const [again] = poll(1)
    expect(again).toMatchObject({ jobId: lost.jobId, epoch: 2 })
    expect(complete(lost)).toEqual([{ isTaken: false, reason: "stale" }])
    board.giveBack(lost)
    expect(poll(1)).toEqual([undefined])
    if (again === undefined) throw new Error("no job")
    expect(complete(again)).toEqual([{ isTaken: true, status: "completed" }])
    expect(heard).toEqual([{ outcome: "completed" }])
    clock.pass(1e9)
    expect(heard).toHaveLength(1)
  })

  it("does not extend the time to fetch a job by giving it back", () => {
    const { clock, board, deliver, poll } = open()
    const { heard } = deliver(10)
    const [lost] = poll(1)
    clock.pass(limits.pickUpMicros + 1)
    if (lost !== undefined) board.giveBack(lost)
    clock.pass(0)
    expect(heard).toMatchObject([{ outcome: "connectFailed" }])
  })

  it("lets a completion wait for what its upload still brings", () => {
    const { board, deliver, poll, complete } = open()
    const { heard } = deliver(10)
    const [claim] = poll(1)
    if (claim === undefined) throw new Error("no job")
    const feed = feedOf(board.openUpload(claim, noUpload))
    expect(board.openUpload(claim, noUpload)).toBe("uploadOpen")
    feed.chunk({ text: "a" })
    const early = complete(claim)
    const twice = complete(claim)
    feed.chunk({ text: "b" })
    expect(early).toEqual([])
    feed.finished()
    expect([...early, ...twice, ...complete(claim)]).toEqual(
      Array.from({ length: 3 }, () => ({ isTaken: true, status: "completed" })),
    )
    feed.chunk({ text: "c" })
    feed.broken()
    expect(heard).toEqual(["a", "b", { outcome: "completed" }])
  })

  it("refuses a completion whose upload broke", () => {
    const { board, deliver, poll, complete } = open()
    const { heard } = deliver(10)
    const [claim] = poll(1)
    if (claim === undefined) throw new Error("no job")
    const feed = feedOf(board.openUpload(claim, noUpload))
    feed.chunk({ text: "a" })
    const early = complete(claim)
    feed.broken()
    expect(early).toEqual([{ isTaken: false, reason: "lost" }])
    expect(heard).toMatchObject(["a", { outcome: "truncated" }])
  })

  it("ends a lost host's jobs, and answers its polls", () => {
    const { board, deliver, poll } = open()
    const streaming = deliver(10)
    const [claim] = poll(1)
    const ends: Array<string> = []
    if (claim === undefined) throw new Error("no job")
    feedOf(board.openUpload(claim, { ...noUpload, end: (why) => void ends.push(why) })).chunk({
      text: "a",
    })
    const waiting = deliver(11)
    const other = deliver(20)
    board.hostLost(1)
    expect(streaming.heard).toMatchObject(["a", { outcome: "truncated" }])
    expect(waiting.heard).toMatchObject([{ outcome: "connectFailed" }])
    expect(ends).toEqual(["lost"])
    expect(other.heard).toEqual([])
    const got = poll(1, 1_000_000)
    board.hostLost(1)
    expect(got).toEqual([undefined])
  })

  it("forgets old answers, not the latest", () => {
    const { board, deliver, poll, complete } = open()
    const claims: Array<Handout> = []
    for (let job = 0; job < limits.answers + 1; job++) {
      deliver(10)
      const [claim] = poll(1)
      if (claim === undefined) throw new Error("no job")
      claims.push(claim)
      complete(claim)
    }
    expect(board.totals().remembered).toBe(limits.answers)
    expect(complete(claims[0]!)).toEqual([{ isTaken: false, reason: "unknown" }])
    expect(complete(claims[1]!)).toEqual([{ isTaken: true, status: "completed" }])
  })

  it("answers polls once it is closed", () => {
    const { board, poll, deliver, clock } = open()
    const before = poll(1, 1_000_000)
    board.close()
    expect([...before, ...poll(1, 1_000_000)]).toEqual([undefined, undefined])
    const { heard } = deliver(10)
    clock.pass(0)
    expect(heard).toMatchObject([{ outcome: "connectFailed" }])
  })
})

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
const refusalOf = ({ id }: Expected): string => (id === undefined ? "unknown" : "stale")

const operations = [
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

class Model {
  readonly clock = manualClock()
  readonly jobs: Array<Expected> = []
  board: JobBoard = makeJobBoard({ clock: this.clock, hostOf, limits })
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
        expect(this.board.fail(claim, { outcome: "upstreamError" })).toEqual(
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
      expect(isDelivering, "told before deliver returned").toBe(false)
      expect(job.isDeaf, "told after it was cancelled").toBe(false)
      expect(
        heard.every((one) => one === "chunk"),
        "told after the end",
      ).toBe(true)
      heard.push(what)
    }
    const delivery = this.board.deliver(jobFor(host * 10), {
      chunk: () => tell("chunk"),
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
    expect(heard).toMatchObject([{ outcome: "backpressure" }])
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
    expect(got).toMatchObject([{ host: job.host, attempt: 0, epoch: job.epoch }])
    if (job.id !== undefined) expect(got[0]?.jobId).toBe(job.id)
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
    const waitMicros = wait * 100_000
    const before = this.waitersOf(host).length
    const leave = this.board.poll(host, waitMicros, (handout) => void got.push(handout))
    const [job] = this.queueOf(host)
    if (job !== undefined) return this.handed(job, got)
    if (waitMicros === 0) return expect(got).toEqual([undefined])
    expect(got).toEqual([])
    if (before >= limits.polls) return expect(leave).toBeUndefined()
    const until = this.clock.nowMicros() + waitMicros
    if (leave !== undefined) this.waiters.push({ host, until, got, leave })
  }
  leave(index: number): void {
    const waiter = this.waiters[index % Math.max(1, this.waiters.length)]
    if (waiter === undefined) return
    waiter.leave()
    waiter.leave()
    this.waiters = this.waiters.filter((one) => one !== waiter)
    expect(waiter.got).toEqual([])
  }

  open(job: Expected, claim: Claim): void {
    const ends: Array<string> = []
    const feed = this.board.openUpload(claim, {
      end: (why) => void ends.push(why),
      hold: () => {},
      release: () => {},
    })
    if (job.phase === "queued") return expect(feed).toBe(refusalOf(job))
    if (job.phase === "uploading") return expect(feed).toBe("uploadOpen")
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
      return expect(got).toEqual([{ isTaken: false, reason: refusalOf(job) }])
    if (job.phase === "uploading") {
      job.isCompleting = true
      return expect(got).toEqual([])
    }
    expect(got).toEqual([{ isTaken: true, status: "completed" }])
    this.over(job, "completed")
  }
  /** A submission for any job, with the claim that it ended with. */
  late(index: number): void {
    const past = this.jobs.filter(({ phase, id }) => phase === "over" && id !== undefined)
    const job = past[index % Math.max(1, past.length)]
    if (job?.id === undefined) return
    const claim = { host: job.host, jobId: job.id, attempt: 0, epoch: job.epoch }
    const got: Array<Submission> = []
    this.board.complete(claim, { outcome: "completed" }, undefined, (one) => void got.push(one))
    const failed = this.board.fail(claim, { outcome: "stalled" })
    expect(got).toHaveLength(1)
    // Bounded memory: an answer may be forgotten, never be another one.
    const expected = (isSame: boolean, status: string) =>
      isSame ? { isTaken: true, status } : { isTaken: false, reason: job.ending }
    if (got[0]?.isTaken === false && got[0].reason === "unknown") return
    expect(got[0]).toEqual(expected(job.ending === "completed", "completed"))
    expect(failed).toEqual(expected(job.ending === "failed", "failed"))
    const foreign = { ...claim, host: (job.host + 1) % 3 }
    expect(this.board.jobOf(foreign)).toBe("unknown")
    expect(this.board.jobOf({ ...claim, epoch: claim.epoch + 1 })).toBe("stale")
  }

  heartbeat(host: number): void {
    const known = this.jobs.filter(
      (job) => job.host === host && (job.phase === "handed" || job.phase === "uploading"),
    )
    const claims = this.board.heardOf(
      host,
      known.map(({ id }) => id ?? ""),
    )
    expect(new Set(claims.map(({ jobId }) => jobId))).toEqual(new Set(known.map(({ id }) => id)))
    for (const job of known)
      if (job.phase === "handed") job.deadline = this.clock.nowMicros() + limits.leaseMicros
  }
  lose(host: number): void {
    this.board.hostLost(host)
    for (const job of this.jobs)
      if (job.host === host && job.phase !== "over") this.over(job, "lost")
    for (const waiter of this.waitersOf(host)) expect(waiter.got).toEqual([undefined])
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
      if (waiter.until <= now) expect(waiter.got).toEqual([undefined])
    this.waiters = this.waiters.filter(({ until }) => until > now)
  }
  over(job: Expected, ending: NonNullable<Expected["ending"]>): void {
    const wasUploading = job.phase === "uploading"
    job.phase = "over"
    job.ending = ending
    const ends = job.heard.filter((one) => one !== "chunk")
    expect(ends).toHaveLength(ending === "withdrawn" ? 0 : 1)
    // An upload that ended by itself is not ended again.
    if (wasUploading && job.upload !== undefined)
      expect(job.upload.ends.length).toBeLessThanOrEqual(1)
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
    this.board = makeJobBoard({ clock: this.clock, hostOf, limits })
    for (const { host, id, epoch } of old)
      expect(this.board.jobOf({ host, jobId: id ?? "", attempt: 0, epoch })).toBe("unknown")
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
    expect(this.board.totals()).toMatchObject({ polls: 0, waiting: 0, open: 0 })
    for (const job of this.jobs) {
      expect(job.phase).toBe("over")
      expect(job.heard.filter((one) => one !== "chunk")).toHaveLength(job.isDeaf ? 0 : 1)
    }
  }
}

describe("every job of the board", () => {
  it("ends exactly once, in whatever order things happen", () => {
    const step = fc.tuple(fc.constantFrom(...operations), fc.nat({ max: 30 }), fc.nat({ max: 40 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
        const model = new Model()
        for (const [operation, a, b] of steps) model.run(operation, a, b)
        model.settle()
      }),
    )
  })
})

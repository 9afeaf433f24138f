import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { DeliveryEnd } from "../../../../live/protocol/delivery.ts"
import type { Claim, Handout, Submission, Upload } from "../../../../live/hosts/jobs/claim.ts"
import { makeJobBoard } from "../../../../live/hosts/jobs/job-board.ts"
import { makeUploadWays } from "../../../../live/directory/upload-ways.ts"
import { manualClock } from "../../support/manual-clock.ts"
import { feedOf, hostOf, jobFor, limits, Model, operations } from "./board-model.ts"

const open = () => {
  const clock = manualClock()
  const uploads = makeUploadWays()
  const board = makeJobBoard({ clock, hostOf, uploads, limits })
  const deliver = (instance: number, attempt = 0) => {
    const heard: Array<string | DeliveryEnd> = []
    const signs: Array<number> = []
    const delivery = board.deliver(jobFor(instance, attempt), {
      chunk: (chunk) => void heard.push(String(chunk["text"])),
      alive: () => void signs.push(clock.nowMicros()),
      end: (end) => void heard.push(end),
    })
    expect(heard).toEqual([])
    return { heard, signs, delivery }
  }
  const poll = (
    host: number,
    waitMicros = 0,
    mayTake?: () => boolean,
  ): Array<Handout | undefined> => {
    const got: Array<Handout | undefined> = []
    board.poll(host, waitMicros, (handout) => void got.push(handout), mayTake)
    return got
  }
  const complete = (claim: Claim): Array<Submission> => {
    const got: Array<Submission> = []
    board.complete(claim, { outcome: "completed" }, undefined, (one) => void got.push(one))
    return got
  }
  return { clock, board, uploads, deliver, poll, complete }
}

const noUpload: Upload = { end: () => {}, hold: () => {}, release: () => {} }

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

  it("passes signs of life on, of whatever kind and in whatever phase", () => {
    const { clock, board, deliver, poll } = open()
    const { heard, signs } = deliver(10)
    const other = deliver(11)
    const [claim] = poll(1)
    poll(1)
    if (claim === undefined) throw new Error("no job")
    const phases = () => board.heardOf(1, [claim.jobId]).map(({ phase, chunks }) => [phase, chunks])
    clock.pass(1)
    expect(phases()[0]).toEqual(["handed", 0])
    const feed = feedOf(board.openUpload(claim, noUpload))
    clock.pass(1)
    feed.alive()
    feed.chunk({ text: "a" })
    clock.pass(1)
    expect(phases()[0]).toEqual(["uploading", 1])
    feed.finished()
    clock.pass(1)
    feed.alive()
    expect(phases()[0]).toEqual(["uploaded", 1])
    expect(signs).toEqual([1, 2, 3, 4])
    expect(other.signs).toEqual([])
    expect(heard).toEqual(["a"])
  })

  it("hands a job to those who may take it, and to the others when they may", () => {
    const { board, deliver, poll } = open()
    let mayTake = false
    const aside = poll(1, 1_000_000, () => mayTake)
    const first = deliver(10)
    expect([aside, board.totals().waiting]).toEqual([[], 1])
    expect(poll(1)).toMatchObject([{ attempt: 0 }])
    deliver(10, 1)
    mayTake = true
    board.offerAgain(1)
    expect(aside).toMatchObject([{ attempt: 1 }])
    expect(first.heard).toEqual([])
    mayTake = false
    deliver(10, 2)
    expect(poll(1, 0, () => mayTake)).toEqual([undefined])
    expect(poll(1)).toMatchObject([{ attempt: 2 }])
  })

  it("does not blame a host for silence that something between makes", () => {
    const { clock, board, uploads, deliver, poll } = open()
    const held = deliver(10)
    const [claim] = poll(1)
    clock.pass(limits.leaseMicros)
    expect(held.heard).toMatchObject([{ outcome: "connectFailed" }])
    // Its upload comes when all of it is there: now it is known what has kept it.
    expect(board.openUpload(claim!, noUpload)).toBe("lost")
    expect(uploads.of(1)).toBe("heldBack")
    const again = deliver(10)
    poll(1)
    clock.pass(limits.leaseMicros)
    expect(again.heard).toMatchObject([
      { outcome: "firstTokenTimeout", detail: expect.stringContaining("docs/proxies.md") },
    ])
  })

  it("knows a host whose uploads come in one go from one whose tokens flow", () => {
    const { clock, board, uploads, deliver, poll } = open()
    const serve = (waitMicros: number, tokenMicros: number): void => {
      deliver(10)
      const [claim] = poll(1)
      clock.pass(waitMicros)
      const feed = feedOf(board.openUpload(claim!, noUpload))
      for (let token = 0; token < 20; token++) {
        clock.pass(tokenMicros)
        feed.chunk({ text: "a" })
      }
      feed.finished()
      board.complete(claim!, { outcome: "completed" }, undefined, () => {})
    }
    serve(10, 10)
    expect(uploads.of(1)).toBe("unknown")
    serve(6_000_000, 100)
    expect(uploads.of(1)).toBe("heldBack")
    serve(10, 100_000)
    expect(uploads.of(1)).toBe("flowing")
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

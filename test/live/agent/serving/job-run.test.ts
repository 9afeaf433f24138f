import { Effect } from "effect"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { Backend, Chunk } from "../../../../live/agent/backends/backend.ts"
import type { GatewayLink, Upload } from "../../../../live/agent/serving/gateway-link.ts"
import { makeProgress, runJob } from "../../../../live/agent/serving/job-run.ts"

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] }))
afterEach(() => void vi.useRealTimers())

const second = 1000

/** A job whose backend gives a chunk, and whose upload takes one, when the test says so. */
const startJob = () => {
  let signs = 0
  let give = (_step: IteratorResult<Chunk>): void => {}
  let take: (() => void) | undefined
  const upload: Upload = {
    answered: new Promise(() => {}),
    sentSinceMillis: () => undefined,
    sign: () => {
      signs++
    },
    write: () =>
      new Promise((resolve) => {
        take = resolve
      }),
    finish: async () => 200,
    abort: () => {},
  }
  const link = { upload: () => upload, complete: async () => {} } as unknown as GatewayLink
  const chunks: AsyncIterable<Chunk> = {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        new Promise((resolve) => {
          give = resolve
        }),
    }),
  }
  const backend = { generate: () => chunks } as unknown as Backend
  const job = { job_id: "j", attempt: 0, epoch: 0, kind: "chat", body: {} } as const
  const progress = makeProgress()
  const { signal } = new AbortController()
  const report = Effect.runPromise(runJob(link, backend, job, signal, progress))
  const signsIn = async (seconds: number): Promise<number> => {
    const before = signs
    await vi.advanceTimersByTimeAsync(seconds * second)
    return signs - before
  }
  const settle = () => vi.advanceTimersByTimeAsync(0)
  return {
    progress,
    report,
    signsIn,
    comes: async (chunk: Chunk) => {
      give({ done: false, value: chunk })
      await settle()
    },
    taken: async () => {
      take?.()
      await settle()
    },
    ends: () => give({ done: true, value: undefined }),
  }
}

test("a backend that shows nothing is taken to work for a minute, and no longer", async () => {
  const { progress, signsIn } = startJob()
  expect(await signsIn(17)).toBeGreaterThanOrEqual(16)
  expect(progress.isAlive()).toBe(true)
  expect(await signsIn(42)).toBeGreaterThanOrEqual(41)
  await signsIn(2)
  expect(progress.isAlive()).toBe(false)
  expect(await signsIn(300)).toBe(0)
})

test("each sign of a backend's own, a comment too, is worth another minute", async () => {
  const { progress, signsIn, comes, taken } = startJob()
  for (let round = 0; round < 10; round++) {
    await signsIn(50)
    expect(progress.isAlive()).toBe(true)
    await comes({ choices: [] })
    await taken()
  }
  await signsIn(61)
  expect(progress.isAlive()).toBe(false)
})

test("a consumer that reads slowly is not the backend's silence", async () => {
  const { progress, report, signsIn, comes, taken, ends } = startJob()
  await comes({ choices: [{ index: 0, delta: { content: "x" }, finish_reason: "stop" }] })
  await signsIn(200)
  expect(progress.isAlive()).toBe(true)
  await taken()
  await signsIn(59)
  expect(progress.isAlive()).toBe(true)
  ends()
  expect(await report).toMatchObject({ end: "completed", pieces: 1 })
})

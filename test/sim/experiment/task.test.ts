/** A replication as a task: its seed, its progress, its result, and being stopped. */
import { Chunk, Effect, Fiber, Stream } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { surveyTrace } from "../../../sim/demand/trace/read-trace.ts"
import type { Finished } from "../../../sim/recording/replicated.ts"
import type { ReplicationNews, ReplicationTask } from "../../../sim/experiment/task.ts"
import { runTask } from "../../../sim/experiment/task.ts"
import { openReplication, runToEnd, scenarioWith, modelCalled } from "../driver/small-world.ts"

const scenario = scenarioWith({ horizonDays: 0.2, fleet: { nodes: 10 } })
const task = (settings: Partial<ReplicationTask> = {}): ReplicationTask => ({
  index: 3,
  scenario,
  trace: undefined,
  seed: "market",
  isChecked: false,
  ...settings,
})
const newsOf = async (settings: Partial<ReplicationTask> = {}) =>
  Chunk.toReadonlyArray(await Effect.runPromise(Stream.runCollect(runTask(task(settings)))))
const doneIn = (news: ReadonlyArray<ReplicationNews>): ReadonlyArray<Finished> =>
  news.filter((one): one is Finished => one._tag === "Done")

let folder = ""
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "evenkeel-task-"))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What of a task says that these rows are replayed. */
const replayOf = async (rows: ReadonlyArray<string>, seconds: number) => {
  const path = join(folder, `${rows.length}.csv`)
  writeFileSync(path, ["Timestamp,Request tokens,Response tokens", ...rows].join("\n"))
  const settings = { path, timeUnit: null, fromSeconds: 0, untilSeconds: null }
  const trace = await Effect.runPromise(surveyTrace(settings))
  const replay = { ...settings, share: 1, speed: 1, jitterSeconds: 0 }
  // Of no known worth, so that each request is made.
  const recorded = scenarioWith({ models: [modelCalled("llama-3-8b")], demand: { trace: replay } })
  return { scenario: { ...recorded, horizonDays: seconds / 86_400 }, trace }
}

describe("a task", () => {
  it("runs the replication whose seed is the run's and its own number", async () => {
    const [done] = doneIn(await newsOf())
    const alone = runToEnd(openReplication(scenario, { seed: "market#3", isChecked: false }))
    expect(done.result).toEqual(alone)
    expect(done.index).toBe(3)
    expect(done.wallSeconds).toBeGreaterThan(0)
    expect(doneIn(await newsOf({ index: 4 }))[0].result.digest).not.toBe(alone.digest)
  })

  it("says how far it has come every 20,000 events, and ends with the result", async () => {
    const news = await newsOf()
    expect(news.map(({ _tag }) => _tag)).toEqual([
      ...Array<string>(news.length - 1).fill("Progress"),
      "Done",
    ])
    expect(news.length - 1).toBe(Math.floor(doneIn(news)[0].result.events / 20_000))
    const shares = news.flatMap((one) => (one._tag === "Progress" ? [one.share] : []))
    expect(shares.length).toBeGreaterThan(1)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(Math.min(...shares)).toBeGreaterThan(0)
    expect(Math.max(...shares)).toBeLessThanOrEqual(1)
  })

  it("starts afresh whenever it is run", async () => {
    const stream = runTask(task())
    const twice = Stream.runCollect(Stream.concat(stream, stream))
    const [first, second] = doneIn(Chunk.toReadonlyArray(await Effect.runPromise(twice)))
    expect(second.result.digest).toBe(first.result.digest)
  })

  it("stops after the batch under way when it is interrupted", async () => {
    const endless = scenarioWith({ horizonDays: 3000, fleet: { nodes: 10 } })
    const seen: Array<ReplicationNews> = []
    const stopped = Effect.gen(function* () {
      const run = Stream.runForEach(runTask(task({ scenario: endless })), (news) =>
        Effect.sync(() => void seen.push(news)),
      )
      const fiber = yield* Effect.fork(run)
      while (seen.length < 2) yield* Effect.sleep(1)
      const before = seen.length
      yield* Fiber.interrupt(fiber)
      return seen.length - before
    })
    // At most the batch under way is still told of.
    expect(await Effect.runPromise(stopped)).toBeLessThanOrEqual(1)
    expect(seen.every(({ _tag }) => _tag === "Progress")).toBe(true)
  })

  it("replays a trace, request by request", async () => {
    const recorded = replayOf(["0,374,44", "61,396,109", "599,879,0"], 600)
    const [{ result }] = doneIn(await newsOf(await recorded))
    expect(result.requests).toBe(3)
    const { sums } = result.recording
    expect([...sums.arrived]).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0])
    const total = (channel: "inputTokens" | "outputTokens") =>
      sums[channel].reduce((sum, one) => sum + one, 0)
    expect(total("inputTokens")).toBe(374 + 396 + 879)
    // A request for nothing at all is taken for one of a single token.
    expect(total("outputTokens")).toBe(44 + 109 + 1)
  })

  it("replays a trace of many pieces and batches to its end", async () => {
    const rows = Array.from({ length: 60_000 }, (_, at) => `${at * 0.01},10,1`)
    const [{ result }] = doneIn(await newsOf(await replayOf(rows, 601)))
    expect(result.requests).toBe(60_000)
  })

  it("stops where its trace has changed since it was surveyed", async () => {
    const changed = await replayOf(["0,374,44"], 600)
    writeFileSync(changed.trace.path, "")
    const failure = await Effect.runPromise(Effect.flip(Stream.runDrain(runTask(task(changed)))))
    expect(failure).toMatchObject({ _tag: "Stopped" })
    expect(failure.message).toContain("a file that has changed since the run began")
  })

  it("checks along the way only where it was asked to", async () => {
    const [plain] = doneIn(await newsOf())
    const [checked] = doneIn(await newsOf({ isChecked: true }))
    expect(Object.keys(plain.result.checks)).not.toContain("hourly")
    expect(checked.result.checks["hourly"].ok).toBe(true)
  })
})
